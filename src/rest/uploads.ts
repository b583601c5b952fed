// Owns the endpoints that put a file into a room.

import { ProtocolError } from "../errors.ts";
import { type JsonObject, readObject, readText } from "../facts/json.ts";
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
 * before, the server answers 405 (recording `upload-refused`). Rejects with RestError when it refuses the file.
 */
export async function uploadFile(rest: FileClient, upload: Upload): Promise<string> {
  const answer = await rest.postForm(`v1/rooms.media/${encodeURIComponent(upload.roomId)}`, formOf(upload));
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

/** `POST /api/v1/rooms.upload/:rid`, which 6.5 has alone: bytes and message in one; answers the message's id. */
export async function uploadAtOnce(rest: FileClient, upload: Upload, note: UploadNote): Promise<string> {
  const path = `v1/rooms.upload/${encodeURIComponent(upload.roomId)}`;
  return messageIn(await rest.postForm(path, formOf(upload, note)));
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
