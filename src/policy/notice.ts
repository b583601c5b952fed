// Owns which happenings in a room an agent is told of, without running for them, and how they are put to it.

import type { Change, Revision } from "../facts/change.ts";
import type { MessageFacts, UserFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { AccountSettings } from "../settings.ts";
import type { DropReason } from "./admission.ts";
import { mayTrigger } from "./trigger.ts";

/** Something that somebody did in a room. */
export type Notice =
  | { readonly kind: "reaction"; readonly added: boolean; readonly emoji: string; readonly username: string }
  /** `by`: undefined where the server does not say who. */
  | { readonly kind: "edited" | "unpinned"; readonly by: UserFacts | undefined }
  /** `count`: how many messages of the same author. */
  | { readonly kind: "deleted"; readonly by: UserFacts | undefined; readonly count: number }
  | { readonly kind: SystemNotice; readonly by: UserFacts };

/** By the system message's `t` (recordings `room-lifecycle`, `pin-star`); all other types concern administration. */
const SYSTEM_NOTICES = {
  uj: "joined",
  ujt: "joined",
  ul: "left",
  ult: "left",
  au: "added",
  ru: "removed",
  r: "renamed",
  room_changed_topic: "topic",
  message_pinned: "pinned",
} as const;

type SystemType = keyof typeof SYSTEM_NOTICES;
type SystemNotice = (typeof SYSTEM_NOTICES)[SystemType];

const isSystemType = (type: string): type is SystemType => Object.hasOwn(SYSTEM_NOTICES, type);

/** What a system message tells of, if it concerns an agent. */
export function readSystemNotice({ systemType, sender }: MessageFacts): Notice | undefined {
  if (systemType === undefined || !isSystemType(systemType)) return undefined;
  return { kind: SYSTEM_NOTICES[systemType], by: sender };
}

/** What a change tells of, if it concerns an agent. A pin comes as a system message, too, and is told by that. */
export function readChangeNotice(change: Change, now: Revision): Notice | undefined {
  switch (change.kind) {
    case "reaction-added":
    case "reaction-removed": {
      const { kind, emoji, username } = change;
      return { kind: "reaction", added: kind === "reaction-added", emoji, username };
    }
    case "edited":
      return { kind: change.kind, by: now.editedBy };
    case "deleted":
      return { kind: change.kind, by: now.editedBy, count: change.count ?? 1 };
    case "unpinned":
      return { kind: change.kind, by: now.pinnedBy };
    default:
      return undefined;
  }
}

/** Whether a reaction is added to a message to ask the agent for something, as far as the event alone tells. */
export function mayAsk(notice: Notice, settings: AccountSettings): boolean {
  return notice.kind === "reaction" && notice.added && mayTrigger(settings, notice.emoji);
}

/** Judges a notice as far as the event alone tells; undefined means that it may go on. */
export function refuseNotice(
  notice: Notice,
  message: MessageFacts,
  settings: AccountSettings,
): DropReason | undefined {
  if (notice.kind !== "reaction") return notice.by?.id === settings.userId ? "own-message" : undefined;
  if (notice.username === settings.username) return "own-message";
  if (settings.reactionNotifications === "off") return "change-unwanted";
  const own = message.sender.id === settings.userId;
  return settings.reactionNotifications === "own" && !own ? "change-unwanted" : undefined;
}

/** Judges who did it, once that is known by id. */
export function refuseActor(
  notice: Notice,
  actor: UserFacts,
  settings: AccountSettings,
): DropReason | undefined {
  if (actor.id === settings.userId) return "own-message";
  if (notice.kind !== "reaction" || settings.reactionNotifications !== "allowlist") return undefined;
  const allowed = settings.reactionAllowlist;
  return allowed.includes("*") || allowed.includes(actor.id) ? undefined : "change-unwanted";
}

/** The server's own ids are letters and digits; what a sender chose in their place may be words, and is not shown. */
const showId = ({ id }: MessageFacts): string =>
  /^[\w-]{1,64}$/.test(id) ? id : "with an id of its sender's";

/** One sentence for the agent. Only names and ids are in it: texts that people wrote are no news from the system. */
export function phraseNotice(
  notice: Notice,
  { message, room, actor }: { message: MessageFacts; room: RoomFacts; actor: UserFacts },
): string {
  const place = phrasePlace(room);
  const who = nameOf(actor);
  switch (notice.kind) {
    case "reaction": {
      const what = `Rocket.Chat reaction ${notice.added ? "added" : "removed"}: ${plain(notice.emoji)}`;
      return `${what} by ${who} in ${place} msg ${showId(message)} from ${nameOf(message.sender)}`;
    }
    case "edited":
    case "deleted":
      if (notice.kind === "deleted" && notice.count > 1)
        return `Rocket.Chat messages deleted in ${place}: ${notice.count} from ${nameOf(message.sender)}`;
      return `Rocket.Chat message ${notice.kind} in ${place}: msg ${showId(message)} from ${nameOf(message.sender)}${
        notice.by === undefined || notice.by.id === message.sender.id ? "" : ` by ${who}`
      }`;
    case "unpinned":
      return `Rocket.Chat: ${who} unpinned msg ${showId(message)} in ${place}`;
    case "pinned":
      return `Rocket.Chat: ${who} pinned a message in ${place}`;
    case "joined":
    case "left":
      return `Rocket.Chat: ${who} ${notice.kind} ${place}`;
    case "added":
      return `Rocket.Chat: ${who} added ${plain(message.text)} to ${place}`;
    case "removed":
      return `Rocket.Chat: ${who} removed ${plain(message.text)} from ${place}`;
    case "renamed":
      return `Rocket.Chat: ${who} renamed ${place} to ${plain(message.text)}`;
    case "topic":
      return `Rocket.Chat: ${who} changed the topic of ${place}`;
  }
}

function phrasePlace({ chatType, label, id }: RoomFacts): string {
  if (chatType === "direct") return "the direct message";
  return chatType === "group" ? "the group DM" : `#${plain(label ?? id)}`;
}

/** Usernames are what people mention; display names may hold anything. */
function nameOf({ username, id }: UserFacts): string {
  return plain(username ?? id);
}

/** The longest name that is told. UTF-16 units. */
const MAX_NAME = 80;

/** What looks like a name and not like a sentence. */
const NAME = /^[\p{L}\p{N}_.:+@-]*$/u;

/** A name as part of a sentence: on one line, of bounded length, and in quotation marks where it could be taken for words. */
function plain(name: string): string {
  const line = name
    .replace(/[\p{C}\p{Z}]+/gu, " ")
    .replace(/[[\]<>`]/g, "")
    .slice(0, MAX_NAME)
    .trim();
  return NAME.test(line) ? line : JSON.stringify(line);
}
