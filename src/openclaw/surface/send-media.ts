// Owns sending files on OpenClaw's behalf, the first with the beginning of their words.

import { randomUUID } from "node:crypto";
import { createMessageReceiptFromOutboundResults } from "openclaw/plugin-sdk/channel-outbound";
import { TargetError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { withPatience } from "../../outbound/patience.ts";
import { PartialDeliveryError, sendDelivery } from "../../outbound/send.ts";
import { fetchRoom } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import {
  assertTaken,
  type FileFacts,
  type MediaAccess,
  noteFileSent,
  noteName,
  type OutgoingFile,
  type ReadyFile,
  sendOutgoing,
  turnOf,
} from "../account/files/outgoing-file.ts";
import { divisions } from "../account/memory/divisions.ts";
import { notePosted } from "../account/memory/first-reply.ts";
import { makeRoom } from "../account/previews/standing.ts";
import { splitReply } from "../account/reply-text.ts";
import { type AccountSending, sendingFor, untilStopped } from "../account/sending.ts";
import { refreshServerFacts } from "../account/server-facts.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { failDelivery, listPosted, mayDivideAnew, noteDispatch, type SendRequest } from "./delivery.ts";
import { openRefusals, type Refusals, refusedOf, replyOf } from "./file-refusals.ts";
import { findDestination } from "./targets.ts";

export interface FilesRequest extends SendRequest, MediaAccess {
  /** Tells OpenClaw of a message that stands in the room. */
  readonly onDeliveryResult?: (posted: ReturnType<typeof listPosted>[number]) => Promise<void> | void;
}

export interface MediaRequest extends FilesRequest {
  readonly mediaUrl?: string;
  /** Which file of the queue entry it is. */
  readonly deliveryPartIndex?: number;
  /** In place of the file's own name. */
  readonly fileName?: string;
}

interface NumberedFile extends Pick<OutgoingFile, "source" | "name"> {
  /** Which file of the queue entry it is. */
  readonly index: number;
}

/** As `sendFiles`. */
export const sendMedia = ({ mediaUrl = "", deliveryPartIndex = 0, fileName, ...request }: MediaRequest) =>
  sendFiles(request, [{ source: mediaUrl, name: fileName, index: deliveryPartIndex }]);

/**
 * Posts files in order, the first with its words, and what of these does not fit after it. OpenClaw may call it again
 * with the same queue entry after a crash or an error; what was posted then is not posted twice. Needs no running
 * account.
 */
export async function sendFiles(request: FilesRequest, files: readonly NumberedFile[]) {
  const { cfg, accountId } = request;
  const settings = resolveAccount(cfg, accountId);
  const account = { settings, sending: untilStopped(sendingFor(settings), turnOf(request.deps)?.signal) };
  const attempt = () => post(account, request, files);
  const { roomId, threadId, messageIds } = await attempt()
    .catch(async (error: unknown) => {
      if (!mayDivideAnew(error)) throw error;
      forgetWords(request, files);
      await refreshServerFacts(settings.accountId, account.sending.rest);
      return attempt();
    })
    .catch(endStopped(request))
    .catch(failDelivery(request));
  const results = listPosted(roomId, messageIds);
  if (threadId !== undefined) notePosted({ accountId: settings.accountId, roomId, threadId });
  const receipt = createMessageReceiptFromOutboundResults({
    results,
    kind: "media",
    ...(threadId !== undefined && { threadId }),
  });
  return { channel: CHANNEL_ID, messageId: messageIds[0] ?? "", receipt };
}

interface Account {
  readonly settings: AccountSettings;
  readonly sending: AccountSending;
}

interface Posted {
  readonly roomId: string;
  readonly threadId: string | undefined;
  readonly messageIds: string[];
}

/** Names the delivery of a file over attempts and processes; undefined: nobody will repeat it. */
const queuedAs = ({ deliveryQueueId }: SendRequest, { index }: Pick<NumberedFile, "index">) =>
  deliveryQueueId && `${deliveryQueueId} file ${index}`;

function forgetWords(request: FilesRequest, files: readonly NumberedFile[]): void {
  const { deliveryQueueId } = request;
  if (deliveryQueueId === undefined) return;
  const places = files.map((file) => wordsOf(queuedAs(request, file) ?? ""));
  for (const key of [...places, filelessOf(deliveryQueueId)]) divisions().forget(key);
}

/** OpenClaw hands copies of the files to later attempts, which have other names: these are noted before anything may fail. */
async function post(
  account: Account,
  request: FilesRequest,
  files: readonly NumberedFile[],
): Promise<Posted> {
  const wasRead = request.deliveryQueueId !== undefined;
  const parts = files.map((file) => {
    const { index: _, ...named } = file;
    return { source: { ...named, access: request, wasRead }, queued: queuedAs(request, file) };
  });
  const refusals = await openRefusals(request);
  const opened = await noteNames(account, parts, refusals);
  try {
    return await postAll(account, request, { parts, opened, refusals });
  } finally {
    await opened.first?.close();
  }
}

interface Opened {
  /** It is open still. */
  readonly first: ReadyFile | undefined;
  /** What is known of each, without its bytes. */
  readonly facts: readonly FileFacts[];
}

async function noteNames(
  account: Account,
  parts: readonly FilePart[],
  refusals: Refusals | undefined,
): Promise<Opened> {
  let first: ReadyFile | undefined;
  const facts: FileFacts[] = [];
  try {
    for (const part of parts) {
      const { queued, source } = part;
      if (queued === undefined || refusals?.find(part) !== undefined) continue;
      const ready = await noteName(account, queued, source).catch(async (error: unknown) => {
        if (refusals === undefined) throw error;
        await refusals.take(part, error);
        return undefined;
      });
      if (part === parts[0]) first = ready;
      else await ready?.close();
      if (ready === undefined) continue;
      const { size, type } = ready.bytes;
      facts.push({ name: ready.name, bytes: { size, type } });
    }
    return { first, facts };
  } catch (error) {
    await first?.close();
    throw error;
  }
}

interface Work {
  readonly parts: readonly FilePart[];
  readonly opened: Opened;
  readonly refusals: Refusals | undefined;
}

async function postAll(account: Account, request: FilesRequest, work: Work): Promise<Posted> {
  const { settings, sending } = account;
  const place = {
    to: request.to,
    threadId: request.threadId ?? null,
    replyToId: request.replyToId ?? null,
  };
  const { roomId, threadId } = await findDestination({ ...sending, settings }, place);
  const room = await withPatience(sending, () => fetchRoom(sending.rest, roomId));
  if (room === undefined) throw new TargetError(`There is no room ${roomId}, or the bot user is not in it`);
  // What one of them would be refused for is known before anything is posted.
  if (work.refusals === undefined)
    for (const file of work.opened.facts) await assertTaken(account, room, file);
  const messageIds: string[] = [];
  try {
    await postParts(account, request, { ...work, room, threadId, messageIds });
  } catch (cause) {
    if (messageIds.length === 0 || cause instanceof PartialDeliveryError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `a part of the answer was posted, the rest was not: ${reason}`;
    throw new PartialDeliveryError(message, { cause, isEditedOnly: false });
  }
  noteSent(request, work.parts);
  return { roomId, threadId, messageIds };
}

interface Progress extends Work {
  readonly room: RoomFacts;
  readonly threadId: string | undefined;
  /** What stands in the room; it grows. */
  readonly messageIds: string[];
}

/** Posts the files in order, the words with the first that is taken, and last what is said of the others. */
async function postParts(account: Account, request: FilesRequest, progress: Progress): Promise<void> {
  const { parts, opened, refusals, room, threadId, messageIds } = progress;
  const refused: string[] = [];
  let { text } = request;
  const posting = {
    room,
    threadId,
    async onPosted(messageId: string) {
      messageIds.push(messageId);
      await tellPosted(request, { roomId: room.id, messageId });
    },
  };
  for (const [position, part] of parts.entries()) {
    const known = refusals?.find(part);
    if (known !== undefined) {
      refused.push(known);
      continue;
    }
    const ready = position === 0 ? opened.first : undefined;
    assertGoesOn(request);
    try {
      await postFile(account, request, { ...part, ...posting, text, ready });
      text = "";
    } catch (error) {
      if (refusals === undefined) throw error;
      refused.push(await refusals.take(part, error));
    }
  }
  await postWords(account, request, { ...posting, text, refused });
}

/** Posts the words of a reply that no file has taken along, and what is said of its files. */
async function postWords(
  account: Account,
  request: FilesRequest,
  { room, threadId, text, refused, onPosted }: Pick<Posting, "room" | "threadId" | "onPosted"> & Words,
): Promise<void> {
  if (refused.length === 0) return;
  const { settings, sending } = account;
  const id = filelessOf(request.deliveryQueueId ?? "");
  const divide = async () => [...(await splitReply(settings, sending.rest, text)), ...refused];
  const texts = await divisions().once(id, divide);
  const { previews } = settings.text;
  const delivery = { id, texts, roomId: room.id, threadId, previews };
  for (const messageId of await sendDelivery(sendingOf(account, request, delivery), delivery))
    await onPosted(messageId);
}

interface Words {
  readonly text: string;
  readonly refused: readonly string[];
}

const wordsOf = (queued: string): string => `${queued} words`;
/** The words that no file has taken along. */
const filelessOf = (queueId: string): string => `${queueId} without`;

/** To be called when all is sent: until then, these notes keep a part from being sent again. */
function noteSent({ deliveryQueueId }: FilesRequest, parts: readonly FilePart[]): void {
  if (deliveryQueueId === undefined) return;
  for (const key of [replyOf(deliveryQueueId), filelessOf(deliveryQueueId)]) divisions().noteSent(key);
  for (const { queued = "" } of parts) {
    noteFileSent(queued);
    for (const key of [wordsOf(queued), refusedOf(queued)]) divisions().noteSent(key);
  }
}

interface FilePart {
  readonly source: Omit<OutgoingFile, "room">;
  /** Names the delivery of this file over attempts and processes; undefined: nobody will repeat it. */
  readonly queued: string | undefined;
}

interface Posting {
  /** The words that go with it and after it. */
  readonly text: string;
  readonly room: RoomFacts;
  readonly threadId: string | undefined;
  /** The file, where it was opened before. */
  readonly ready: ReadyFile | undefined;
  readonly onPosted: (messageId: string) => Promise<void>;
}

/** OpenClaw repeats no queue entry of which it knows that something was posted: it hears of that in the end. */
async function tellPosted(
  { deliveryQueueId, onDeliveryResult }: FilesRequest,
  { roomId, messageId }: { readonly roomId: string; readonly messageId: string },
): Promise<void> {
  if (deliveryQueueId !== undefined) return;
  for (const posted of listPosted(roomId, [messageId])) await onDeliveryResult?.(posted);
}

/** Posts a file with the beginning of its words, and then the rest of these. */
async function postFile(account: Account, request: FilesRequest, part: FilePart & Posting): Promise<void> {
  const { settings, sending } = account;
  const { source, room, text, threadId, queued, ready, onPosted } = part;
  const roomId = room.id;
  const divide = () => splitReply(settings, sending.rest, text);
  const [caption = "", ...rest] =
    queued === undefined ? await divide() : await divisions().once(wordsOf(queued), divide);
  const asking = sendingOf(account, request, { roomId, threadId });
  const { beforePosting } = asking;
  await onPosted(
    await sendOutgoing(
      { settings, sending: asking },
      {
        ...source,
        room,
        ready,
        deliveryId: queued,
        text: caption,
        threadId,
        beforePosting,
      },
    ),
  );
  const { previews } = settings.text;
  const following = { id: queued ?? randomUUID(), texts: rest, roomId, threadId, previews };
  for (const messageId of await sendDelivery(asking, following)) await onPosted(messageId);
}

const STOPPED = "The answer was stopped";

function assertGoesOn({ deps }: FilesRequest): void {
  if (turnOf(deps)?.signal?.aborted) throw new TargetError(STOPPED);
}

/** Whatever ended a stopped answer, no later attempt goes on with it. */
const endStopped =
  ({ deps }: FilesRequest) =>
  (error: unknown): never => {
    if (!turnOf(deps)?.signal?.aborted) throw error;
    const cause = new TargetError(STOPPED, { cause: error });
    throw error instanceof PartialDeliveryError
      ? new PartialDeliveryError(error.message, { cause, isEditedOnly: false })
      : cause;
  };

/** The account's sending for one delivery, which asks before each message whether it may go out. */
function sendingOf(
  { settings, sending }: Account,
  request: FilesRequest,
  place: { readonly roomId: string; readonly threadId: string | undefined },
) {
  return {
    ...sending,
    async beforePosting() {
      assertGoesOn(request);
      await noteDispatch(request);
      await makeRoom(settings.accountId, place);
    },
  };
}
