// Posting: may he, what does the text refer to, what else does the message change.
import { refOf, type World } from "../../world.ts";
import type { Mention, Message, MessageUrl, Room, Subscription, User } from "../documents.ts";
import { PlainError, ServerError } from "../errors.ts";
import { addUser, markRead } from "../memberships.ts";
import { tellRoom, tellSubscription, touch } from "../notices.ts";
import { allows, isReadOnlyFor } from "../permissions.ts";
import { empty } from "../shapes.ts";
import { parseMarkdown, type References, referencesInMarkdown, referencesInText } from "./mentions.ts";

/** A client's clock may be off by this much before its message is refused, in milliseconds. */
const MAX_CLOCK_SKEW_MS = 60_000;

/** From 9.0 on a longer text is stored unparsed (`MESSAGE_MAX_PARSE_LENGTH`). UTF-16 units. */
const MAX_PARSED = 10_000;

/** Throws when the user may not post into the room. */
export function requireMayPost(world: World, rid: string, user: User): Room {
  const room = world.rooms.get(rid);
  if (!room) throw new PlainError("error-invalid-room");
  if (!world.canAccess(room, user)) throw new PlainError("error-not-allowed");
  const membership = world.membership(rid, user._id);
  if (room.t === "d" && (membership?.blocked === true || membership?.blocker === true)) {
    throw new PlainError("room_is_blocked");
  }
  if (room.archived === true && world.traits.archivedRefuses) throw new PlainError("room_is_archived");
  if (isReadOnlyFor(room, user, membership)) {
    throw new PlainError("You can't send messages because the room is readonly.");
  }
  if (room.muted?.includes(user.username)) throw new PlainError("You_have_been_muted");
  return room;
}

/** Throws when a text is longer than a message may be. */
export function requireFits(world: World, text: string): void {
  if (text.length <= world.maxMessageSize) return;
  throw new ServerError("error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize", {
    method: "sendMessage",
  });
}

/** Throws when the workspace has lost the right to post. */
export function requireLicense(world: World): void {
  if (world.restricted) throw new ServerError("restricted-workspace");
}

/**
 * What `chat.sendMessage` and the DDP method `sendMessage` do. Answers undefined when the `_id` is taken.
 *
 * @param draft the client's message object: `rid` and whatever else, kept as it is.
 */
export function sendMessage(
  world: World,
  user: User,
  draft: Record<string, unknown> & { rid: string },
): Message | undefined {
  requireLicense(world);
  if (draft.tshow !== undefined && draft.tmid === undefined) {
    throw new ServerError("invalid-params", "tshow provided but missing tmid", { method: "sendMessage" });
  }
  const ts = timestampOf(world, draft.ts);
  for (const field of ["msg", "_id"]) requireText(draft, field);
  const msg = typeof draft.msg === "string" ? draft.msg : "";
  requireFits(world, msg);
  const parent = typeof draft.tmid === "string" ? topParent(world, draft.tmid) : undefined;
  const room = requireMayPost(world, parent?.rid ?? draft.rid, user);
  if (room.encrypted === true && draft.t !== "e2e") throw new ServerError("error-not-allowed");
  const { _id, ...rest } = draft;
  if (typeof _id === "string" && world.messages.has(_id)) return undefined;
  return insertMessage(world, room, {
    user,
    ts,
    ...(typeof _id === "string" ? { id: _id } : {}),
    fields: { ...rest, rid: room._id, msg, ...(parent ? { tmid: parent._id } : {}) },
  });
}

/** Only a server without schemas lets another type come so far. */
function requireText(draft: Record<string, unknown>, field: string): void {
  const value = draft[field];
  if (value === undefined || value === null || typeof value === "string") return;
  throw new PlainError(`Match error: Match error: Expected string, got ${typeof value} in field ${field}`);
}

function timestampOf(world: World, value: unknown): Date {
  const now = world.now();
  const given = value instanceof Date ? value : typeof value === "string" ? new Date(value) : undefined;
  if (given === undefined) return now;
  if (!(Math.abs(now.getTime() - given.getTime()) <= MAX_CLOCK_SKEW_MS)) {
    throw new ServerError("error-message-ts-out-of-sync", "Message timestamp is out of sync", {
      method: "sendMessage",
      message_ts: given,
      server_ts: now.getTime(),
    });
  }
  return now;
}

/** The message a reply is filed under: the thread's first, even when a reply is named. Undefined when unknown. */
export function topParent(world: World, tmid: string): Message | undefined {
  const named = world.messages.get(tmid);
  if (!named) return undefined;
  return named.tmid ? (world.messages.get(named.tmid) ?? named) : named;
}

export interface Insertion {
  user: User;
  ts: Date;
  /** The client's own id. */
  id?: string;
  fields: Record<string, unknown> & { msg: string };
}

/** Stores a message whose sender may send it and does everything that follows from it. */
export function insertMessage(world: World, room: Room, { user, ts, id, fields }: Insertion): Message {
  const message: Message = {
    ...fields,
    _id: id ?? world.newId(),
    rid: room._id,
    ts,
    u: refOf(user),
    _updatedAt: world.now(),
  };
  interpret(world, message, user);
  requireMayMentionAll(world, room, message, user);
  world.messages.set(message._id, message);
  const shown = !message.tmid || message.tshow === true;
  const before = !world.traits.legacy;
  if (before) updateDiscussionNotice(world, room);
  room.msgs += 1;
  if (shown) {
    room.lm = ts;
    room.lastMessage = asAnswered(world, message, id !== undefined);
  }
  touch(world, room);
  const parent = message.tmid ? world.messages.get(message.tmid) : undefined;
  if (parent) joinThread(world, parent, message);
  if (message.tmid && parent) updateThreadMemberships(world, parent, message);
  else updateMemberships(world, room, message);
  tellRoom(world, room);
  const frames = world.traits.threadParentFirst ? [parent, message] : [message, parent];
  for (const one of frames) if (one) world.tell({ stream: "room-messages", message: one });
  if (!before) updateDiscussionNotice(world, room);
  if (world.traits.autoJoinByMention) joinMentioned(world, room, message);
  if (world.traits.desktopNotifications) notifyMembers(world, room, message);
  return message;
}

/** The form REST answers and `lastMessage` keep: from 8.3 on, one with a server-made id lacks `_updatedAt`. */
export function asAnswered({ traits }: World, message: Message, hasClientId: boolean): Message {
  const copy: Message = { ...message };
  if (!hasClientId && !traits.legacy) Reflect.deleteProperty(copy, "_updatedAt");
  return copy;
}

/** The form a call that posts answers: made before the message is stored, so without null for what has no value. */
export function asPosted(world: World, message: Message, hasClientId: boolean): Message {
  const copy = asAnswered(world, message, hasClientId);
  if (copy.md !== undefined) copy.md = parseMarkdown(copy.msg);
  return copy;
}

/** Sets what the server derives from the text: `md`, `mentions`, `channels`, `urls`, quotes. */
export function interpret(world: World, message: Message, user: User): void {
  const tooLong = world.traits.since89 && message.msg.length > MAX_PARSED;
  if (message.msg === "" || tooLong) delete message.md;
  else message.md = parseMarkdown(message.msg, world.traits);
  const found = referencesOf(world, message);
  message.mentions = found.users
    .map((name) => mentionOf(world, name))
    .filter((mention) => mention !== undefined);
  message.channels = found.channels
    .map((name) => channelOf(world, name))
    .filter((channel) => channel !== undefined);
  if (message.parseUrls === false) return;
  const urls = found.urls.map((url): MessageUrl => ({ url, meta: {} }));
  message.urls = urls;
  const quotes = urls.map((url) => quoteOf(world, url, user)).filter((quote) => quote !== undefined);
  const others = message.attachments?.filter((attachment) => attachment.message_link === undefined);
  if (quotes.length > 0 || others) message.attachments = [...quotes, ...(others ?? [])];
}

function referencesOf(world: World, message: Message): References {
  if (world.traits.mentionsFromMarkdown) return referencesInMarkdown(message.md);
  return referencesInText(message.msg, String(world.setting("UTF8_User_Names_Validation")));
}

function mentionOf(world: World, name: string): Mention | undefined {
  if (name === "all" || name === "here") return { _id: name, username: name };
  const user = world.userNamed(name);
  if (user) return { _id: user._id, username: user.username, name: user.name, type: "user" };
  for (const team of world.teams.values())
    if (team.name === name) return { _id: team._id, name, type: "team" };
  return undefined;
}

function channelOf(world: World, name: string): { _id: string; name: string; fname?: string } | undefined {
  const room = world.roomNamed(name);
  if (!room?.name) return undefined;
  return { _id: room._id, ...(room.fname === undefined ? {} : { fname: room.fname }), name: room.name };
}

/** An address of a message of this server that the user may read becomes a quote. */
function quoteOf(world: World, link: MessageUrl, user: User): Record<string, unknown> | undefined {
  const site = String(world.setting("Site_Url"));
  const id = link.url.startsWith(`${site}/`) ? /[?&]msg=([^&]+)/.exec(link.url)?.[1] : undefined;
  const quoted = id === undefined ? undefined : world.messages.get(id);
  const room = quoted ? world.rooms.get(quoted.rid) : undefined;
  if (!quoted || !room || !world.canAccess(room, user)) return undefined;
  link.ignoreParse = true;
  return {
    text: quoted.msg,
    ...(quoted.md === undefined ? {} : { md: quoted.md }),
    message_link: link.url,
    author_name: quoted.u.username,
    author_icon: `/avatar/${quoted.u.username}`,
    attachments: quoted.attachments ?? [],
    ts: quoted.ts,
  };
}

function requireMayMentionAll(world: World, room: Room, message: Message, user: User): void {
  const membership = world.membership(room._id, user._id);
  for (const { _id } of message.mentions ?? []) {
    if (_id !== "all" && _id !== "here") continue;
    if (allows(`mention-${_id}`, user, membership)) continue;
    const text =
      _id === "all" ? "Notify all in this room not allowed" : "Notify active in this room not allowed";
    throw new ServerError("error-action-not-allowed", text, {
      method: _id === "all" ? "filterATAllTag" : "filterATHereTag",
      action: _id === "all" ? "Notify_all_in_this_room" : "Notify_active_in_this_room",
    });
  }
}

/** Counts a reply on its thread's parent. In a direct room all members follow. */
function joinThread(world: World, parent: Message, reply: Message): void {
  const room = world.rooms.get(parent.rid);
  const mentioned = (reply.mentions ?? [])
    .filter((mention) => world.users.has(mention._id))
    .map((mention) => mention._id);
  const all = room?.t === "d" ? (room.uids ?? []) : [];
  const members = mentioned.filter((uid) => world.membership(parent.rid, uid));
  parent.replies = [...new Set([...(parent.replies ?? []), parent.u._id, ...all, ...members, reply.u._id])];
  parent.tlm = reply.ts;
  parent.tcount = (parent.tcount ?? 0) + 1;
  parent._updatedAt = world.now();
}

/** All who follow the thread, the sender too, get its time; the others get it on their list of unread threads. */
function updateThreadMemberships(world: World, parent: Message, reply: Message): void {
  const mentioned = (reply.mentions ?? []).map(({ _id }) => _id);
  for (const uid of parent.replies ?? []) {
    const membership = world.membership(parent.rid, uid);
    if (!membership) continue;
    membership.lr = reply.ts;
    membership.alert = true;
    membership.open = true;
    membership._updatedAt = world.now();
    if (uid !== reply.u._id) membership.tunread = withOne(membership.tunread, parent._id);
    if (mentioned.includes(uid)) membership.tunreadUser = withOne(membership.tunreadUser, parent._id);
    tellSubscription(world, "updated", membership);
  }
}

function withOne(list: string[] | undefined, item: string): string[] {
  return [...new Set([...(list ?? []), item])];
}

/** Raises the other members' marks and lowers the sender's. */
function updateMemberships(world: World, room: Room, message: Message): void {
  for (const membership of world.membersOf(room._id)) {
    if (membership.u._id === message.u._id) {
      if (world.traits.postingReads) markRead(world, membership);
    } else if (raise(world, room, { membership, message })) tellSubscription(world, "updated", membership);
  }
}

function raise(
  world: World,
  room: Room,
  { membership, message }: { membership: Subscription; message: Message },
): boolean {
  const ids = (message.mentions ?? []).map((mention) => mention._id);
  const teams = ids.map((id) => world.teams.get(id)).filter((team) => team !== undefined);
  const inTeam = teams.some((team) => world.membership(team.roomId, membership.u._id) !== undefined);
  const named = inTeam || ids.includes(membership.u._id);
  const group = ids.includes("all") || ids.includes("here");
  const quiet = membership.alert && membership.open && room.t !== "d" && !named && !group;
  if (quiet) return false;
  const counts = room.t === "d" || named || group;
  // 7.7 leaves the time of a membership as it was when nothing is counted.
  if (counts || world.traits.methods !== "7.7") membership._updatedAt = world.now();
  membership.alert = true;
  membership.open = true;
  if (!counts) return true;
  membership.unread += 1;
  if (named) membership.userMentions += 1;
  if (group) membership.groupMentions += 1;
  return true;
}

/** Desktop notifications: of all messages in one's rooms, of replies to who follows the thread. */
function notifyMembers(world: World, room: Room, message: Message): void {
  const { username } = message.u;
  const name = room.t === "d" ? username : room.name;
  const notification = {
    title: room.t === "d" ? username : `#${room.name}`,
    text: room.t === "d" ? message.msg : `${username}: ${message.msg}`,
    payload: {
      _id: message._id,
      rid: room._id,
      sender: message.u,
      type: room.t,
      message: { msg: message.msg },
      name,
      ...(message.tmid ? { tmid: message.tmid } : {}),
    },
  };
  const followers = message.tmid ? (world.messages.get(message.tmid)?.replies ?? []) : undefined;
  for (const { u } of world.membersOf(room._id)) {
    if (u._id === message.u._id || (followers && !followers.includes(u._id))) continue;
    world.tell({ stream: "notify-user", uid: u._id, event: "notification", args: [notification] });
  }
}

/** A discussion's notice in the parent room: from 8.3 on it counts what was there before the message that comes now. */
function updateDiscussionNotice(world: World, room: Room): void {
  if (room.prid === undefined) return;
  for (const notice of world.messages.values()) {
    if (notice.drid !== room._id) continue;
    notice.dcount = room.msgs;
    Object.assign(notice, room.lm ? { dlm: room.lm } : empty(world.traits, "dlm"));
    notice._updatedAt = world.now();
    world.tell({ stream: "room-messages", message: notice });
  }
}

function joinMentioned(world: World, room: Room, message: Message): void {
  if (room.t !== "c") return;
  for (const { _id } of message.mentions ?? []) {
    const user = world.users.get(_id);
    if (user?.active) addUser(world, room, user);
  }
}
