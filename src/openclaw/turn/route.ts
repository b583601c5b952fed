// Owns which agent and session a message belongs to.

import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { resolveThreadSessionKeys } from "openclaw/plugin-sdk/routing";
import { CHANNEL_ID } from "../config/schema.ts";
import type { TurnScope } from "./scope.ts";

export type Route = ReturnType<PluginRuntime["channel"]["routing"]["resolveAgentRoute"]> & {
  readonly turnSessionKey: string;
};

/** Threads of rooms have a session of their own; threads in direct messages stay in the sender's session. */
export function resolveRoute({ core, cfg, accountId, input: { message, room } }: TurnScope): Route {
  const id = room.chatType === "direct" ? message.sender.id : room.id;
  const route = core.channel.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL_ID,
    accountId,
    peer: { kind: room.chatType, id },
  });
  const threadId = room.chatType === "direct" ? null : (message.threadId ?? null);
  const { sessionKey } = resolveThreadSessionKeys({ baseSessionKey: route.sessionKey, threadId });
  return { ...route, turnSessionKey: sessionKey };
}

export function dmScopeOf({ dmScope }: Route) {
  return dmScope === undefined ? {} : { dmScope };
}
