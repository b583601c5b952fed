// Owns sending files on OpenClaw's behalf, the first with the beginning of their words.

import { randomUUID } from "node:crypto";
import {
  createMessageReceiptFromOutboundResults,
  resolveOutboundSendDep,
} from "openclaw/plugin-sdk/channel-outbound";
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
} from "../account/files/outgoing-file.ts";
import { divisions } from "../account/memory/divisions.ts";
import { notePosted } from "../account/memory/first-reply.ts";
import { makeRoom } from "../account/previews/standing.ts";
import { splitReply } from "../account/reply-text.ts";
import { type AccountSending, sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { failDelivery, listPosted, noteDispatch, type SendRequest } from "./delivery.ts";
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
  const account = { settings, sending: sendingFor(settings) };
  const { roomId, threadId, messageIds } = await post(account, request, files).catch(failDelivery(request));
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

/** OpenClaw hands copies of the files to later attempts, which have other names: these are noted before anything may fail. */
async function post(
  account: Account,
  request: FilesRequest,
  files: readonly NumberedFile[],
): Promise<Posted> {
  const queueId = request.deliveryQueueId;
  const parts = files.map(({ index, ...file }, position) => ({
    source: { ...file, access: request, wasRead: queueId !== undefined },
    text: position === 0 ? request.text : "",
    queued: queueId && `${queueId} file ${index}`,
  }));
  const opened = await noteNames(account, parts);
  try {
    return await postAll(account, request, parts, opened);
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

async function noteNames(account: Account, parts: readonly FilePart[]): Promise<Opened> {
  let first: ReadyFile | undefined;
  const facts: FileFacts[] = [];
  try {
    for (const part of parts) {
      const { queued, source } = part;
      const ready = queued === undefined ? undefined : await noteName(account, queued, source);
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

async function postAll(
  account: Account,
  request: FilesRequest,
  parts: readonly FilePart[],
  { first, facts }: Opened,
): Promise<Posted> {
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
  for (const file of facts) await assertTaken(account, room, file);
  const messageIds: string[] = [];
  const stop = resolveOutboundSendDep<unknown>(request.deps, CHANNEL_ID);
  for (const [position, part] of parts.entries()) {
    try {
      if (stop instanceof AbortSignal && stop.aborted) throw new TargetError("The answer was stopped");
      await postFile(account, request, {
        ...part,
        room,
        threadId,
        ready: position === 0 ? first : undefined,
        besides: [...messageIds],
        async onPosted(messageId) {
          messageIds.push(messageId);
          await tellPosted(request, { roomId, messageId });
        },
      });
    } catch (cause) {
      if (messageIds.length === 0 || cause instanceof PartialDeliveryError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `a part of the answer was posted, the rest was not: ${reason}`;
      throw new PartialDeliveryError(message, { cause, isEditedOnly: false });
    }
  }
  for (const { queued } of parts) if (queued !== undefined) noteSent(queued);
  return { roomId, threadId, messageIds };
}

const wordsOf = (queued: string): string => `${queued} words`;

/** To be called when all is sent: until then, these notes keep a part from being sent again. */
function noteSent(queued: string): void {
  noteFileSent(queued);
  divisions().noteSent(wordsOf(queued));
}

interface FilePart {
  readonly source: Omit<OutgoingFile, "room">;
  readonly text: string;
  /** Names the delivery of this file over attempts and processes; undefined: nobody will repeat it. */
  readonly queued: string | undefined;
}

interface Posting {
  readonly room: RoomFacts;
  readonly threadId: string | undefined;
  /** The file, where it was opened before. */
  readonly ready: ReadyFile | undefined;
  /** Messages of the same delivery that were posted before. */
  readonly besides: readonly string[];
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
  const { source, room, text, threadId, queued, ready, besides, onPosted } = part;
  const roomId = room.id;
  const divide = () => splitReply(settings, sending.rest, text);
  const [caption = "", ...rest] =
    queued === undefined ? await divide() : await divisions().once(wordsOf(queued), divide);
  const beforePosting = async () => {
    await noteDispatch(request);
    await makeRoom(settings.accountId, { roomId, threadId });
  };
  await onPosted(
    await sendOutgoing(account, {
      ...source,
      room,
      ready,
      deliveryId: queued,
      text: caption,
      threadId,
      beforePosting,
      besides,
    }),
  );
  const { previews } = settings.text;
  const following = { id: queued ?? randomUUID(), texts: rest, roomId, threadId, previews };
  for (const messageId of await sendDelivery({ ...sending, beforePosting }, following))
    await onPosted(messageId);
}
