// Owns sending on OpenClaw's behalf: final replies, the message tool, the command line, recovery after a restart.

import { randomUUID } from "node:crypto";
import { getExecApprovalReplyMetadata } from "openclaw/plugin-sdk/approval-client-runtime";
import type { ChannelOutboundAdapter } from "openclaw/plugin-sdk/channel-contract";
import {
  type ChannelMessageAdapterShape,
  type ChannelMessageDurableFinalAdapter,
  createChannelMessageAdapterFromOutbound,
  createMessageReceiptFromOutboundResults,
} from "openclaw/plugin-sdk/channel-outbound";
import {
  hasOutboundMedia,
  type ReplyPayload,
  resolveSendableOutboundReplyParts,
} from "openclaw/plugin-sdk/reply-payload";
import { sanitizeAssistantVisibleText } from "openclaw/plugin-sdk/text-chunking";
import { findDelivery, type StandingPreview, sendDelivery } from "../../outbound/send.ts";
import { formatTarget } from "../../outbound/target.ts";
import { askedIn, noteApprovalPrompt } from "../account/memory/approval-prompts.ts";
import { divisions } from "../account/memory/divisions.ts";
import { notePosted } from "../account/memory/first-reply.ts";
import { knownPreviews } from "../account/previews/preview-file.ts";
import { takePreview } from "../account/previews/preview-offer.ts";
import { makeRoom } from "../account/previews/standing.ts";
import { splitReply } from "../account/reply-text.ts";
import { sendingFor } from "../account/sending.ts";
import { refreshServerFacts } from "../account/server-facts.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { isAskedElsewhere } from "./approvals/policy.ts";
import { failDelivery, listPosted, mayDivideAnew, noteDispatch, type SendRequest } from "./delivery.ts";
import { type FilesRequest, sendFiles, sendMedia } from "./send-media.ts";
import { findDestination, readTarget, unknownTarget } from "./targets.ts";

/**
 * Posts one text, in as many messages as it needs. Needs no running account: after a restart nothing else is
 * there yet. OpenClaw may call it again with the same queue entry after a crash or an error; what was posted
 * then is not posted twice.
 */
async function sendText(request: SendRequest) {
  const { cfg, text, accountId, deliveryQueueId, ...place } = request;
  const settings = resolveAccount(cfg, accountId);
  const sending = sendingFor(settings);
  const fail = failDelivery(request);
  const { roomId, threadId } = await findDestination({ ...sending, settings }, place).catch(fail);
  let standing: StandingPreview | undefined;
  const beforePosting = async () => {
    await noteDispatch(request);
    if (standing === undefined) await makeRoom(settings.accountId, { roomId, threadId });
  };
  const divided = {
    id: deliveryQueueId ?? randomUUID(),
    divide: () => splitReply(settings, sending.rest, text),
    isQueued: deliveryQueueId !== undefined,
  };
  const post = ({ id, texts }: { id: string; texts: readonly string[] }) => {
    standing = divided.isQueued
      ? takePreview({ delivery: id, texts, deps: request.deps, rest: sending.rest })
      : undefined;
    const { previews } = settings.text;
    return sendDelivery({ ...sending, beforePosting }, { id, texts, roomId, threadId, standing, previews });
  };
  const messageIds = await sendDivided(divided, post)
    .catch((error: unknown) => {
      if (!mayDivideAnew(error)) throw error;
      return refreshServerFacts(settings.accountId, sending.rest).then(() => sendDivided(divided, post));
    })
    .catch(fail);
  const results = listPosted(roomId, messageIds);
  const last = results.at(-1);
  if (last === undefined) return { channel: CHANNEL_ID, messageId: "", outcome: "not_sent" as const };
  if (threadId !== undefined) notePosted({ accountId: settings.accountId, roomId, threadId });
  const receipt = { results, kind: "text" as const, ...(threadId !== undefined && { threadId }) };
  return { ...last, receipt: createMessageReceiptFromOutboundResults(receipt) };
}

/**
 * Posts a text in the messages that it was divided into at the first attempt, whatever the limits are by now: the
 * ids of the messages follow from that.
 */
async function sendDivided(
  {
    id,
    divide,
    isQueued,
  }: { readonly id: string; readonly divide: () => Promise<readonly string[]>; readonly isQueued: boolean },
  post: (delivery: { id: string; texts: readonly string[] }) => Promise<string[]>,
): Promise<string[]> {
  if (!isQueued) return post({ id, texts: await divide() });
  try {
    const messageIds = await post({ id, texts: await divisions().once(id, divide) });
    divisions().noteSent(id);
    return messageIds;
  } catch (error) {
    if (mayDivideAnew(error)) divisions().forget(id);
    throw error;
  }
}

/**
 * Posts an answer that OpenClaw does not take apart: one with several files, or with more than text and files, which
 * Rocket.Chat has no form for.
 */
function sendPayload({ payload, ...request }: FilesRequest & { readonly payload: ReplyPayload }) {
  const { mediaUrls } = resolveSendableOutboundReplyParts(payload);
  if (mediaUrls.length === 0) return sendText(request);
  return sendFiles(
    request,
    mediaUrls.map((source, index) => ({ source, index })),
  );
}

type UnknownSend = Parameters<NonNullable<ChannelMessageDurableFinalAdapter["reconcileUnknownSend"]>>[0];

/** Tells OpenClaw, after a crash in the middle of a send, whether the reply stands in the room. */
async function reconcileUnknownSend({ cfg, queueId, to, accountId, payloads }: UnknownSend) {
  // A delivery with files goes on where it was: what stands in the room is found there, and not posted again.
  if (payloads.some(hasOutboundMedia)) return { status: "not_sent" as const };
  // The same holds for a preview that is to become the answer: an edit may be repeated.
  if (knownPreviews()?.findClaimed(queueId) !== undefined) return { status: "not_sent" as const };
  const settings = resolveAccount(cfg, accountId);
  const sending = sendingFor(settings);
  const { roomId } = await findDestination({ rest: sending.rest, settings }, { to });
  const messageIds = await findDelivery(sending, { id: queueId, roomId });
  if (messageIds === undefined) return { status: "not_sent" as const };
  const results = messageIds.map((messageId) => ({
    channel: CHANNEL_ID,
    messageId,
    conversationId: roomId,
  }));
  return {
    status: "sent" as const,
    receipt: createMessageReceiptFromOutboundResults({ results, kind: "text" }),
  };
}

type Presented = Parameters<NonNullable<ChannelOutboundAdapter["renderPresentation"]>>[0];
type Delivered = Parameters<NonNullable<ChannelOutboundAdapter["afterDeliverPayload"]>>[0];

/**
 * `chunker: null`: OpenClaw hands over a whole text, so that all its messages belong to one queue entry and
 * their ids follow from it.
 */
export const outbound = {
  deliveryMode: "direct" as const,
  chunker: null,
  /** Leaves out what a model says to itself, whichever way a text comes. */
  sanitizeText: ({ text }: { readonly text: string }): string => sanitizeAssistantVisibleText(text),
  deliveryCapabilities: {
    durableFinal: { text: true, media: true, payload: true, thread: true, messageSendingHooks: true },
  },
  resolveTarget: ({ to }: { to?: string }) => {
    const target = readTarget(to ?? "");
    if (target === undefined) return { ok: false as const, error: unknownTarget(to) };
    return { ok: true as const, to: "id" in target ? formatTarget(target) : (to ?? "").trim() };
  },
  sendText,
  sendMedia,
  sendPayload,
  // OpenClaw sends no entry again of which a part was sent: the files of an answer are sent as one.
  sendPayloadGroupsMedia: true,
  shouldSuppressLocalPayloadPrompt: isAskedElsewhere,
  // The words of a question for an approval say how it is answered: buttons told as a list would only repeat it.
  renderPresentation: ({ payload }: Presented) =>
    payload.text && getExecApprovalReplyMetadata(payload) !== null ? payload : null,
  afterDeliverPayload({ cfg, target, payload, results }: Delivered) {
    const { accountId } = resolveAccount(cfg, target.accountId);
    for (const { messageId, target: posted } of results) {
      const rooms = posted === undefined ? [] : [{ kind: "room" as const, id: posted.id }];
      noteApprovalPrompt(payload, [messageId], askedIn(accountId, target.to, ...rooms));
    }
  },
};

const base = createChannelMessageAdapterFromOutbound({ id: CHANNEL_ID, outbound });

export const messageAdapter: ChannelMessageAdapterShape = {
  ...base,
  durableFinal: {
    capabilities: { ...base.durableFinal?.capabilities, reconcileUnknownSend: true },
    automaticUnknownSendReconciliation: true,
    reconcileUnknownSendKinds: { text: true, media: true, payload: true },
    reconcileUnknownSend,
  },
};
