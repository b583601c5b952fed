// Owns sending files on OpenClaw's behalf, each with the beginning of its words.

import { randomUUID } from "node:crypto";
import { createMessageReceiptFromOutboundResults } from "openclaw/plugin-sdk/channel-outbound";
import { TargetError } from "../../errors.ts";
import { sendDelivery } from "../../outbound/send.ts";
import { fetchRoom } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { divisions } from "../account/memory/divisions.ts";
import { notePosted } from "../account/memory/first-reply.ts";
import { type MediaAccess, sendOutgoing } from "../account/outgoing-file.ts";
import { makeRoom } from "../account/previews/standing.ts";
import { splitReply } from "../account/reply-text.ts";
import { type AccountSending, sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import {
  listPosted,
  noteDispatch,
  raise,
  rejectRepeatable,
  rejectUnsent,
  type SendRequest,
} from "./delivery.ts";
import { findDestination } from "./targets.ts";

export interface MediaRequest extends SendRequest, MediaAccess {
  readonly mediaUrl?: string;
  /** Which file of the queue entry it is. */
  readonly deliveryPartIndex?: number;
  /** In place of the file's own name. */
  readonly fileName?: string;
}

/**
 * Posts a file, and what of its words does not fit after it. OpenClaw may call it again with the same queue entry
 * after a crash or an error; what was posted then is not posted twice. Needs no running account.
 */
export async function sendMedia(request: MediaRequest) {
  const { cfg, accountId, deliveryQueueId, mediaUrl = "", deliveryPartIndex = 0 } = request;
  const settings = resolveAccount(cfg, accountId);
  const sending = sendingFor(settings);
  const queued =
    deliveryQueueId === undefined ? undefined : `${deliveryQueueId} file ${deliveryPartIndex} ${mediaUrl}`;
  const { roomId, threadId, messageIds } = await post({ settings, sending }, request, queued)
    .catch(deliveryQueueId === undefined ? raise : rejectRepeatable)
    .catch(rejectUnsent);
  const results = listPosted(roomId, messageIds);
  if (threadId !== undefined) notePosted({ accountId: settings.accountId, roomId, threadId });
  const receipt = createMessageReceiptFromOutboundResults({
    results,
    kind: "media",
    ...(threadId !== undefined && { threadId }),
  });
  return { channel: CHANNEL_ID, messageId: messageIds[0] ?? "", receipt };
}

async function post(
  account: { readonly settings: AccountSettings; readonly sending: AccountSending },
  request: MediaRequest,
  queued: string | undefined,
): Promise<{ roomId: string; threadId: string | undefined; messageIds: string[] }> {
  const { settings, sending } = account;
  const { mediaUrl = "", text, fileName, to, threadId: thread, replyToId } = request;
  const place = { to, threadId: thread ?? null, replyToId: replyToId ?? null };
  const { roomId, threadId } = await findDestination({ rest: sending.rest, settings }, place);
  const room = await fetchRoom(sending.rest, roomId);
  if (room === undefined) throw new TargetError(`There is no room ${roomId}, or the bot user is not in it`);
  const divide = () => splitReply(settings, sending.rest, text);
  const [caption = "", ...rest] =
    queued === undefined ? await divide() : await divisions().once(`${queued} words`, divide);
  const beforePosting = async () => {
    await noteDispatch(request);
    await makeRoom(settings.accountId, { roomId, threadId });
  };
  const messageId = await sendOutgoing(account, {
    source: mediaUrl,
    access: request,
    room,
    name: fileName,
    deliveryId: queued,
    text: caption,
    threadId,
    beforePosting,
  });
  const { previews } = settings.text;
  const following = { id: queued ?? randomUUID(), texts: rest, roomId, threadId, previews };
  return {
    roomId,
    threadId,
    messageIds: [messageId, ...(await sendDelivery({ ...sending, beforePosting }, following))],
  };
}
