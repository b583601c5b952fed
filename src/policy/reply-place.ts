// Owns which reply mode holds for a chat (off, first, all, batched), and which thread a message's session belongs to.

import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, type ReplyToMode, requiresMention, roomSettings } from "../settings.ts";

/** The mode in force: that of the room's entry (never for direct messages and group DMs), the chat type's, the account's. */
export function resolveReplyToMode(settings: AccountSettings, room: RoomFacts): ReplyToMode {
  const ofRoom = room.chatType === "channel" ? roomSettings(settings, room).replyToMode : undefined;
  return ofRoom ?? replyToModeOf(settings, room.chatType);
}

/** The same where only the chat type is known. */
export function replyToModeOf(
  settings: AccountSettings,
  chatType: RoomFacts["chatType"] | undefined,
): ReplyToMode {
  const ofType = chatType && settings.replyToModeByChatType[chatType];
  return ofType ?? settings.replyToMode;
}

export interface SessionInput {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly wasMentioned: boolean;
  /** Set when the message is a command. */
  readonly command?: object | undefined;
}

/**
 * The thread whose session a message belongs to; undefined: the room's or the sender's own. A reply in a
 * thread of a room or group DM belongs to that thread. A top-level message of a room that a thread is expected
 * to start under belongs to the thread to come, so that question and follow-ups share a session. Threads of
 * direct messages have no session of their own. A command starts no thread: it concerns the place it stands in.
 */
export function sessionThread(
  settings: AccountSettings,
  { message, room, wasMentioned, command }: SessionInput,
): string | undefined {
  if (room.chatType === "direct") return undefined;
  if (message.threadId !== undefined) return message.threadId;
  const isAddressed = wasMentioned || !requiresMention(settings, room);
  const startsThread =
    command === undefined &&
    room.chatType === "channel" &&
    isAddressed &&
    resolveReplyToMode(settings, room) !== "off";
  return startsThread ? message.id : undefined;
}
