// Owns what wakes the agent in a room: its name, its team, a configured pattern, its threads and quotes of it.

import { isAudio } from "../facts/attachment.ts";
import { mentionsBot } from "../facts/mention.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, type RoomRef, requiresMention, roomSettings } from "../settings.ts";
import { isRoomAllowed, isUnwantedBot } from "./access.ts";
import type { DropReason } from "./admission.ts";

/** The ways to address the bot without naming it, by OpenClaw's words. */
export type ImplicitMention = "reply_to_bot" | "quoted_bot" | "bot_thread_participant";

/** What is remembered, and answered without asking anybody. */
export interface Knowledge {
  /** Whether a pattern that the configuration counts as a mention occurs in a room's message. */
  matchesPattern(message: MessageFacts): boolean;
  /** Whether voice messages of a room are listened to for a pattern: a voice names nobody by an `@`. */
  hearsVoices(roomId: string): boolean;
  /** What the bot user is in a thread: author of its root, of a reply, or neither. */
  threadRole(threadId: string): "author" | "participant" | undefined;
  /** Whether the bot user belongs to the team; undefined when that is not known. */
  isOwnTeam(teamId: string): boolean | undefined;
  /** The room a discussion was started in, undefined for other rooms; `"unknown"` until the room was looked up. */
  parentOf(roomId: string): string | undefined | "unknown";
}

export interface Activation {
  /** By name, team or pattern; undefined when a team that nobody has asked about yet may decide it. */
  readonly wasMentioned: boolean | undefined;
  /** Allowed ones alone. */
  readonly implicit: readonly ImplicitMention[];
}

/** Reads from a message what may wake the agent. `@all` and `@here` never do. */
export function readActivation(
  message: MessageFacts,
  settings: AccountSettings,
  known: Knowledge,
): Activation {
  return {
    wasMentioned: wasMentioned(message, settings, known),
    implicit: implicitMentions(message, settings, known),
  };
}

function wasMentioned(
  message: MessageFacts,
  settings: AccountSettings,
  known: Knowledge,
): boolean | undefined {
  if (mentionsBot(message, settings) || known.matchesPattern(message)) return true;
  if (message.mentions.length === 0) return false;
  const teams = message.mentions.filter(({ kind }) => kind === "team").map(({ id }) => known.isOwnTeam(id));
  if (teams.includes(true)) return true;
  return teams.includes(undefined) ? undefined : false;
}

function implicitMentions(
  message: MessageFacts,
  { username, implicitMentions: allowed }: AccountSettings,
  known: Knowledge,
): ImplicitMention[] {
  if (message.threadId === undefined && message.quotedUsernames.length === 0) return [];
  const role = message.threadId === undefined ? undefined : known.threadRole(message.threadId);
  return [
    ...(allowed.replyToBot && role === "author" ? (["reply_to_bot"] as const) : []),
    ...(allowed.threadParticipation && role === "participant" ? (["bot_thread_participant"] as const) : []),
    ...(allowed.quotedBot && message.quotedUsernames.includes(username) ? (["quoted_bot"] as const) : []),
  ];
}

/**
 * Judges a message in a room that is no direct message or group DM, by all that needs no question to OpenClaw;
 * undefined means that it may go on. What is not known counts in the message's favour.
 */
export function refuseInRoom(
  message: MessageFacts,
  room: RoomRef,
  { settings, known }: { settings: AccountSettings; known: Knowledge },
): DropReason | undefined {
  if (isUnwantedBot(settings, message, room)) return "bot-message";
  if (!isRoomAllowed(settings, room)) return "room-not-allowed";
  const { wasMentioned, implicit } = readActivation(message, settings, known);
  if (wasMentioned !== false) return undefined;
  if (requiresMention(settings, room) && implicit.length === 0)
    return isVoice(message) && known.hearsVoices(message.roomId) ? undefined : "not-mentioned";
  const others = roomSettings(settings, room).ignoreOtherMentions === true && mentionsSomebody(message);
  return others ? "others-mentioned" : undefined;
}

/** A recording without a word beside it. */
const isVoice = ({ text, files }: MessageFacts): boolean => text.trim() === "" && files.some(isAudio);

/** Whether only what is said in a room's message tells if it concerns the bot, as `refuseInRoom` left it open. */
export function isUnheard(
  message: MessageFacts,
  room: RoomFacts,
  { settings, known }: { settings: AccountSettings; known: Knowledge },
): boolean {
  if (room.chatType !== "channel" || !requiresMention(settings, room) || !isVoice(message)) return false;
  const { wasMentioned, implicit } = readActivation(message, settings, known);
  return wasMentioned === false && implicit.length === 0;
}

function mentionsSomebody({ mentions }: MessageFacts): boolean {
  return mentions.some(({ kind }) => kind !== "everyone");
}
