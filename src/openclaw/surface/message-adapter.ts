// Owns sending on OpenClaw's behalf: final replies, the message tool, the command line, recovery after a restart.

import { randomUUID } from "node:crypto";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import {
  type ChannelMessageAdapterShape,
  type ChannelMessageDurableFinalAdapter,
  createChannelMessageAdapterFromOutbound,
  createMessageReceiptFromOutboundResults,
} from "openclaw/plugin-sdk/channel-outbound";
import { PlatformMessageNotDispatchedError } from "openclaw/plugin-sdk/error-runtime";
import { RestError, TargetError } from "../../errors.ts";
import { findDelivery, PartialDeliveryError, sendDelivery, TOO_LONG } from "../../outbound/send.ts";
import { formatTarget } from "../../outbound/target.ts";
import { adviseRetry } from "../../retry.ts";
import { divisions } from "../account/divisions.ts";
import { splitReply } from "../account/reply-text.ts";
import { refreshServerFacts } from "../account/server-facts.ts";
import { sendingFor } from "../account/transport.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { findDestination, readTarget, unknownTarget } from "./targets.ts";

interface SendRequest {
  readonly cfg: OpenClawConfig;
  readonly to: string;
  readonly text: string;
  readonly accountId?: string | null;
  readonly threadId?: string | number | null;
  /** A message to reply to; on Rocket.Chat that is to write in its thread. */
  readonly replyToId?: string | null;
  /** OpenClaw's queue entry; a repeated attempt carries the same. */
  readonly deliveryQueueId?: string;
  /**
   * Notes in the queue entry that the message goes out now, and who sends it. Without that note OpenClaw does not
   * find the entry its own afterwards, and takes a delivery that succeeded for a lost one.
   */
  readonly onPlatformSendDispatch?: () => Promise<void>;
  /** Throws when whoever asked may send no more. */
  readonly assertDirectAdapterHandoff?: () => void;
}

/**
 * Posts one text, in as many messages as it needs. Needs no running account: after a restart nothing else is
 * there yet. OpenClaw may call it again with the same queue entry after a crash or an error; what was posted
 * then is not posted twice.
 */
async function sendText(request: SendRequest) {
  const { cfg, text, accountId, deliveryQueueId, ...place } = request;
  const settings = resolveAccount(cfg, accountId);
  const sending = sendingFor(settings);
  const { roomId, threadId } = await findDestination({ rest: sending.rest, settings }, place).catch(
    rejectUnsent,
  );
  const beforePosting = async () => {
    await request.onPlatformSendDispatch?.();
    request.assertDirectAdapterHandoff?.();
  };
  const divided = {
    id: deliveryQueueId ?? randomUUID(),
    divide: () => splitReply(settings, sending.rest, text),
    isQueued: deliveryQueueId !== undefined,
  };
  const post = ({ id, texts }: { id: string; texts: readonly string[] }) =>
    sendDelivery(
      { ...sending, beforePosting },
      { id, texts, roomId, threadId, unfurlLinks: settings.text.unfurlLinks },
    );
  const messageIds = await sendDivided(divided, post)
    .catch((error: unknown) => {
      if (!isTooLong(error)) throw error;
      return refreshServerFacts(settings.accountId, sending.rest).then(() => sendDivided(divided, post));
    })
    .catch(deliveryQueueId === undefined ? raise : rejectRepeatable)
    .catch(rejectUnsent);
  const results = messageIds.map((messageId) => ({
    channel: CHANNEL_ID,
    messageId,
    target: { kind: "channel" as const, id: roomId },
  }));
  const last = results.at(-1);
  if (last === undefined) return { channel: CHANNEL_ID, messageId: "", outcome: "not_sent" as const };
  return { ...last, receipt: createMessageReceiptFromOutboundResults({ results, kind: "text" }) };
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
    if (isTooLong(error)) divisions().forget(id);
    throw error;
  }
}

/** The server takes less than was assumed, and has taken nothing of the delivery. */
function isTooLong(error: unknown): boolean {
  return error instanceof RestError && error.serverCode === TOO_LONG;
}

const REFUSED = (cause: Error) => ({ cause, retryable: false });

function rejectUnsent(error: unknown): never {
  throw isRefusal(error) ? new PlatformMessageNotDispatchedError(error.message, REFUSED(error)) : error;
}

function raise(error: unknown): never {
  throw error;
}

/**
 * OpenClaw sends nothing again of which it knows only that it went out. A queued delivery may be sent again, whatever
 * became of it: its messages' ids follow from the queue entry, and what stands in the room is not posted twice.
 */
function rejectRepeatable(error: unknown): never {
  const reason = error instanceof PartialDeliveryError ? error.cause : error;
  if (!(error instanceof Error) || isRefusal(reason) || error instanceof PlatformMessageNotDispatchedError)
    throw error;
  throw new PlatformMessageNotDispatchedError(error.message, { cause: error });
}

/** The server said no to the first message of a delivery: nothing was posted, and asking again changes nothing. */
function isRefusal(error: unknown): error is RestError | TargetError {
  return (
    error instanceof TargetError || (error instanceof RestError && adviseRetry(error).kind === "blocked")
  );
}

type UnknownSend = Parameters<NonNullable<ChannelMessageDurableFinalAdapter["reconcileUnknownSend"]>>[0];

/** Tells OpenClaw, after a crash in the middle of a send, whether the reply stands in the room. */
async function reconcileUnknownSend({ cfg, queueId, to, accountId }: UnknownSend) {
  const settings = resolveAccount(cfg, accountId);
  const { rest } = sendingFor(settings);
  const { roomId } = await findDestination({ rest, settings }, { to });
  const messageIds = await findDelivery(rest, { id: queueId, roomId });
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

/**
 * `chunker: null`: OpenClaw hands over a whole text, so that all its messages belong to one queue entry and
 * their ids follow from it.
 */
export const outbound = {
  deliveryMode: "direct" as const,
  chunker: null,
  deliveryCapabilities: { durableFinal: { text: true, thread: true, messageSendingHooks: true } },
  resolveTarget: ({ to }: { to?: string }) => {
    const target = readTarget(to ?? "");
    if (target === undefined) return { ok: false as const, error: unknownTarget(to) };
    return { ok: true as const, to: "id" in target ? formatTarget(target) : (to ?? "").trim() };
  },
  sendText,
};

const base = createChannelMessageAdapterFromOutbound({ id: CHANNEL_ID, outbound });

export const messageAdapter: ChannelMessageAdapterShape = {
  ...base,
  durableFinal: {
    capabilities: { ...base.durableFinal?.capabilities, reconcileUnknownSend: true },
    automaticUnknownSendReconciliation: true,
    reconcileUnknownSendKinds: { text: true },
    reconcileUnknownSend,
  },
};
