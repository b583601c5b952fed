// Direct rooms: alone, of two, of several; made on demand, found again by their members.
import type { World } from "../world.ts";
import type { Room, Subscription, User } from "./documents.ts";
import { ServerError } from "./errors.ts";
import { tellRoomTo, tellSubscription } from "./notices.ts";
import { roomExtras } from "./shapes.ts";

/**
 * The direct room of exactly these users. An existing one is found whoever asks and in whatever order, and its
 * members are told of it again.
 */
export function directRoom(world: World, users: User[]): Room {
  const unique = [...new Map(users.map((user) => [user._id, user])).values()];
  const limit = Number(world.setting("DirectMesssage_maxUsers"));
  if (unique.length > limit) {
    throw new ServerError(
      "error-direct-message-max-user-exceeded",
      `You cannot add more than ${limit} users to a direct message`,
      {
        method: "createDirectMessage",
      },
    );
  }
  const sorted = unique.sort((a, b) => (a.username < b.username ? -1 : 1));
  const room = existing(world, sorted);
  if (room) {
    for (const user of sorted) tellAgain(world, room, user);
    return room;
  }
  return create(world, sorted);
}

function existing(world: World, users: User[]): Room | undefined {
  for (const room of world.rooms.values()) {
    if (
      room.t === "d" &&
      room.uids?.length === users.length &&
      users.every((user) => room.uids?.includes(user._id))
    ) {
      return room;
    }
  }
  return undefined;
}

function create(world: World, users: User[]): Room {
  const now = world.now();
  const uids = users.map((user) => user._id);
  const usernames = users.map((user) => user.username);
  const joined = world.traits.joinedDirectIds && uids.length < 3;
  const room: Room = {
    _id: joined ? [uids[0], uids.at(-1)].sort().join("") : world.newId(),
    t: "d",
    usernames,
    usersCount: users.length,
    msgs: 0,
    ts: now,
    uids,
    ...(world.traits.legacy ? { ...roomExtras(world.traits), ro: false, _USERNAMES: usernames } : {}),
    _updatedAt: now,
  };
  world.rooms.set(room._id, room);
  for (const user of users) {
    tellSubscription(world, "inserted", addDirectMembership(world, room, user, users));
    tellRoomTo(world, "inserted", room, user._id);
  }
  return room;
}

function addDirectMembership(world: World, room: Room, user: User, users: User[]): Subscription {
  const now = world.now();
  const others = users.length === 1 ? users : users.filter((other) => other !== user);
  const membership: Subscription = {
    _id: world.newId(),
    rid: room._id,
    u: { _id: user._id, username: user.username },
    ...(world.traits.legacy ? {} : { ts: now }),
    alert: false,
    unread: 0,
    userMentions: 0,
    groupMentions: 0,
    open: true,
    t: "d",
    fname: others.map((other) => other.name).join(", "),
    name: others.map((other) => other.username).join(", "),
    _updatedAt: now,
  };
  world.subscriptions.set(`${room._id} ${user._id}`, membership);
  return membership;
}

function tellAgain(world: World, room: Room, user: User): void {
  if (!world.traits.legacy) tellRoomTo(world, "updated", room, user._id);
  const membership = world.membership(room._id, user._id);
  if (!membership) return;
  membership._updatedAt = world.now();
  membership.open = true;
  tellSubscription(world, "updated", membership);
}

/** One member of a direct room of two refuses the other, or takes it back. */
export function setBlocked(
  world: World,
  room: Room,
  { by, blocked, on }: { by: User; blocked: User; on: boolean },
): void {
  const mine = world.membership(room._id, by._id);
  const his = world.membership(room._id, blocked._id);
  if (!mine || !his) throw new ServerError("error-invalid-room", "Invalid room", { method: "blockUser" });
  setFlag(world, mine, "blocker", on);
  setFlag(world, his, "blocked", on);
}

function setFlag(world: World, membership: Subscription, flag: "blocked" | "blocker", on: boolean): void {
  if (on) membership[flag] = true;
  else delete membership[flag];
  membership._updatedAt = world.now();
  tellSubscription(world, "updated", membership);
}
