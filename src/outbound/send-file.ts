// Owns posting files: each once, whatever becomes of the answers and of the process in between.

import { RestError } from "../errors.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { AccountClient, CallOptions } from "../rest/client.ts";
import { fetchHistory } from "../rest/history.ts";
import type { Content } from "../rest/multipart.ts";
import {
  confirmFile,
  judgeUpload,
  type Upload,
  type UploadNote,
  uploadAtOnce,
  uploadFile,
} from "../rest/uploads.ts";
import { waitOnClock, withPatience } from "./patience.ts";
import { provesNothing, type Sending } from "./send.ts";

/** What is written down of a delivery before its effect can be seen, in every process that may go on with it. */
export interface Notebook {
  /** The words that were written under a key, else those that `make` gives, which are written down first. */
  once(key: string, make: () => Promise<readonly string[]>): Promise<readonly string[]>;
  forget(key: string): void;
}

export interface FileDelivery extends UploadNote {
  /** Names the delivery; equal ids are one delivery. */
  readonly id: string;
  readonly room: Pick<RoomFacts, "id" | "type">;
  /** The bot user, whose messages are looked for. */
  readonly userId: string;
  /** 7.x and later: bytes first, message second. */
  readonly inSteps: boolean;
  /** The name under which it is sent. */
  readonly name: string;
  /** Reads the bytes; not asked when the file is on the server already. */
  readonly read: () => Promise<Content>;
}

export interface FileSending extends Sending {
  readonly rest: AccountClient;
  readonly notebook: Notebook;
}

/** The clock by which messages are looked for may be told late, or be that of a proxy and ahead. Milliseconds. */
const CLOCK_MARGIN_MS = 60 * 60_000;

/** A server that was asked and not heard may still post the file. It is looked for after each of these. Milliseconds. */
const LATE_PAUSES_MS = [1000, 3000, 6000, 10_000];

/** So many messages that bear files are known to be those of their deliveries. */
const MAX_SENT = 2000;

/** A message that was posted is looked for among so many that followed. */
const MAX_FOLLOWERS = 2000;

/** A file that was never confirmed goes after a day (recording `upload-confirm-twice`: its `expiresAt`). */
const EXPIRED = "invalid-file";

/** Whoever asked may send no more, and says why. */
interface Barred {
  readonly reason: unknown;
}

/**
 * Posts a file with its words and answers with the message's id. An upload has no `_id` of ours, so the file's own is
 * what proves it: it is written down before the message can stand in the room, and looked for there before anything
 * is tried again. What passes by itself is waited out. Rejects when the message does not stand in the room, or when it
 * could not be learned whether it does.
 */
export async function sendFile(sending: FileSending, delivery: FileDelivery): Promise<string> {
  const messageId = await withPatience(sending, () => postOnce(sending, delivery));
  if (typeof messageId !== "string") throw messageId.reason;
  noteSent(messageId, { notebook: sending.notebook, id: delivery.id });
  sending.onPosted?.();
  return messageId;
}

async function postOnce(sending: FileSending, delivery: FileDelivery): Promise<string | Barred> {
  const { isFirst, mark } = await begin(sending, delivery);
  if (!isFirst) {
    const posted = await findPosted(sending, delivery, mark);
    if (posted !== undefined) return posted;
    // Written down when the server was a 6.5.
    if (delivery.inSteps && mark.fileId === "") return startAnew(sending, delivery);
  }
  try {
    await sending.beforePosting?.();
  } catch (reason) {
    return { reason };
  }
  const post = await prepare(sending, delivery, mark);
  try {
    return await post();
  } catch (error) {
    if (!isFirst && error instanceof RestError && error.serverCode === EXPIRED)
      return startAnew(sending, delivery);
    if (!provesNothing(error)) throw judgeUpload(error, delivery.name);
    const late = await awaitPosted(sending, delivery, mark);
    if (late.id !== undefined) return late.id;
    // Only what is known not to stand can have been refused.
    throw late.isKnown ? judgeUpload(error, delivery.name) : error;
  }
}

function startAnew(sending: FileSending, delivery: FileDelivery): Promise<string | Barred> {
  sending.notebook.forget(delivery.id);
  return postOnce(sending, delivery);
}

/** What the message is looked for by. */
interface Mark {
  /** Empty where a 6.5 was sent to: it names a file with its message only. */
  readonly fileId: string;
  readonly since: number;
}

/** Brings the bytes up where that is a step of its own, and writes down what proves the message. */
async function begin({ rest, notebook }: FileSending, delivery: FileDelivery) {
  let isFirst = false;
  const [fileId = "", since = "0"] = await notebook.once(delivery.id, async () => {
    isFirst = true;
    const uploaded = delivery.inSteps ? await uploadFile(rest, await readUpload(delivery)) : "";
    return [uploaded, String((rest.serverNow() ?? Date.now()) - CLOCK_MARGIN_MS)];
  });
  const mark: Mark = { fileId, since: Number(since) };
  return { isFirst, mark };
}

async function readUpload({ room, name, read }: FileDelivery): Promise<Upload> {
  return { roomId: room.id, name, bytes: await read() };
}

/** Reads what is to be sent yet; what it answers with makes the message. */
async function prepare(
  { rest }: FileSending,
  delivery: FileDelivery,
  { fileId }: Mark,
): Promise<() => Promise<string>> {
  const { room, inSteps, text, threadId } = delivery;
  const note = { text, threadId };
  if (inSteps) return () => confirmFile(rest, { roomId: room.id, fileId }, note);
  const upload = await readUpload(delivery);
  return () => uploadAtOnce(rest, upload, note);
}

/** What the looks for a message found; `isKnown`: the last of them could be made. */
interface Looked {
  readonly id?: string | undefined;
  readonly isKnown: boolean;
}

/** Looks for a message that a server may yet post, for as long as anybody waits. Never rejects. */
async function awaitPosted(sending: FileSending, delivery: FileDelivery, mark: Mark): Promise<Looked> {
  const { patience, wait = waitOnClock } = sending;
  let looked: Looked = { isKnown: false };
  if (patience === undefined) return looked;
  for (const pause of LATE_PAUSES_MS) {
    await wait(pause, patience).catch(() => {});
    if (patience.aborted) return { isKnown: false };
    const call = { signal: patience, patienceMs: pause };
    looked = await findPosted(sending, delivery, mark, call).then(
      (id) => ({ id, isKnown: true }),
      () => ({ isKnown: false }),
    );
    if (looked.id !== undefined) return looked;
  }
  return looked;
}

/**
 * The message of an earlier attempt: it bears the file's id; where there is none (6.5), its name and words, and is not
 * known to be another delivery's.
 */
async function findPosted(
  { rest, notebook }: FileSending,
  { id, room, userId, name, text }: FileDelivery,
  { fileId, since }: Mark,
  call: CallOptions = {},
): Promise<string | undefined> {
  const { messages } = await fetchHistory(rest, room, { since, max: MAX_FOLLOWERS }, call);
  const isLike = (message: MessageFacts) =>
    message.text === text &&
    message.files.some((claimed) => claimed.name === name) &&
    !isAnothers(message.id, { notebook, id });
  return messages
    .flatMap((raw) => decodeMessage(raw) ?? [])
    .filter((message) => message.sender.id === userId)
    .find((message) =>
      fileId === "" ? isLike(message) : message.files.some((claimed) => claimed.id === fileId),
    )?.id;
}

/** A delivery in the eyes of its notebook: ids of what nobody repeats may be equal. */
interface Named {
  readonly notebook: Notebook;
  readonly id: string;
}

/** Whose the latest messages with files are, in this process. */
const sent = new Map<string, Named>();

function noteSent(messageId: string, delivery: Named): void {
  sent.set(messageId, delivery);
  const [oldest] = sent.keys();
  if (sent.size > MAX_SENT && oldest !== undefined) sent.delete(oldest);
}

function isAnothers(messageId: string, { notebook, id }: Named): boolean {
  const known = sent.get(messageId);
  return known !== undefined && (known.notebook !== notebook || known.id !== id);
}

/** A notebook for what no other process will go on with. */
export function createNotebook(): Notebook {
  const notes = new Map<string, readonly string[]>();
  return {
    async once(key, make) {
      const words = notes.get(key) ?? (await make());
      notes.set(key, words);
      return words;
    },
    forget: (key) => void notes.delete(key),
  };
}
