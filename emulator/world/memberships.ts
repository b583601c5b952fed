// Who is in a room: join, invite, kick, leave, roles, read marks.
import { refOf, type World } from "../world.ts";
import type { Room, Subscription, User, UserRef } from "./documents.ts";
import { ServerError } from "./errors.ts";
import {
  makeSystemMessage,
  systemMessage,
  tellRoom,
  tellRoomTo,
  tellSubscription,
  touch,
} from "./notices.ts";
import { customExtras, foundingRef } from "./shapes.ts";

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
export function addMembership(
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
    ...(founding && traits.lightMemberships ? {} : { _updatedAt: world.now() }),
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
    ...(inviter === undefined || world.traits.lightMemberships ? {} : { inviter: refOf(inviter) }),
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

function countOwners(world: World, room: Room): number {
  return world.membersOf(room._id).filter(({ roles }) => roles?.includes("owner")).length;
}

/** A member leaves; he still gets the notice of it. */
export function leaveRoom(world: World, room: Room, user: User): void {
  const membership = world.membership(room._id, user._id);
  if (!membership) {
    throw new ServerError("error-user-not-in-room", "You are not in this room", { method: "leaveRoom" });
  }
  if (membership.roles?.includes("owner") && countOwners(world, room) === 1) {
    const text = "You are the last owner. Please set new owner before leaving the room.";
    throw new ServerError("error-you-are-last-owner", text, { method: "leaveRoom" });
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

/** Joins a new user to the channels everyone is in. */
export function joinDefaultChannels(world: World, user: User): void {
  for (const room of world.rooms.values()) if (room.default === true) addUser(world, room, user);
}
