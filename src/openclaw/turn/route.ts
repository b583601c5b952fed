// Owns which agent and session a message belongs to.

import {
  classifyChannelInboundEvent,
  type InboundEventKind,
  resolveUnmentionedGroupInboundPolicy,
} from "openclaw/plugin-sdk/channel-inbound";
import {
  type ResolvedAgentRoute,
  resolveAgentRoute,
  resolveThreadSessionKeys,
} from "openclaw/plugin-sdk/routing";
import { sessionThread } from "../../policy/reply-place.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { TurnScope } from "./scope.ts";

export type Route = ResolvedAgentRoute & {
  readonly turnSessionKey: string;
  /** Set where a thread's session is to begin with a copy of its room's transcript. */
  readonly parentSessionKey: string | undefined;
  readonly eventKind: InboundEventKind;
};

/**
 * What is not addressed to the agent, where no mention is needed, is a request or, by OpenClaw's
 * `messages.groupChat.unmentionedInbound`, an event that it hears and answers with the message tool alone.
 */
function classify({ cfg, input }: Pick<TurnScope, "cfg" | "input">, agentId: string): InboundEventKind {
  return classifyChannelInboundEvent({
    conversation: { kind: input.room.chatType },
    unmentionedGroupPolicy: resolveUnmentionedGroupInboundPolicy({ cfg, agentId }),
    wasMentioned: input.wasMentioned || input.implicitMentions.length > 0,
    hasControlCommand: input.command !== undefined,
  });
}

/** Threads of rooms have a session of their own; threads in direct messages stay in the sender's session. */
export function resolveRoute(scope: Pick<TurnScope, "cfg" | "accountId" | "settings" | "input">): Route {
  const { cfg, accountId, settings, input } = scope;
  const { message, room } = input;
  const id = room.chatType === "direct" ? message.sender.id : room.id;
  const route = resolveAgentRoute({
    cfg,
    channel: CHANNEL_ID,
    accountId,
    peer: { kind: room.chatType, id },
    // A discussion goes to the agent of the room that it was started in, unless it has a binding of its own.
    ...(room.parentId && { parentPeer: { kind: room.chatType, id: room.parentId } }),
  });
  const ofNotice = room.chatType === "direct" ? undefined : message.threadId;
  const threadId = (input.isNotice ? ofNotice : sessionThread(settings, input)) ?? null;
  const { sessionKey, parentSessionKey } = resolveThreadSessionKeys({
    baseSessionKey: route.sessionKey,
    threadId,
    ...(settings.thread.inheritParent && { parentSessionKey: route.sessionKey }),
  });
  const eventKind = classify(scope, route.agentId);
  return { ...route, turnSessionKey: sessionKey, parentSessionKey, eventKind };
}

export function dmScopeOf({ dmScope }: Route) {
  return dmScope === undefined ? {} : { dmScope };
}
