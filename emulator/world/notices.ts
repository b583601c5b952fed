// What the world tells of its rooms: notices all see, changed rooms and memberships, whispers.
import { ROCKET_CAT, type World } from "../world.ts";
import type { Message, Room, Subscription, User, UserRef } from "./documents.ts";
import { PlainError } from "./errors.ts";
import { parseMarkdown } from "./messages/mentions.ts";
import { type Action, shownRoom, shownSubscription } from "./shapes.ts";

export interface SystemMessage {
  room: Room;
  t: string;
  msg: string;
  by: UserRef;
  extra?: Record<string, unknown>;
  /** The room's counter has been raised already. */
  counted?: boolean;
}

/** Posts a notice such as "user joined"; it does not become the room's last message. */
export function systemMessage(world: World, notice: SystemMessage): Message {
  const message = makeSystemMessage(world, notice);
  if (notice.counted !== true) {
    notice.room.msgs += 1;
    touch(world, notice.room);
  }
  world.tell({ stream: "room-messages", message });
  return message;
}

export function makeSystemMessage(world: World, { room, t, msg, by, extra = {} }: SystemMessage): Message {
  const now = world.now();
  const message: Message = {
    _id: world.newId(),
    t,
    rid: room._id,
    ts: now,
    msg,
    u: by,
    groupable: false,
    ...extra,
    _updatedAt: now,
  };
  world.messages.set(message._id, message);
  return message;
}

export function touch(world: World, room: Room): void {
  room._updatedAt = world.now();
}

/** Tells all members (and nobody else) that the room changed. */
export function tellRoom(world: World, room: Room, also: string[] = []): void {
  const members = world.membersOf(room._id).map((membership) => membership.u._id);
  for (const uid of [...members, ...also]) tellRoomTo(world, "updated", room, uid);
}

export function tellRoomTo(world: World, action: Action, room: Room, uid: string): void {
  const args = [action, shownRoom(world.traits, action, room)];
  world.tell({ stream: "notify-user", uid, event: "rooms-changed", args });
}

export function tellSubscription(world: World, action: Action, membership: Subscription): void {
  const args = [action, shownSubscription(world.traits, action, membership)];
  world.tell({ stream: "notify-user", uid: membership.u._id, event: "subscriptions-changed", args });
}

/** A notice only one user sees, from the house cat. */
export function whisper(
  world: World,
  uid: string,
  { rid, msg, md }: { rid: string; msg: string; md: unknown },
): void {
  const now = world.now();
  const u = { _id: ROCKET_CAT._id, username: ROCKET_CAT.username };
  const message = {
    groupable: false,
    u,
    private: true,
    _id: String(now.getTime()),
    rid,
    ts: now,
    _updatedAt: now,
    msg,
    md,
  };
  world.tell({ stream: "notify-user", uid, event: "message", args: [message] });
}

const REFUSAL_TEXTS: Readonly<Record<string, string>> = {
  "error-invalid-room": "Invalid room",
  "error-not-allowed": "Not allowed",
  room_is_archived: "This room is archived",
  room_is_blocked: "This room is blocked",
  You_have_been_muted: "You have been muted and cannot speak in this room",
};

/** What a refused message makes the sender's own screen say. */
export function whisperRefusal(world: World, user: User, rid: string, error: unknown): void {
  if (!(error instanceof PlainError)) return;
  const msg = REFUSAL_TEXTS[error.message] ?? error.message;
  whisper(world, user._id, { rid, msg, md: parseMarkdown(msg) });
}
