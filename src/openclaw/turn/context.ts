// Owns what the agent is told about a message: who wrote what, where, and where its reply goes.

import { formatInboundEnvelope } from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import type { TurnInput } from "../../inbound/host.ts";
import { formatTarget } from "../../outbound/target.ts";
import { requiresMention } from "../../settings.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { mentionFacts } from "./access.ts";
import { dmScopeOf, type Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

function replyTarget({ message, room }: TurnInput): string {
  if (room.chatType === "direct") return formatTarget({ kind: "user", id: message.sender.id });
  return formatTarget({ kind: "room", id: room.id });
}

export function lastRoute({ accountId, input }: TurnScope, route: Route) {
  return { sessionKey: route.mainSessionKey, channel: CHANNEL_ID, to: replyTarget(input), accountId };
}

export function buildContext(
  { core, cfg, accountId, settings, input }: TurnScope,
  { route, ingress }: { route: Route; ingress: ResolvedChannelMessageIngress },
) {
  const { message, room, text } = input;
  const { sender, threadId } = message;
  const direct = room.chatType === "direct";
  const to = replyTarget(input);
  const from = direct ? `${CHANNEL_ID}:${sender.id}` : `${CHANNEL_ID}:${room.chatType}:${room.id}`;
  const senderName = sender.name ?? sender.username ?? sender.id;
  const body = formatInboundEnvelope({
    channel: "Rocket.Chat",
    from: direct ? senderName : (room.label ?? room.id),
    timestamp: message.sentAt,
    body: text,
    chatType: room.chatType,
    sender: { name: senderName, id: sender.id },
    envelope: core.channel.reply.resolveEnvelopeFormatOptions(cfg),
  });
  return core.channel.inbound.buildContext({
    channelIngress: ingress,
    channel: CHANNEL_ID,
    accountId,
    messageId: message.id,
    timestamp: message.sentAt,
    from,
    sender: { id: sender.id, name: senderName, ...(sender.username && { username: sender.username }) },
    conversation: {
      kind: room.chatType,
      id: room.id,
      nativeChannelId: room.id,
      ...(room.label && { label: room.label }),
      ...(threadId && { threadId }),
      routePeer: { kind: room.chatType, id: direct ? sender.id : room.id },
    },
    route: {
      agentId: route.agentId,
      accountId: route.accountId,
      ...dmScopeOf(route),
      routeSessionKey: route.sessionKey,
      dispatchSessionKey: route.turnSessionKey,
      mainSessionKey: route.mainSessionKey,
    },
    reply: {
      to,
      originatingTo: to,
      nativeChannelId: room.id,
      ...(threadId && { messageThreadId: threadId, replyToId: threadId }),
    },
    message: { inboundEventKind: "user_request", body, bodyForAgent: text, rawBody: text, commandBody: text },
    access: {
      mentions: {
        ...mentionFacts(input),
        requireMention: !direct && requiresMention(settings, room),
        effectiveWasMentioned: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
      },
      commands: { authorized: ingress.commandAccess.authorized },
    },
  });
}
