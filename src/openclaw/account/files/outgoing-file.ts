// Owns reading a file that the agent sends: from where it may, of what size and type the account and the server take.

import { resolveOutboundSendDep } from "openclaw/plugin-sdk/channel-outbound";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import { FileRefusedError, ProtocolError } from "../../../errors.ts";
import { showName } from "../../../facts/attachment.ts";
import { refuseFile, safeFileName } from "../../../facts/file-rules.ts";
import type { RoomFacts } from "../../../facts/room.ts";
import { createNotebook, type Notebook, sendFile } from "../../../outbound/send-file.ts";
import type { Content } from "../../../rest/multipart.ts";
import { isPassingStatus } from "../../../retry.ts";
import type { AccountSettings } from "../../../settings.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { divisions } from "../memory/divisions.ts";
import type { AccountSending } from "../sending.ts";
import { refreshServerFacts, serverFacts } from "../server-facts.ts";
import { openStaged, type StagedFile } from "./staged-file.ts";

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
  /** OpenClaw has read and judged it with this access before, to keep it in its queue (`stageQueuePayloadMedia`). */
  readonly wasRead?: boolean;
  readonly room: Pick<RoomFacts, "id" | "type">;
  /** In place of the file's own. */
  readonly name?: string | undefined;
}

/** A file that was opened. It must be closed. */
export interface ReadyFile {
  readonly name: string;
  readonly bytes: Content;
  close(): Promise<void>;
}

/** What a file is judged by. */
export interface FileFacts {
  readonly name: string;
  readonly bytes: Pick<Content, "size" | "type">;
}

interface Account {
  readonly settings: AccountSettings;
  readonly sending: AccountSending;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Reads a file through OpenClaw, which keeps to the directories that the agent may read and to public addresses.
 * Rejects with FileRefusedError when it may not be read, or when it would not be taken.
 */
export async function readOutgoing(account: Account, file: OutgoingFile): Promise<ReadyFile> {
  const ready = await openOutgoing(account.settings, file);
  try {
    await assertTaken(account, file.room, ready);
    return ready;
  } catch (error) {
    await ready.close();
    throw error;
  }
}

/** A file before it is known where it goes. */
type Source = Omit<OutgoingFile, "room">;

async function openOutgoing(settings: AccountSettings, file: Source): Promise<ReadyFile> {
  const { content, name, close } =
    (await openStaged(file.source, reachOf(file))) ?? (await load(settings, file));
  return { name: safeFileName(file.name ?? name, "file"), bytes: content, close };
}

/** Rejects with FileRefusedError when the account or the server would not take the file there, as far as that can be known. */
export async function assertTaken(
  { settings, sending }: Account,
  room: OutgoingFile["room"],
  { name, bytes: { size, type } }: FileFacts,
): Promise<void> {
  const { files } = await serverFacts(settings.accountId, sending.rest);
  const isLarge = size > settings.mediaMaxMb * MEBIBYTE;
  const reason = isLarge
    ? tooLarge(settings.mediaMaxMb)
    : refuseFile(files, { name, type, size, isDirect: room.type === "d" });
  if (reason !== undefined) throw new FileRefusedError({ file: showName(name), reason });
}

function reachOf({ access: { mediaAccess, mediaLocalRoots, mediaReadFile }, wasRead = false }: Source) {
  const localRoots = mediaAccess?.localRoots ?? mediaLocalRoots ?? [];
  const judgesContent = !wasRead && (mediaAccess?.readFile ?? mediaReadFile) !== undefined;
  return { localRoots: localRoots === "any" ? [] : localRoots, judgesContent };
}

const tooLarge = (mediaMaxMb: number): string => `it is larger than ${mediaMaxMb} MB (mediaMaxMb)`;

/** Reads a file as a whole, as OpenClaw does it. */
async function load(settings: AccountSettings, file: Source): Promise<StagedFile> {
  const { buffer, contentType: type = "", fileName = "" } = await loadBytes(settings, file);
  async function* stream() {
    for (let at = 0; at < buffer.length; at += MEBIBYTE) yield buffer.subarray(at, at + MEBIBYTE);
  }
  return { name: fileName, content: { size: buffer.length, type, stream }, close: async () => {} };
}

async function loadBytes({ mediaMaxMb }: AccountSettings, { source, access, name }: Source) {
  const [{ loadWebMediaRaw }, { buildOutboundMediaLoadOptions }] = await Promise.all([
    loadReaders(),
    loadOptions(),
  ]);
  const maxBytes = mediaMaxMb * MEBIBYTE;
  try {
    const options = buildOutboundMediaLoadOptions({ ...access, maxBytes, optimizeImages: false });
    return await loadWebMediaRaw(source, options);
  } catch (cause) {
    const fault = isAddress(source) ? judgeFetch(cause) : judgeRead(cause);
    throw new FileRefusedError({
      file: showName(name ?? safeFileName(source.split(/[?#]/, 1)[0] ?? "", "The file")),
      reason: fault === "too-large" ? tooLarge(mediaMaxMb) : "it cannot be read here",
      passing: fault === "passing",
      cause,
    });
  }
}

type Fault = "too-large" | "passing" | "unreadable";

/** OpenClaw says of a file of this machine that is too large only in words that it is. */
function judgeRead(cause: unknown): Fault {
  const message = cause instanceof Error ? cause.message : "";
  return /limit|maxBytes|too large/i.test(message) ? "too-large" : "unreadable";
}

/** Of an address: OpenClaw's `MediaFetchError` says what failed, and its words hold what others wrote. */
export function judgeFetch(error: unknown): Fault {
  if (!(error instanceof Error) || !("code" in error)) return "unreadable";
  if (error.code === "max_bytes") return "too-large";
  // An address that must not be asked.
  if (error.cause instanceof Error && /^SsrF/.test(error.cause.name)) return "unreadable";
  if (error.code === "fetch_failed") return "passing";
  // Without a status, what broke off is the answer.
  const status = "status" in error && typeof error.status === "number" ? error.status : undefined;
  const isPassing = status === undefined || isPassingStatus(status);
  return error.code === "http_error" && isPassing ? "passing" : "unreadable";
}

const isAddress = (source: string): boolean => /^https?:/i.test(source);

/** What is said in the room of a file that is refused. */
export const tellPerson = ({ message }: FileRefusedError): string => `(${message}.)`;

/** What a turn hands to the first attempt at the delivery of its reply with files. */
export class TurnDelivery {
  /** A stop; what is not posted by then is not posted. */
  readonly signal: AbortSignal | undefined;
  /** Tells the agent of a file that is refused, and answers a sentence for the person. */
  readonly refuse: (error: FileRefusedError) => string;

  constructor({ signal, refuse }: Pick<TurnDelivery, "signal" | "refuse">) {
    this.signal = signal;
    this.refuse = refuse;
  }
}

/** What a turn has handed on with a delivery; undefined for what else is sent, and at later attempts. */
export function turnOf(deps: Readonly<Record<string, unknown>> | undefined): TurnDelivery | undefined {
  const turn = resolveOutboundSendDep<unknown>(deps, CHANNEL_ID);
  return turn instanceof TurnDelivery ? turn : undefined;
}

export interface FileToSend extends OutgoingFile {
  /** Names the delivery of this file over attempts and processes; undefined: nobody will repeat it. */
  readonly deliveryId: string | undefined;
  readonly text: string;
  readonly threadId: string | undefined;
  readonly beforePosting?: (() => Promise<void>) | undefined;
  /** Opened before, where it was; it is closed here. */
  readonly ready?: ReadyFile | undefined;
}

const nameOf = (deliveryId: string): string => `${deliveryId} name`;

/**
 * Writes down under which name every attempt at a delivery sends its file; that of an address is learned when it is read.
 * Answers the file where it was opened for that. Rejects with FileRefusedError when it cannot be read.
 */
export async function noteName(
  { settings }: Pick<Account, "settings">,
  deliveryId: string,
  file: Source,
): Promise<ReadyFile | undefined> {
  let ready: ReadyFile | undefined;
  if (isAddress(file.source)) return ready;
  try {
    await divisions().once(nameOf(deliveryId), async () => {
      ready = await openOutgoing(settings, file);
      return [ready.name];
    });
    return ready;
  } catch (error) {
    await ready?.close();
    throw error;
  }
}

/** To be called when all of a delivery stands in the room. */
export function noteFileSent(deliveryId: string): void {
  for (const key of [deliveryId, nameOf(deliveryId)]) divisions().noteSent(key);
}

/** Posts a file once, with its words, and answers with the message's id. Rejects with FileRefusedError, or as `sendFile` does. */
export async function sendOutgoing(account: Account, file: FileToSend): Promise<string> {
  let ready = file.ready;
  try {
    return await post(account, file, async () => {
      ready ??= await openOutgoing(account.settings, file);
      await assertTaken(account, file.room, ready);
      return ready;
    });
  } finally {
    await ready?.close();
  }
}

async function post(
  { settings, sending }: Account,
  { deliveryId, beforePosting, room, text, threadId }: FileToSend,
  read: () => Promise<ReadyFile>,
): Promise<string> {
  const { uploadsInSteps } = await serverFacts(settings.accountId, sending.rest);
  const notebook: Notebook = deliveryId === undefined ? createNotebook() : divisions();
  const id = deliveryId ?? "file";
  const [name = ""] = await notebook.once(nameOf(id), async () => [(await read()).name]);
  const send = (inSteps: boolean) =>
    sendFile(
      { ...sending, notebook, ...(beforePosting && { beforePosting }) },
      {
        id,
        room,
        userId: settings.userId,
        inSteps,
        name,
        read: async () => (await read()).bytes,
        text,
        threadId,
      },
    );
  try {
    return await send(uploadsInSteps);
  } catch (error) {
    // An older server, whose version is not known yet: it has no `rooms.media`.
    if (!(error instanceof ProtocolError) || error.reason !== "unsupported-version") throw error;
    await refreshServerFacts(settings.accountId, sending.rest);
    return send(false);
  }
}
