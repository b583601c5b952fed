// Rooms: create, find, describe, rename, open and close, delete.
import { refOf, type World } from "../world.ts";
import type { Room, RoomType, User } from "./documents.ts";
import { ServerError } from "./errors.ts";
import { addMembership } from "./memberships.ts";
import { systemMessage, tellRoom, tellSubscription, touch } from "./notices.ts";
import { customExtras, empty, roomExtras } from "./shapes.ts";

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

/** A change of topic, announcement or description. */
export function describeRoom(
  world: World,
  room: Room,
  change: { field: "topic" | "announcement" | "description"; value: string; by: User },
): void {
  room[change.field] = change.value;
  if (change.field === "announcement") Object.assign(room, empty(world.traits, "announcementDetails"));
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

/** The room a caller names by id or name, if it is of one of the types. */
export function findRoom(
  world: World,
  { roomId, roomName }: { roomId?: string | undefined; roomName?: string | undefined },
  types: readonly RoomType[],
): Room | undefined {
  const room = roomId === undefined ? world.roomNamed(roomName ?? "") : world.rooms.get(roomId);
  return room && types.includes(room.t) ? room : undefined;
}
