// Owns which rooms an account serves and whom it asks OpenClaw to let speak there.

import { mentionsBot } from "../facts/mention.ts";
import type { MessageFacts, UserFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, ownRoomSettings, type RoomRef, roomSettings } from "../settings.ts";
import type { DropReason } from "./admission.ts";

/** Whether a room that is no direct message or group DM is served under `groupPolicy` and `rooms`. */
export function isRoomAllowed(settings: AccountSettings, room: RoomRef): boolean {
  if (settings.groupPolicy === "disabled") return false;
  if (roomSettings(settings, room).enabled === false) return false;
  return (
    settings.groupPolicy === "open" ||
    ownRoomSettings(settings, room) !== undefined ||
    settings.rooms.has("*")
  );
}

/** Whether a bot wrote the message: an integration or app, or a user known to be a bot. */
export function isFromBot(settings: AccountSettings, message: MessageFacts): boolean {
  return message.fromIntegration || settings.bots.has(message.sender.id);
}

/** Whether a bot's message is to be dropped under `allowBots` of the room, else of the account. */
export function isUnwantedBot(settings: AccountSettings, message: MessageFacts, room: RoomRef): boolean {
  if (!isFromBot(settings, message)) return false;
  const allowed = roomSettings(settings, room).allowBots ?? settings.allowBots;
  return allowed === "mentions" ? !mentionsBot(message, settings) : !allowed;
}

/** Judges the place of a message; undefined means that it is served there and the sender decides. */
export function refusePlace(settings: AccountSettings, room: RoomFacts): DropReason | undefined {
  if (room.olderNamesakeId !== undefined) return "id-not-unique";
  switch (room.chatType) {
    case "direct":
      return settings.dm.enabled ? undefined : "direct-messages-off";
    case "group":
      return isGroupDmServed(settings, room.id) ? undefined : "group-dms-off";
    case "channel":
      if (isUndecided(settings, room)) return "names-pending";
      if (isUnconfirmed(settings, room)) return "discussion-unconfirmed";
      return isRoomAllowed(settings, room) && !isNamedInVain(settings, room) ? undefined : "room-not-allowed";
  }
}

/**
 * Whether a name that the server could not be asked about yet may be this room's, or the one of the room that the
 * discussion was started in, and so decide about it.
 */
export function isUndecided(settings: AccountSettings, room: RoomRef): boolean {
  const { pendingNames } = settings;
  if (pendingNames.size === 0 || ownRoomSettings(settings, room) !== undefined) return false;
  if (pendingNames.has(`#${room.name}`) || pendingNames.has(`#${room.id}`)) return true;
  return room.parentId !== undefined && [...pendingNames].some(isRoomName);
}

/** Whether somebody may be a listed person whose name the server could not be asked about yet. */
export function isSenderUndecided({ pendingNames }: AccountSettings, { id, username }: UserFacts): boolean {
  return pendingNames.has(`@${username}`) || pendingNames.has(`@${id}`);
}

/**
 * An entry of this name that was not resolved may be what restricts the room, or the room of the discussion; the default
 * entry must not replace it.
 */
function isNamedInVain(settings: AccountSettings, room: RoomFacts): boolean {
  if (ownRoomSettings(settings, room) !== undefined) return false;
  const { name, parentId, parentName } = room;
  if (name !== undefined && settings.rooms.has(`#${name}`)) return true;
  if (parentId === undefined || !hasUnresolvedRoom(settings)) return false;
  return parentName === undefined || settings.rooms.has(`#${parentName}`);
}

/**
 * Whether the room may be a discussion of a room that has an entry, for all that can be seen. It gets none of that one's rights;
 * and since the entry may be what restricts it, the default entry must not replace it either.
 */
function isUnconfirmed(settings: AccountSettings, room: RoomFacts): boolean {
  const { unconfirmedParentId: parentId } = room;
  if (parentId === undefined || ownRoomSettings(settings, room) !== undefined) return false;
  return settings.rooms.has(parentId) || hasUnresolvedRoom(settings);
}

/** Whether some entry of `rooms` names a room that is not known; then a discussion's parent must be known by name. */
export function hasUnresolvedRoom({ rooms }: AccountSettings): boolean {
  return [...rooms.keys()].some(isRoomName);
}

const isRoomName = (entry: string): boolean => entry.startsWith("#");

function isGroupDmServed({ dm }: AccountSettings, roomId: string): boolean {
  return dm.groupEnabled && (dm.groupRooms?.includes(roomId) ?? true);
}

/** Who may speak in a room or group DM: everybody in it, or the listed user ids alone. */
export interface SenderRule {
  readonly groupPolicy: "open" | "allowlist";
  readonly groupAllowFrom: readonly string[];
}

/**
 * The rule for senders: in a room its `users`, else `groupAllowFrom`, else all members; in a group DM the people who
 * may write directly. A list that was written and is empty lets nobody speak, so that taking the last person off it
 * opens nothing.
 */
export function resolveSenderRule(settings: AccountSettings, room: RoomFacts): SenderRule {
  if (room.chatType === "group") return { groupPolicy: "allowlist", groupAllowFrom: settings.allowFrom };
  const listed = roomSettings(settings, room).users ?? settings.groupAllowFrom;
  return { groupPolicy: listed === undefined ? "open" : "allowlist", groupAllowFrom: listed ?? [] };
}
