// Rooms and who is in them: create, join, invite, kick, leave, rename, describe, delete.
import { ROCKET_CAT, refOf, type World } from "../world.ts";
import type { Message, Room, RoomType, Subscription, User, UserRef } from "./documents.ts";
import { ServerError } from "./errors.ts";
import {
  type Action,
  customExtras,
  foundingRef,
  roomExtras,
  shownRoom,
  shownSubscription,
} from "./shapes.ts";

export interface NewRoom {
  name: string;
  type: "c" | "p";
  by: User;
  members: string[];
  readOnly?: boolean;
  extra?: Record<string, unknown>;
}

/** Creates a channel or group; the members get no notice but their new subscription. */
export function createRoom(
  world: World,
  { name, type, by, members, readOnly = false, extra = {} }: NewRoom,
): Room {
  if (!new RegExp(`^${String(world.setting("UTF8_User_Names_Validation"))}$`).test(name)) {
    throw new ServerError("error-invalid-room-name", `${name} is not a valid room name.`, {
      function: "RocketChat.getValidRoomName",
      channel_name: name,
    });
  }
  if (world.roomNamed(name)) {
    throw new ServerError("error-duplicate-channel-name", `A channel with name '${name}' exists`, {
      function: "RocketChat.getValidRoomName",
      channel_name: name,
    });
  }
  const users = [
    by,
    ...members.map((member) => world.userNamed(member)).filter((user) => user !== undefined),
  ];
  const unique = [...new Map(users.map((user) => [user._id, user])).values()];
  const now = world.now();
  const plain = extra.prid === undefined && extra.teamId === undefined;
  const room: Room = {
    _id: world.newId(),
    fname: name,
    _updatedAt: now,
    ...(plain ? customExtras(world.traits) : {}),
    ...extra,
    name,
    t: type,
    msgs: 0,
    usersCount: unique.length,
    u: refOf(by),
    ts: now,
    ro: readOnly,
    ...roomExtras(world.traits),
  };
  world.rooms.set(room._id, room);
  for (const user of unique) {
    const own = user._id === by._id ? { roles: ["owner"], ls: now } : {};
    addMembership(world, room, { user, founding: true, alert: false, ts: now, ...own });
  }
  return room;
}

interface MembershipFields {
  alert: boolean;
  ts: Date;
  unread?: number;
  userMentions?: number;
  inviter?: UserRef;
  roles?: string[];
  ls?: Date;
}

/** `founding`: the member came with the room. */
function addMembership(
  world: World,
  room: Room,
  { user, founding, ...fields }: MembershipFields & { user: User; founding: boolean },
): Subscription {
  const { alert, ts, unread = 0, userMentions = 0, ...rest } = fields;
  const { traits } = world;
  const ref = { _id: user._id, username: user.username, name: user.name };
  const membership: Subscription = {
    _id: world.newId(),
    open: true,
    alert,
    unread,
    userMentions,
    groupMentions: 0,
    ts,
    rid: room._id,
    ...(room.name === undefined ? {} : { name: room.name }),
    ...(room.fname === undefined ? {} : { fname: room.fname }),
    ...(room.prid === undefined && room.teamId === undefined ? customExtras(traits) : {}),
    t: room.t,
    u: founding ? foundingRef(traits, ref) : ref,
    ...(room.prid === undefined ? {} : { prid: room.prid }),
    ...rest,
    ...(founding && traits.legacy ? {} : { _updatedAt: world.now() }),
  };
  world.subscriptions.set(`${room._id} ${user._id}`, membership);
  tellSubscription(world, "inserted", membership);
  return membership;
}

/** Makes a user a member, by himself or by an inviter, with the notice all see. Returns whether he was not one yet. */
export function addUser(world: World, room: Room, user: User, inviter?: User): boolean {
  if (world.membership(room._id, user._id)) return false;
  const ts = world.now();
  room.usersCount += 1;
  const { legacy } = world.traits;
  addMembership(world, room, {
    user,
    founding: false,
    alert: true,
    unread: 1,
    userMentions: 1,
    ts,
    ...(inviter === undefined || legacy ? {} : { inviter: refOf(inviter) }),
  });
  room.msgs += 1;
  touch(world, room);
  tellRoomTo(world, "inserted", room, user._id);
  tellRoom(world, room);
  tellRoom(world, room);
  if (inviter === undefined || (legacy && room.t === "c"))
    systemMessage(world, { room, t: "uj", msg: user.username, by: refOf(user), counted: true });
  else {
    const by = { _id: inviter._id, username: inviter.username };
    systemMessage(world, { room, t: "au", msg: user.username, by, counted: true });
  }
  return true;
}

/** Takes a member out against his will. */
export function kickUser(world: World, room: Room, user: User, by: User): void {
  const membership = world.membership(room._id, user._id);
  if (!membership) {
    throw new ServerError("error-user-not-in-room", "User is not in this room", {
      method: "removeUserFromRoom",
    });
  }
  dropMembership(world, room, membership);
  systemMessage(world, { room, t: "ru", msg: user.username, by: refOf(by) });
}

/** A member leaves; he still gets the notice of it. */
export function leaveRoom(world: World, room: Room, user: User): void {
  const membership = world.membership(room._id, user._id);
  if (!membership) {
    throw new ServerError("error-user-not-in-room", "You are not in this room", { method: "leaveRoom" });
  }
  world.subscriptions.delete(`${room._id} ${user._id}`);
  const message = makeSystemMessage(world, { room, t: "ul", msg: user.username, by: refOf(user) });
  room.msgs += 1;
  touch(world, room);
  tellRoom(world, room, [user._id]);
  world.tell({ stream: "room-messages", message, also: [user._id] });
  room.usersCount -= 1;
  tellSubscription(world, "removed", membership);
}

function dropMembership(world: World, room: Room, membership: Subscription): void {
  world.subscriptions.delete(`${room._id} ${membership.u._id}`);
  room.usersCount -= 1;
  tellSubscription(world, "removed", membership);
}

/** Deletes a room with all that is in it. */
export function deleteRoom(world: World, room: Room): void {
  for (const membership of world.membersOf(room._id)) {
    world.subscriptions.delete(`${room._id} ${membership.u._id}`);
    tellSubscription(world, "removed", membership);
  }
  for (const message of world.messagesOf(room._id)) world.messages.delete(message._id);
  for (const upload of [...world.uploads.values()]) {
    if (upload.rid === room._id) world.uploads.delete(upload._id);
  }
  world.rooms.delete(room._id);
  if (world.traits.legacy) forgetDiscussion(world, room);
}

/** In 6.5 the notice in the parent room no longer leads to a discussion that is gone. */
function forgetDiscussion(world: World, room: Room): void {
  for (const notice of world.messages.values()) {
    if (notice.drid !== room._id) continue;
    for (const key of ["drid", "dcount", "dlm"]) Reflect.deleteProperty(notice, key);
    notice._updatedAt = world.now();
    world.tell({ stream: "room-messages", message: notice });
  }
}

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

function makeSystemMessage(world: World, { room, t, msg, by, extra = {} }: SystemMessage): Message {
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

/** A change of topic, announcement or description. */
export function describeRoom(
  world: World,
  room: Room,
  change: { field: "topic" | "announcement" | "description"; value: string; by: User },
): void {
  room[change.field] = change.value;
  noticeOfChange(world, room, { t: `room_changed_${change.field}`, msg: change.value, by: change.by });
}

/** Renames a channel or group; the id stays. */
export function renameRoom(world: World, room: Room, { name, by }: { name: string; by: User }): void {
  const other = world.roomNamed(name);
  if (other && other !== room) {
    throw new ServerError("error-duplicate-channel-name", `A channel with name '${name}' exists`, {
      function: "RocketChat.getValidRoomName",
      channel_name: name,
    });
  }
  room.name = name;
  room.fname = name;
  for (const membership of world.membersOf(room._id)) {
    membership.name = name;
    membership.fname = name;
    membership._updatedAt = world.now();
    tellSubscription(world, "updated", membership);
  }
  noticeOfChange(world, room, { t: "r", msg: name, by });
}

/** Turns a channel into a group or back. */
export function setRoomType(world: World, room: Room, { type, by }: { type: "c" | "p"; by: User }): void {
  room.t = type;
  if (world.traits.legacy) delete room.default;
  for (const membership of world.membersOf(room._id)) {
    membership.t = type;
    membership._updatedAt = world.now();
    tellSubscription(world, "updated", membership);
  }
  const msg = type === "p" ? "private" : "public";
  noticeOfChange(world, room, { t: "room_changed_privacy", msg, by });
}

export function setReadOnly(
  world: World,
  room: Room,
  { readOnly, by }: { readOnly: boolean; by: User },
): void {
  room.ro = readOnly;
  room.muted ??= [];
  noticeOfChange(world, room, { t: readOnly ? "room-set-read-only" : "room-removed-read-only", msg: "", by });
}

/** Only the owner's archive is final for him: to undo it takes an administrator. */
export function archiveRoom(
  world: World,
  room: Room,
  { archived, by }: { archived: boolean; by: User },
): void {
  room.archived = archived;
  noticeOfChange(world, room, { t: archived ? "room-archived" : "room-unarchived", msg: "", by });
}

/** Mutes or unmutes a member. */
export function muteUser(
  world: World,
  room: Room,
  { user, muted, by }: { user: User; muted: boolean; by: User },
): void {
  const others = (room.muted ?? []).filter((name) => name !== user.username);
  room.muted = muted ? [...others, user.username] : others;
  noticeOfChange(world, room, { t: muted ? "user-muted" : "user-unmuted", msg: user.username, by });
}

/** Gives a member a role in the room, or takes it. */
export function setRoomRole(
  world: World,
  room: Room,
  { user, role, given, by }: { user: User; role: string; given: boolean; by: User },
): void {
  const membership = world.membership(room._id, user._id);
  if (!membership) throw new ServerError("error-user-not-in-room", "User is not in this room");
  const others = (membership.roles ?? []).filter((held) => held !== role);
  membership.roles = given ? [...others, role] : others;
  membership._updatedAt = world.now();
  tellSubscription(world, "updated", membership);
  room.msgs += 1;
  touch(world, room);
  tellRoom(world, room);
  const t = given ? "subscription-role-added" : "subscription-role-removed";
  systemMessage(world, { room, t, msg: user.username, by: refOf(by), extra: { role }, counted: true });
}

function noticeOfChange(
  world: World,
  room: Room,
  { t, msg, by }: { t: string; msg: string; by: User },
): void {
  room.msgs += 1;
  touch(world, room);
  tellRoom(world, room);
  tellRoom(world, room);
  systemMessage(world, { room, t, msg, by: refOf(by), counted: true });
}

/** Hides a room from the member's list, or shows it again. */
export function setOpen(world: World, membership: Subscription, open: boolean): void {
  membership.open = open;
  if (!open) membership.alert = false;
  membership._updatedAt = world.now();
  tellSubscription(world, "updated", membership);
}

/** Marks a room as read by a member. */
export function markRead(world: World, membership: Subscription): void {
  membership.alert = false;
  membership.unread = 0;
  membership.userMentions = 0;
  membership.groupMentions = 0;
  membership.ls = world.now();
  membership._updatedAt = membership.ls;
  tellSubscription(world, "updated", membership);
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

/** The room a caller names by id or name, if it is of one of the types. */
export function findRoom(
  world: World,
  { roomId, roomName }: { roomId?: string | undefined; roomName?: string | undefined },
  types: readonly RoomType[],
): Room | undefined {
  const room = roomId === undefined ? world.roomNamed(roomName ?? "") : world.rooms.get(roomId);
  return room && types.includes(room.t) ? room : undefined;
}

/** Joins a new user to the channels everyone is in. */
export function joinDefaultChannels(world: World, user: User): void {
  for (const room of world.rooms.values()) if (room.default === true) addUser(world, room, user);
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
