// Owns telling OpenClaw which tools the agent may use in a room, and for whom.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { resolveScopeToolsPolicy } from "openclaw/plugin-sdk/channel-policy";
import { withIds } from "../../policy/names.ts";
import {
  type AccountSettings,
  requiresMention,
  roomSettings,
  type ToolPolicySettings,
} from "../../settings.ts";
import { inspectAccount } from "./account.ts";

type Groups = NonNullable<ChannelPlugin["groups"]>;
type GroupContext = Parameters<NonNullable<Groups["resolveToolPolicy"]>>[0];

/** What a running account knows: its settings with names resolved, and which discussion belongs to which room. */
export interface RoomKnowledge {
  settings(): AccountSettings;
  /** Room and parent for an id in any case, since session keys keep none; undefined for a room never looked up. */
  findRoom(roomId: string): { readonly id: string; readonly parentId?: string | undefined } | undefined;
}

const running = new Map<string, RoomKnowledge>();

/** Answers for an account while it runs; call the returned function when it ends. */
export function shareRooms(accountId: string, knowledge: RoomKnowledge): () => void {
  running.set(accountId, knowledge);
  return () => {
    if (running.get(accountId) === knowledge) running.delete(accountId);
  };
}

function locate({ cfg, accountId, groupId }: GroupContext) {
  const configured = inspectAccount(cfg, accountId);
  const knowledge = running.get(configured.accountId);
  const settings = knowledge?.settings() ?? withIds(configured, new Map());
  const wanted = (groupId ?? "").toLowerCase();
  const listed = [...settings.rooms.keys()].find((id) => id.toLowerCase() === wanted);
  const room = knowledge?.findRoom(groupId ?? "") ?? { id: listed ?? groupId ?? "" };
  return { settings, room };
}

export const groups: Groups = {
  resolveRequireMention(context) {
    const { settings, room } = locate(context);
    return requiresMention(settings, room);
  },

  /** The room's own entry, a discussion's parent's, or the default entry: one of them, as for everything else. */
  resolveToolPolicy(context) {
    const { settings, room } = locate(context);
    const { tools, toolsBySender = {} } = roomSettings(settings, room);
    const bySender: Record<string, ToolPolicySettings> = {};
    for (const [sender, policy] of Object.entries(toolsBySender)) if (policy) bySender[sender] = policy;
    const { senderPolicyMode, senderId, senderName, senderUsername, senderE164 } = context;
    return resolveScopeToolsPolicy({
      tree: { scopes: { room: { ...(tools && { tools }), toolsBySender: bySender } } },
      path: ["room"],
      ...(senderPolicyMode && { senderPolicyMode }),
      ...(senderId != null && { senderId }),
      ...(senderName != null && { senderName }),
      ...(senderUsername != null && { senderUsername }),
      ...(senderE164 != null && { senderE164 }),
    });
  },
};
