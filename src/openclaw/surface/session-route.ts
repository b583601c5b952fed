// Owns the grammar of Rocket.Chat's session keys, and the session that a message sent by OpenClaw belongs to.

import {
  buildChannelOutboundSessionRoute,
  buildThreadAwareOutboundSessionRoute,
  type ChannelPlugin,
} from "openclaw/plugin-sdk/channel-core";
import { parseThreadSessionSuffix } from "openclaw/plugin-sdk/routing";
import { RocketChatError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { findExactThread, mayLackCapitals } from "../../outbound/exact-ids.ts";
import { formatTarget, parseTarget, type Target } from "../../outbound/target.ts";
import { fetchRoom } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";

type Messaging = NonNullable<ChannelPlugin["messaging"]>;

/** `<rid>` or `<rid>:thread:<tmid>`; the room is the thread's only parent. */
export const resolveSessionConversation: NonNullable<Messaging["resolveSessionConversation"]> = ({
  rawId,
}) => {
  const { baseSessionKey: roomId, threadId } = parseThreadSessionSuffix(rawId);
  if (!roomId) return null;
  return {
    id: roomId,
    threadId: threadId ?? null,
    baseConversationId: roomId,
    parentConversationCandidates: threadId ? [roomId] : [],
  };
};

/** Where a recorded conversation is written to; a thread is recorded with its room as parent. */
export const resolveDeliveryTarget: NonNullable<Messaging["resolveDeliveryTarget"]> = (params) => {
  const { conversationId, parentConversationId } = params;
  const room = parseTarget(parentConversationId ?? conversationId);
  const to = formatTarget(room ?? { kind: "room", id: parentConversationId ?? conversationId });
  const isThread = parentConversationId !== undefined && parentConversationId !== conversationId;
  return isThread ? { to, threadId: conversationId } : { to };
};

interface Peer {
  readonly kind: RoomFacts["chatType"];
  readonly id: string;
  /** Whether the kind is the server's word and not a guess. */
  readonly isCertain: boolean;
}

/**
 * The session of a message to a room, group DM or person, and of one in a thread. What kind of room it is, is
 * asked of the server; where it does not say, the room counts as one. Null for names, which are looked up first.
 */
export const resolveOutboundSessionRoute: NonNullable<Messaging["resolveOutboundSessionRoute"]> = async (
  params,
) => {
  const target = parseTarget(params.target);
  if (target === undefined) return null;
  const { cfg, agentId, accountId, replyToId, threadId, currentSessionKey } = params;
  const { kind, id, isCertain } = await resolvePeer(target, resolveAccount(cfg, accountId));
  const isDirect = kind === "direct";
  const route = buildChannelOutboundSessionRoute({
    cfg,
    agentId,
    channel: CHANNEL_ID,
    ...(accountId != null && { accountId }),
    recipientSessionExact: isCertain,
    peer: { kind, id },
    chatType: kind,
    from: isDirect ? `${CHANNEL_ID}:${id}` : `${CHANNEL_ID}:${kind}:${id}`,
    to: formatTarget({ kind: isDirect ? "user" : "room", id }),
  });
  const inThread = buildThreadAwareOutboundSessionRoute({
    route,
    ...(replyToId != null && { replyToId }),
    ...(threadId != null && { threadId }),
    ...(currentSessionKey !== undefined && { currentSessionKey }),
    // Threads of direct messages have no session of their own, only a place.
    ...(isDirect && { useSuffix: false }),
    canRecoverCurrentThread: () => !isDirect,
  });
  const isRecovered = replyToId == null && threadId == null && inThread.threadId !== undefined;
  return isRecovered ? withExactThread(inThread, id, resolveAccount(cfg, accountId)) : inThread;
};

type OutboundRoute = ReturnType<typeof buildThreadAwareOutboundSessionRoute>;

/** A thread read out of a session key has lost its capitals; one that cannot be found again is no place to write to. */
async function withExactThread(
  route: OutboundRoute,
  roomId: string,
  account: AccountSettings,
): Promise<OutboundRoute> {
  const threadId = String(route.threadId);
  if (!mayLackCapitals(threadId)) return route;
  const { rest } = sendingFor(account);
  const exact = await unlessSilent(() => findExactThread(rest, { roomId, threadId }));
  const { threadId: _, ...toRoom } = route;
  return exact === undefined ? toRoom : { ...route, threadId: exact };
}

async function resolvePeer(target: Target, account: AccountSettings): Promise<Peer> {
  if (target.kind === "user") return { kind: "direct", id: target.id, isCertain: true };
  const { rest } = sendingFor(account);
  const room = await unlessSilent(() => fetchRoom(rest, target.id));
  if (room === undefined) return { kind: "channel", id: target.id, isCertain: false };
  const other = room.memberIds?.find((memberId) => memberId !== account.userId);
  const isDirect = room.chatType === "direct" && other !== undefined;
  return { kind: room.chatType, id: isDirect ? other : room.id, isCertain: true };
}

/** A server that does not answer now is no reason to refuse: the message is to be sent, and that will tell. */
async function unlessSilent<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RocketChatError) return undefined;
    throw error;
  }
}
