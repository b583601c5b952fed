// Owns the question put to OpenClaw: whether this sender may speak to the agent here.

import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import type { RoomFacts } from "../../facts/room.ts";
import { refusePlace, resolveSenderRule } from "../../policy/access.ts";
import { type AccountSettings, requiresMention } from "../../settings.ts";
import type { Access, TurnInput } from "../../turn/host.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";
import { senderIdentity, subjectOf } from "./sender-identity.ts";

/** What the question is made of. */
export interface AccessScope extends Pick<TurnScope, "cfg" | "accountId" | "settings" | "input"> {
  readonly core: {
    readonly channel: {
      readonly inbound: { readonly ingress: Pick<PluginRuntime["channel"]["inbound"]["ingress"], "resolve"> };
    };
  };
}

/** With `operators`, the question is whether the sender is one of these, whoever may speak in the place. */
export function resolveIngress(
  { core, cfg, accountId, settings, input }: AccessScope,
  route: Pick<Route, "agentId" | "turnSessionKey" | "eventKind">,
  readStoreAllowFrom: () => Promise<string[]>,
  operators?: readonly string[],
): Promise<ResolvedChannelMessageIngress> {
  const { message, room } = input;
  const direct = room.chatType === "direct";
  const everybody = { groupPolicy: "open", groupAllowFrom: [] } as const;
  const senders = operators ? everybody : resolveSenderRule(settings, room);
  return core.channel.inbound.ingress.resolve({
    channelId: CHANNEL_ID,
    accountId,
    identity: senderIdentity,
    subject: subjectOf(message.sender),
    conversation: {
      kind: room.chatType,
      id: room.id,
      ...(message.threadId && { threadId: message.threadId }),
    },
    event: { kind: "message", authMode: "inbound", mayPair: direct },
    contextBinding: {
      agentId: route.agentId,
      sessionKey: route.turnSessionKey,
      messageId: message.id,
      nativeChannelId: room.id,
      inboundEventKind: route.eventKind,
    },
    ...(direct ? {} : { route: roomGate(settings, room) }),
    policy: {
      dmPolicy: settings.dmPolicy,
      groupPolicy: senders.groupPolicy,
      groupAllowFromFallbackToAllowFrom: false,
      minIdentifierAuthentication: settings.dangerouslyAllowNameMatching ? "mutable" : "verified",
      activation: {
        requireMention: !direct && input.command === undefined && requiresMention(settings, room),
        allowTextCommands: false,
        implicitMentions: settings.implicitMentions,
      },
    },
    allowFrom: [...settings.allowFrom],
    groupAllowFrom: [...senders.groupAllowFrom],
    ...(cfg.accessGroups && { accessGroups: cfg.accessGroups }),
    readStoreAllowFrom,
    mentionFacts: mentionFacts(input),
    ...(operators && {
      command: {
        allowTextCommands: true,
        hasControlCommand: true,
        commandOwnerAllowFrom: [...operators],
        directGroupAllowFrom: "none",
      },
    }),
  });
}

/** The place was judged before; OpenClaw sees the verdict in its own graph of gates. */
function roomGate(settings: AccountSettings, room: RoomFacts) {
  const allowed = refusePlace(settings, room) === undefined;
  return { id: "rocketchat-room", kind: "route" as const, configured: true, matched: allowed, allowed };
}

export function mentionFacts({ message, wasMentioned, implicitMentions }: TurnInput) {
  const hasAnyMention = message.mentions.length > 0;
  return { canDetectMention: true, wasMentioned, hasAnyMention, implicitMentionKinds: [...implicitMentions] };
}

export function readAccess({ ingress }: ResolvedChannelMessageIngress): Access {
  if (ingress.admission === "dispatch") return { kind: "allow" };
  if (ingress.admission === "pairing-required") return { kind: "pair" };
  const cause = ingress.admission === "skip" ? "activation" : "sender";
  return { kind: "refuse", cause, reason: ingress.reasonCode };
}
