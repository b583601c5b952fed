// Owns which rooms an account serves and whom it asks OpenClaw to let speak there.

import { mentionsBot } from "../facts/mention.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, roomSettings } from "../settings.ts";
import type { DropReason } from "./admission.ts";

/** Whether a room that is no direct message or group DM is served under `groupPolicy` and `rooms`. */
export function isRoomAllowed(settings: AccountSettings, roomId: string): boolean {
  if (settings.groupPolicy === "disabled") return false;
  if (roomSettings(settings, roomId).enabled === false) return false;
  return settings.groupPolicy === "open" || settings.rooms.has(roomId) || settings.rooms.has("*");
}

/**
 * Whether a bot wrote the message: another bot user of this gateway, or an integration or app. Bot users of
 * other systems look like people; for them the mention gate and OpenClaw's loop protection remain.
 */
export function isFromBot(settings: AccountSettings, message: MessageFacts): boolean {
  return message.fromIntegration || settings.siblings.has(message.sender.id);
}

/** Whether a bot's message is to be dropped under `allowBots` of the room, else of the account. */
export function isUnwantedBot(settings: AccountSettings, message: MessageFacts): boolean {
  if (!isFromBot(settings, message)) return false;
  const allowed = roomSettings(settings, message.roomId).allowBots ?? settings.allowBots;
  return allowed === "mentions" ? !mentionsBot(message, settings) : !allowed;
}

/** Judges the place of a message; undefined means that it is served there and the sender decides. */
export function refusePlace(settings: AccountSettings, room: RoomFacts): DropReason | undefined {
  switch (room.chatType) {
    case "direct":
      return settings.dm.enabled ? undefined : "direct-messages-off";
    case "group":
      return isGroupDmServed(settings, room.id) ? undefined : "group-dms-off";
    case "channel":
      return isRoomAllowed(settings, room.id) && !isNamedInVain(settings, room)
        ? undefined
        : "room-not-allowed";
  }
}

/** An entry of this name that was not resolved may be what restricts the room; the default entry must not replace it. */
function isNamedInVain({ rooms }: AccountSettings, room: RoomFacts): boolean {
  return !rooms.has(room.id) && room.name !== undefined && rooms.has(`#${room.name}`);
}

function isGroupDmServed({ dm }: AccountSettings, roomId: string): boolean {
  return dm.groupEnabled && (dm.groupRooms.length === 0 || dm.groupRooms.includes(roomId));
}

/** Who may speak in a room or group DM: everybody in it, or the listed user ids alone. */
export interface SenderRule {
  readonly groupPolicy: "open" | "allowlist";
  readonly groupAllowFrom: readonly string[];
}

/**
 * The rule for senders, as on Slack: in a room its `users`, else `groupAllowFrom`, else all members; in a
 * group DM the people who may write directly.
 */
export function resolveSenderRule(settings: AccountSettings, room: RoomFacts): SenderRule {
  if (room.chatType === "group") return { groupPolicy: "allowlist", groupAllowFrom: settings.allowFrom };
  const listed = roomSettings(settings, room.id).users ?? settings.groupAllowFrom;
  return { groupPolicy: listed.length > 0 ? "allowlist" : "open", groupAllowFrom: listed };
}
