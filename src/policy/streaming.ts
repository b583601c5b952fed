// Owns which streaming mode holds for a chat: what people see of an answer before it is whole.

import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, roomSettings, type StreamingMode } from "../settings.ts";

/** The mode in force: that of the room's entry (never for direct messages and group DMs), the chat type's, the account's. */
export function resolveStreamingMode(settings: AccountSettings, room: RoomFacts): StreamingMode {
  const ofRoom = room.chatType === "channel" ? roomSettings(settings, room).streamingMode : undefined;
  return ofRoom ?? settings.streamingModeByChatType[room.chatType] ?? settings.streaming.mode;
}
