// Owns reading a file that the agent sends: from where it may, of what size and type the account and the server take.

import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import { FileRefusedError } from "../../errors.ts";
import { showName } from "../../facts/attachment.ts";
import { refuseFile, safeFileName } from "../../facts/file-rules.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { createNotebook, type Notebook, sendFile } from "../../outbound/send-file.ts";
import type { AccountSettings } from "../../settings.ts";
import { divisions } from "./memory/divisions.ts";
import type { AccountSending } from "./sending.ts";
import { serverFacts } from "./server-facts.ts";

/** OpenClaw's readers of files are large, and most accounts send none. */
const loadReaders = createLazyRuntimeModule(() => import("openclaw/plugin-sdk/web-media"));
const loadOptions = createLazyRuntimeModule(() => import("openclaw/plugin-sdk/media-runtime"));

type LoadOptions = NonNullable<
  Parameters<typeof import("openclaw/plugin-sdk/media-runtime")["buildOutboundMediaLoadOptions"]>[0]
>;

/** What OpenClaw lets a sender read. */
export type MediaAccess = Pick<LoadOptions, "mediaAccess" | "mediaLocalRoots" | "mediaReadFile">;

export interface OutgoingFile {
  /** An address, or a path of this machine. */
  readonly source: string;
  readonly access: MediaAccess;
  readonly room: Pick<RoomFacts, "id" | "type">;
  /** In place of the file's own. */
  readonly name?: string | undefined;
}

/** A file that the server will take as far as that can be known. */
export interface ReadyFile {
  readonly name: string;
  readonly bytes: Blob;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Reads a file through OpenClaw, which keeps to the directories that the agent may read and to public addresses.
 * Rejects with FileRefusedError when it may not be read, or when it would not be taken.
 */
export async function readOutgoing(
  { settings, sending }: { readonly settings: AccountSettings; readonly sending: AccountSending },
  file: OutgoingFile,
): Promise<ReadyFile> {
  const loaded = await load(settings, file);
  const name = safeFileName(file.name ?? loaded.fileName ?? "", "file");
  const { files } = await serverFacts(settings.accountId, sending.rest);
  const { contentType: type } = loaded;
  const isDirect = file.room.type === "d";
  const reason = refuseFile(files, { name, type, size: loaded.buffer.byteLength, isDirect });
  if (reason !== undefined) throw new FileRefusedError({ file: showName(name), reason });
  return { name, bytes: new Blob([viewOf(loaded.buffer)], type === undefined ? {} : { type }) };
}

/** The same bytes, not copied where that can be helped: a Blob takes none that other threads may share. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}

async function load({ mediaMaxMb }: AccountSettings, { source, access, name }: OutgoingFile) {
  const [{ loadWebMediaRaw }, { buildOutboundMediaLoadOptions }] = await Promise.all([
    loadReaders(),
    loadOptions(),
  ]);
  const maxBytes = mediaMaxMb * MEBIBYTE;
  try {
    const options = buildOutboundMediaLoadOptions({ ...access, maxBytes, optimizeImages: false });
    return await loadWebMediaRaw(source, options);
  } catch (cause) {
    throw new FileRefusedError({
      file: showName(name ?? safeFileName(source.split(/[?#]/, 1)[0] ?? "", "The file")),
      reason: explain(cause, mediaMaxMb),
      cause,
    });
  }
}

/** OpenClaw says of a file that is too large only in words that it is. */
function explain(cause: unknown, mediaMaxMb: number): string {
  const message = cause instanceof Error ? cause.message : "";
  if (/limit|maxBytes|too large/i.test(message)) return `it is larger than ${mediaMaxMb} MB (mediaMaxMb)`;
  return "it cannot be read here";
}

export interface FileToSend extends OutgoingFile {
  /** Names the delivery of this file over attempts and processes; undefined: nobody will repeat it. */
  readonly deliveryId: string | undefined;
  readonly text: string;
  readonly threadId: string | undefined;
  readonly beforePosting?: (() => Promise<void>) | undefined;
  /** Read before, where it was. */
  readonly ready?: ReadyFile | undefined;
}

const nameOf = (deliveryId: string): string => `${deliveryId} name`;

/** Writes down under which name every attempt at a delivery sends its file. Rejects with FileRefusedError. */
export async function noteName(
  account: { readonly settings: AccountSettings; readonly sending: AccountSending },
  deliveryId: string,
  file: OutgoingFile,
): Promise<void> {
  await divisions().once(nameOf(deliveryId), async () => [(await readOutgoing(account, file)).name]);
}

/** Posts a file once, with its words, and answers with the message's id. Rejects with FileRefusedError, or as `sendFile` does. */
export async function sendOutgoing(
  account: { readonly settings: AccountSettings; readonly sending: AccountSending },
  file: FileToSend,
): Promise<string> {
  const { settings, sending } = account;
  const { deliveryId, beforePosting, room, text, threadId } = file;
  const { uploadsInSteps } = await serverFacts(settings.accountId, sending.rest);
  let ready = file.ready;
  const read = async () => {
    ready ??= await readOutgoing(account, file);
    return ready;
  };
  const notebook: Notebook = deliveryId === undefined ? createNotebook() : divisions();
  const id = deliveryId ?? "file";
  const [name = ""] = await notebook.once(nameOf(id), async () => [(await read()).name]);
  const messageId = await sendFile(
    { ...sending, notebook, ...(beforePosting && { beforePosting }) },
    {
      id,
      room,
      userId: settings.userId,
      inSteps: uploadsInSteps,
      name,
      read: async () => (await read()).bytes,
      text,
      threadId,
    },
  );
  if (deliveryId !== undefined) for (const key of [id, nameOf(id)]) divisions().noteSent(key);
  return messageId;
}
