// Owns telling OpenClaw which tools the agent may use in a room, and for whom.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { resolveScopeToolsPolicy } from "openclaw/plugin-sdk/channel-policy";
import { hasUnresolvedRoom } from "../../policy/access.ts";
import { withIds } from "../../policy/names.ts";
import {
  type AccountSettings,
  ownRoomSettings,
  type RoomRef,
  type RoomSettings,
  type ToolPolicySettings,
} from "../../settings.ts";
import { inspectAccount } from "./account.ts";

type Groups = NonNullable<ChannelPlugin["groups"]>;
type GroupContext = Parameters<NonNullable<Groups["resolveToolPolicy"]>>[0];

/** What a running account knows: its settings with names resolved, and which discussion belongs to which room. */
export interface RoomKnowledge {
  settings(): AccountSettings;
  /** Room, name and parent for an id in any case, since session keys keep none; undefined for a room never looked up. */
  findRoom(roomId: string): RoomRef | undefined;
}

const running = new Map<string, RoomKnowledge>();

/** Answers for an account while it runs; call the returned function when it ends. */
export function shareRooms(accountId: string, knowledge: RoomKnowledge): () => void {
  running.set(accountId, knowledge);
  return () => {
    if (running.get(accountId) === knowledge) running.delete(accountId);
  };
}

/** The running account's settings with names resolved; where it does not run, the configured ones, whose names match nobody. */
export function runningSettings(configured: AccountSettings): AccountSettings {
  return running.get(configured.accountId)?.settings() ?? withIds(configured, new Map());
}

/** The entries of which one is the room's: a single one, or all of them while it cannot be told which. */
function locate({ cfg, accountId, groupId }: GroupContext) {
  const configured = inspectAccount(cfg, accountId);
  const knowledge = running.get(configured.accountId);
  const settings = runningSettings(configured);
  const wanted = (groupId ?? "").toLowerCase();
  const known = knowledge?.findRoom(groupId ?? "");
  const byDefault = settings.rooms.get("*") ?? {};
  // Whoever makes a room may choose its id, and what OpenClaw asks with has lost the capitals.
  const listed = [...settings.rooms.keys()].filter((id) => id.toLowerCase() === wanted && id !== known?.id);
  if (known !== undefined && listed.length > 0) {
    const rooms = [known, ...listed.map((id) => ({ id }))];
    return { settings, entries: rooms.map((room) => ownEntry(settings, room) ?? byDefault) };
  }
  const own = ownEntry(settings, known ?? { id: listed[0] ?? groupId ?? "" });
  if (own !== undefined) return { settings, entries: [own] };
  return {
    settings,
    entries: isTold(settings, known) ? [byDefault] : [byDefault, ...settings.rooms.values()],
  };
}

/** An entry whose name has no id yet counts for the room that has that name. */
function ownEntry(settings: AccountSettings, room: RoomRef): RoomSettings | undefined {
  return ownRoomSettings(settings, room) ?? settings.rooms.get(`#${room.name}`);
}

/** Whether the default entry is the room's: nobody knows what a room is that was not looked up, nor whose a name is. */
function isTold(settings: AccountSettings, room: RoomRef | undefined): boolean {
  return room !== undefined && (room.parentId === undefined || !hasUnresolvedRoom(settings));
}

/** What every one of the policies lets through; one that is absent lets everything. */
function strictestOf(policies: readonly (ToolPolicySettings | undefined)[]): ToolPolicySettings | undefined {
  if (policies.length < 2) return policies[0];
  const lists = policies.flatMap(({ allow } = {}) => (allow === undefined ? [] : [allow]));
  const allow = lists.length === 0 ? undefined : lists.reduce(inBoth);
  const deny = allow?.length === 0 ? ["*"] : [...new Set(policies.flatMap((policy) => policy?.deny ?? []))];
  if (allow === undefined && deny.length === 0) return undefined;
  return { ...(allow !== undefined && allow.length > 0 && { allow }), ...(deny.length > 0 && { deny }) };
}

function inBoth(these: string[], those: string[]): string[] {
  if (these.includes("*")) return those;
  return those.includes("*") ? these : these.filter((name) => those.includes(name));
}

function policyOf({ tools, toolsBySender = {} }: RoomSettings, context: GroupContext) {
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
}

export const groups: Groups = {
  resolveRequireMention(context) {
    const { settings, entries } = locate(context);
    return entries.some(({ requireMention }) => requireMention ?? settings.requireMention);
  },

  /**
   * The policy of the room's own entry, a discussion's parent's, or the default entry: one of them, as for everything else.
   * While it cannot be told which, what all of them let through.
   */
  resolveToolPolicy(context) {
    return strictestOf(locate(context).entries.map((entry) => policyOf(entry, context)));
  },
};
