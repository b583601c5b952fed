// Owns the endpoints that put a file into a room.

import { FileRefusedError, ProtocolError, RestError } from "../errors.ts";
import { showName } from "../facts/attachment.ts";
import { type JsonObject, readObject, readText } from "../facts/json.ts";
import { adviseRetry, isPassingStatus, statusOf } from "../retry.ts";
import { isForbidden, isTooLong } from "./answer.ts";
import type { FileClient, RestClient } from "./client.ts";
import { type Content, multipart } from "./multipart.ts";

/** What goes up. */
export interface Upload {
  readonly roomId: string;
  /** On one line, without slashes and quotes. */
  readonly name: string;
  readonly bytes: Content;
}

/** What is written with a file. */
export interface UploadNote {
  readonly text: string;
  /** The thread's root message; one that does not exist is taken and shows the message nowhere. */
  readonly threadId: string | undefined;
}

/**
 * `POST /api/v1/rooms.media/:rid`: brings the bytes up and shows nobody anything; answers the file's id. From 7.x on;
 * before, the server answers 405 (recording `upload-refused`): rejects with ProtocolError `unsupported-version` then, and
 * with FileRefusedError when the server, or a proxy before it, does not take the file.
 */
export async function uploadFile(rest: FileClient, upload: Upload): Promise<string> {
  const path = `v1/rooms.media/${encodeURIComponent(upload.roomId)}`;
  const answer = await rest.postForm(path, formOf(upload)).catch((error: unknown) => {
    if (statusOf(error) === NO_SUCH_METHOD)
      throw new ProtocolError("Rocket.Chat has no rooms.media: it is older than 7", {
        reason: "unsupported-version",
        cause: error,
      });
    throw judgeUpload(error, upload.name);
  });
  const id = readText(readObject(answer, "file") ?? {}, "_id");
  if (id !== undefined) return id;
  throw new ProtocolError("v1/rooms.media did not name the file", { reason: "unreadable-answer" });
}

/**
 * `POST /api/v1/rooms.mediaConfirm/:rid/:fileId`: posts the message of an uploaded file; answers its id. Asked
 * twice it posts twice on 7.7 and 8.3, and answers with the first message (recording `upload-confirm-twice`). The
 * body must not hold a `null`.
 */
export async function confirmFile(
  rest: RestClient,
  file: { readonly roomId: string; readonly fileId: string },
  { text, threadId }: UploadNote,
): Promise<string> {
  const path = `v1/rooms.mediaConfirm/${encodeURIComponent(file.roomId)}/${encodeURIComponent(file.fileId)}`;
  return messageIn(await rest.post(path, { msg: text, ...(threadId !== undefined && { tmid: threadId }) }));
}

/**
 * `POST /api/v1/rooms.upload/:rid`, which 6.5 has alone: bytes and message in one; answers the message's id. What it rejects
 * with may leave open whether the message stands.
 */
export async function uploadAtOnce(rest: FileClient, upload: Upload, note: UploadNote): Promise<string> {
  const path = `v1/rooms.upload/${encodeURIComponent(upload.roomId)}`;
  return messageIn(await rest.postForm(path, formOf(upload, note)));
}

const NO_SUCH_METHOD = 405;

/** What a proxy says while the server behind it is away. */
const NOT_FOUND = 404;

/**
 * The error of a step, or that the file is refused for good: by the server, or by a proxy that takes no body of its size or
 * kind. To be asked when it is known that the message does not stand.
 */
export function judgeUpload(cause: unknown, name: string): unknown {
  const refuse = (reason: string) => new FileRefusedError({ file: showName(name), reason, cause });
  if (cause instanceof RestError) {
    const { serverCode } = cause;
    // Then the words are refused, and not the file.
    if (adviseRetry(cause).kind !== "blocked" || isTooLong(cause)) return cause;
    if (isForbidden(serverCode))
      return refuse("the bot user may not send files there, or lacks the permission");
    return refuse(`the server refuses it (${serverCode ?? cause.status})`);
  }
  const status = statusOf(cause);
  const isOver = status !== undefined && status >= 400 && status !== NOT_FOUND && !isPassingStatus(status);
  return isOver ? refuse(`a proxy in front of the server does not accept it (HTTP ${status})`) : cause;
}

function messageIn(answer: JsonObject): string {
  const message = readObject(answer, "message");
  const id = message && readText(message, "_id");
  if (id !== undefined) return id;
  throw new ProtocolError("The upload's answer did not name its message", { reason: "unreadable-answer" });
}

function formOf({ name, bytes }: Upload, note?: UploadNote): Content {
  const fields = note === undefined ? {} : { msg: note.text, tmid: note.threadId ?? "" };
  return multipart(fields, { field: "file", name, bytes });
}
