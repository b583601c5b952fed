// The endpoints channels.*, groups.*, rooms.* and subscriptions.*.

import { createDiscussion } from "../world/discussions.ts";
import type { Message, Room, RoomType, User } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { history } from "../world/histories.ts";
import { allows } from "../world/permissions.ts";
import {
  addUser,
  archiveRoom,
  createRoom,
  deleteRoom,
  describeRoom,
  findRoom,
  kickUser,
  leaveRoom,
  markRead,
  muteUser,
  renameRoom,
  setOpen,
  setReadOnly,
  setRoomRole,
  setRoomType,
} from "../world/rooms.ts";
import { filesOf } from "../world/uploads.ts";
import type { World } from "../world.ts";
import {
  body,
  isTrue,
  number,
  object,
  PAGE,
  type Page,
  paged,
  query,
  Reply,
  type Route,
  route,
  text,
} from "./route.ts";

/** How the two families of rooms differ in their endpoints. */
interface Family {
  prefix: "channels" | "groups";
  /** The key of a room in an answer, and the word in an error. */
  word: "channel" | "group";
  type: "c" | "p";
}

const FAMILIES: readonly Family[] = [
  { prefix: "channels", word: "channel", type: "c" },
  { prefix: "groups", word: "group", type: "p" },
];

interface RoomRef {
  roomId?: string | undefined;
  roomName?: string | undefined;
}

/** The room an endpoint of a family is asked for; groups one is not in do not exist. */
function requireRoom(world: World, user: User, family: Family, ref: RoomRef): Room {
  const room = findRoom(world, ref, [family.type]);
  const hidden = room && family.type === "p" && !world.canAccess(room, user);
  if (!room || hidden) throw notFound(family.word);
  return room;
}

function notFound(word: string): ServerError {
  return new ServerError(
    "error-room-not-found",
    `The required "roomId" or "roomName" param provided does not match any ${word}`,
  );
}

function refOfBody(request: Record<string, unknown>): RoomRef {
  const { roomId, roomName } = request;
  return {
    ...(typeof roomId === "string" ? { roomId } : {}),
    ...(typeof roomName === "string" ? { roomName } : {}),
  };
}

/** The user an endpoint is asked for by id or name. */
function requireTarget(world: World, request: Record<string, unknown>): User {
  const { userId, username } = request;
  const user = typeof userId === "string" ? world.users.get(userId) : world.userNamed(String(username ?? ""));
  if (!user) {
    throw new ServerError(
      "error-invalid-user",
      'The required "userId" or "username" param provided does not match any users',
    );
  }
  return user;
}

function requireRight(world: World, user: User, room: Room, permission: string, method: string): void {
  if (!allows(permission, user, world.membership(room._id, user._id))) {
    throw new ServerError("error-not-allowed", "Not allowed", { method });
  }
}

interface Change {
  world: World;
  user: User;
  room: Room;
  request: Record<string, unknown>;
}

/** An endpoint that changes a room and answers something of it. */
function change(family: Family, name: string, run: (change: Change) => Record<string, unknown>): Route {
  return route("POST", `${family.prefix}.${name}`, {
    run({ world, user, body: request }) {
      const room = requireRoom(world, user, family, refOfBody(request));
      return run({ world, user, room, request });
    },
  });
}

interface CreateBody {
  name: string;
  members?: string[];
  readOnly?: boolean;
  extraData?: Record<string, unknown>;
}

function create(family: Family): Route {
  return route("POST", `${family.prefix}.create`, {
    body: body<CreateBody>(
      object(
        {
          name: text,
          members: { type: "array", items: text },
          readOnly: { type: "boolean" },
          extraData: { type: "object" },
        },
        ["name"],
        true,
      ),
    ),
    run({ world, user, body: { name, members = [], readOnly = false, extraData = {} } }) {
      if (!allows(`create-${family.type}`, user))
        return new Reply(403, { success: false, error: "unauthorized" });
      const room = createRoom(world, {
        name,
        type: family.type,
        by: user,
        members,
        readOnly,
        extra: extraData,
      });
      return { [family.word]: room };
    },
  });
}

function describe(family: Family, field: "topic" | "announcement" | "description"): Route {
  const name = `set${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  return change(family, name, ({ world, user, room, request }) => {
    requireRight(world, user, room, "edit-room", "saveRoomSettings");
    const value = String(request[field] ?? "");
    describeRoom(world, room, { field, value, by: user });
    return { [field]: value };
  });
}

function setRole(
  family: Family,
  { name, role, given }: { name: string; role: string; given: boolean },
): Route {
  return change(family, name, ({ world, user, room, request }) => {
    requireRight(world, user, room, role === "owner" ? "set-owner" : "set-moderator", name);
    setRoomRole(world, room, { user: requireTarget(world, request), role, given, by: user });
    return {};
  });
}

const historyFields = {
  roomId: text,
  roomName: text,
  latest: text,
  oldest: text,
  inclusive: text,
  unreads: text,
  showThreadMessages: text,
  count: number,
  offset: number,
  sort: text,
};

export interface HistoryParams extends RoomRef {
  latest?: string;
  oldest?: string;
  inclusive?: string;
  unreads?: string;
  showThreadMessages?: string;
  count?: number;
  offset?: number;
}

/** Reads a room's past the way the query asks. */
export function readHistory(world: World, room: Room, params: HistoryParams): Record<string, unknown> {
  const { latest, oldest, inclusive, unreads, showThreadMessages, count = 20, offset = 0 } = params;
  const messages = history(world, room, {
    latest: latest === undefined ? undefined : new Date(latest),
    oldest: oldest === undefined ? undefined : new Date(oldest),
    inclusive: isTrue(inclusive),
    count,
    offset,
    threadReplies: isTrue(showThreadMessages),
  });
  return { messages, ...(isTrue(unreads) ? { unreadNotLoaded: 0 } : {}) };
}

function readPast(family: Family): Route {
  return route("GET", `${family.prefix}.history`, {
    query: query<HistoryParams>({
      oneOf: [{ ...object(historyFields, ["roomId"]) }, { ...object(historyFields, ["roomName"]) }],
    }),
    run({ world, user, query: params }) {
      return readHistory(world, requireRoom(world, user, family, params), params);
    },
  });
}

interface ListParams extends Page, RoomRef {}

const listQuery = query<ListParams>(
  object({ ...PAGE, roomId: text, roomName: text, "status[]": text, filter: text }, [], true),
);

/** An endpoint that lists something of a room, in pages. */
function listOf(
  family: Family,
  name: string,
  { key, of }: { key: string; of: (world: World, room: Room) => unknown[] },
): Route {
  return route("GET", `${family.prefix}.${name}`, {
    query: listQuery,
    run({ world, user, query: { count, offset, ...ref } }) {
      const list = of(world, requireRoom(world, user, family, ref));
      const { page, counts } = paged(list, {
        ...(count === undefined ? {} : { count }),
        ...(offset === undefined ? {} : { offset }),
      });
      return { [key]: page, ...counts };
    },
  });
}

function membersOf(world: World, room: Room): unknown[] {
  const users = world.membersOf(room._id).map(({ u }) => world.users.get(u._id));
  const known = users.filter((user) => user !== undefined).sort(byStatusAndName);
  return known.map(({ _id, username, name, status, updatedAt }) => ({
    _id,
    username,
    name,
    status,
    _updatedAt: updatedAt,
  }));
}

/** Online before offline (the names of the states, backwards), then by name. */
function byStatusAndName(a: User, b: User): number {
  if (a.status !== b.status) return a.status > b.status ? -1 : 1;
  return a.username < b.username ? -1 : 1;
}

function newestFirst(world: World, room: Room): Message[] {
  return world.messagesOf(room._id).reverse();
}

function ofFamily(family: Family): Route[] {
  const { prefix, word, type } = family;
  const get = (name: string, run: (world: World, room: Room) => Record<string, unknown>) =>
    route("GET", `${prefix}.${name}`, {
      run: ({ world, user, query: ref }) => run(world, requireRoom(world, user, family, ref)),
    });
  return [
    create(family),
    get("info", (_world, room) => ({ [word]: room })),
    get("roles", (world, room) => ({ roles: rolesOf(world, room) })),
    get("moderators", (world, room) => ({
      moderators: world
        .membersOf(room._id)
        .filter(({ roles }) => roles?.includes("moderator"))
        .map(({ u }) => u),
    })),
    listOf(family, "members", { key: "members", of: membersOf }),
    listOf(family, "messages", { key: "messages", of: newestFirst }),
    listOf(family, "files", { key: "files", of: filesOf }),
    readPast(family),
    describe(family, "topic"),
    describe(family, "announcement"),
    describe(family, "description"),
    setRole(family, { name: "addModerator", role: "moderator", given: true }),
    setRole(family, { name: "removeModerator", role: "moderator", given: false }),
    setRole(family, { name: "addOwner", role: "owner", given: true }),
    setRole(family, { name: "removeOwner", role: "owner", given: false }),
    change(family, "invite", ({ world, user, room, request }) => {
      requireRight(world, user, room, "add-user-to-joined-room", "addUsersToRoom");
      addUser(world, room, requireTarget(world, request), user);
      return { [word]: room };
    }),
    change(family, "kick", ({ world, user, room, request }) => {
      requireRight(world, user, room, "remove-user", "removeUserFromRoom");
      kickUser(world, room, requireTarget(world, request), user);
      return type === "c" ? { channel: room } : {};
    }),
    change(family, "leave", ({ world, user, room }) => {
      leaveRoom(world, room, user);
      return type === "c" ? { channel: room } : {};
    }),
    change(family, "rename", ({ world, user, room, request }) => {
      requireRight(world, user, room, "edit-room", "saveRoomSettings");
      renameRoom(world, room, { name: String(request.name ?? ""), by: user });
      return { [word]: room };
    }),
    change(family, "setType", ({ world, user, room, request }) => {
      requireRight(world, user, room, "edit-room", "saveRoomSettings");
      setRoomType(world, room, { type: request.type === "p" ? "p" : "c", by: user });
      return { [word]: room };
    }),
    change(family, "setReadOnly", ({ world, user, room, request }) => {
      requireRight(world, user, room, "set-readonly", "saveRoomSettings");
      setReadOnly(world, room, { readOnly: request.readOnly === true, by: user });
      return { [word]: room };
    }),
    change(family, "archive", ({ world, user, room }) => {
      requireRight(world, user, room, "archive-room", "archiveRoom");
      archiveRoom(world, room, { archived: true, by: user });
      return {};
    }),
    change(family, "unarchive", ({ world, user, room }) => {
      if (!allows("unarchive-room", user)) {
        throw new ServerError("error-not-authorized", "Not authorized", { method: "unarchiveRoom" });
      }
      archiveRoom(world, room, { archived: false, by: user });
      return {};
    }),
    change(family, "delete", ({ world, user, room }) => {
      requireRight(world, user, room, `delete-${type}`, "eraseRoom");
      deleteRoom(world, room);
      return {};
    }),
  ];
}

function rolesOf(world: World, room: Room): unknown[] {
  const withRoles = world.membersOf(room._id).filter(({ roles = [] }) => roles.length > 0);
  return withRoles.map(({ _id, rid, u, roles }) => ({ rid, u, roles, _id }));
}

const join = route("POST", "channels.join", {
  run({ world, user, body: request }) {
    const room = requireRoom(
      world,
      user,
      { prefix: "channels", word: "channel", type: "c" },
      refOfBody(request),
    );
    addUser(world, room, user);
    return { channel: room };
  },
});

/** A paged list of rooms the caller sees. */
function roomList(path: string, key: string, of: (world: World, user: User) => Room[]): Route {
  return route("GET", path, {
    query: query<Page>(object(PAGE, [], true)),
    run({ world, user, query: page }) {
      const { page: rooms, counts } = paged(of(world, user), page);
      return { [key]: rooms, ...counts };
    },
  });
}

export function joinedRooms(world: World, user: User, types: readonly RoomType[] = ["c", "p", "d"]): Room[] {
  const rooms = world.membershipsOf(user._id).map(({ rid }) => world.rooms.get(rid));
  return rooms.filter((room) => room !== undefined).filter((room) => types.includes(room.t));
}

const roomInfo = route("GET", "rooms.info", {
  run({ world, user, query: ref }) {
    if (ref.roomId === undefined && ref.roomName === undefined) {
      throw new ServerError(
        "error-roomid-param-not-provided",
        'The parameter "roomId" or "roomName" is required',
      );
    }
    const room = findRoom(world, ref, ["c", "p", "d"]);
    if (!room) throw notFound("channel");
    if (!world.canAccess(room, user))
      return new Reply(400, { success: false, error: "not-allowed", errorType: "Not Allowed" });
    if (room.archived === true) {
      throw new ServerError("error-room-archived", `The channel, ${room.name}, is archived`);
    }
    return world.traits.legacy ? { room } : { room, ...teamOf(world, room), ...parentOf(world, room) };
  },
});

function teamOf(world: World, room: Room): Record<string, unknown> {
  const team = room.teamId === undefined ? undefined : world.teams.get(room.teamId);
  if (!team) return {};
  const { _id, name, type, roomId } = team;
  return { team: { _id, name, type, roomId } };
}

function parentOf(world: World, room: Room): Record<string, unknown> {
  const parent = room.prid === undefined ? undefined : world.rooms.get(room.prid);
  if (!parent) return {};
  const { _id, fname, name, t, u } = parent;
  return { parent: { _id, fname, name, t, u } };
}

const EPOCH = new Date(0);

/** A list of what changed since a time, as `rooms.get` and `subscriptions.get` give it. */
function updatesOf(path: string, of: (world: World, user: User) => { _updatedAt?: Date }[]): Route {
  return route("GET", path, {
    run({ world, user, query: { updatedSince } }) {
      const since = new Date(updatedSince ?? 0);
      if (Number.isNaN(since.getTime())) {
        throw new ServerError(
          "error-updatedSince-param-invalid",
          'The "updatedSince" query parameter must be a valid date.',
        );
      }
      return { update: of(world, user).filter(({ _updatedAt = EPOCH }) => _updatedAt >= since), remove: [] };
    },
  });
}

const getOne = route("GET", "subscriptions.getOne", {
  query: query<{ roomId: string }>(object({ roomId: text }, ["roomId"])),
  run: ({ world, user, query: { roomId } }) => ({ subscription: world.membership(roomId, user._id) ?? null }),
});

const read = route("POST", "subscriptions.read", {
  run({ world, user, body: { rid, roomId } }) {
    const membership = world.membership(String(rid ?? roomId), user._id);
    if (!membership)
      throw new ServerError("error-invalid-subscription", "Invalid subscription", { method: "readMessages" });
    markRead(world, membership);
    return {};
  },
});

function anyRoom(world: World, user: User, request: Record<string, unknown>): Room {
  const room = findRoom(world, refOfBody(request), ["c", "p", "d"]);
  if (!room || !world.canAccess(room, user)) throw notFound("channel");
  return room;
}

const hide = route("POST", "rooms.hide", {
  exists: ({ legacy }) => !legacy,
  run({ world, user, body: request }) {
    const room = anyRoom(world, user, request);
    const membership = world.membership(room._id, user._id);
    if (!membership)
      throw new ServerError("error-invalid-subscription", "Invalid subscription", { method: "hideRoom" });
    setOpen(world, membership, false);
    return {};
  },
});

function mute(name: string, muted: boolean): Route {
  return route("POST", `rooms.${name}`, {
    exists: ({ legacy }) => !legacy,
    run({ world, user, body: request }) {
      const room = anyRoom(world, user, request);
      requireRight(world, user, room, "mute-user", name);
      muteUser(world, room, { user: requireTarget(world, request), muted, by: user });
      return {};
    },
  });
}

const remove = route("POST", "rooms.delete", {
  run({ world, user, body: request }) {
    const room = anyRoom(world, user, request);
    requireRight(world, user, room, room.t === "c" ? "delete-c" : "delete-p", "eraseRoom");
    deleteRoom(world, room);
    return {};
  },
});

const leaveAny = route("POST", "rooms.leave", {
  run({ world, user, body: request }) {
    leaveRoom(world, anyRoom(world, user, request), user);
    return {};
  },
});

const prune = route("POST", "rooms.cleanHistory", {
  run({ world, user, body: request }) {
    const room = anyRoom(world, user, request);
    requireRight(world, user, room, "clean-channel-history", "cleanRoomHistory");
    for (const message of world.messagesOf(room._id)) world.messages.delete(message._id);
    return { count: 0 };
  },
});

interface DiscussionBody {
  prid: string;
  pmid?: string;
  t_name: string;
  users?: string[];
  reply?: string;
}

const discuss = route("POST", "rooms.createDiscussion", {
  body: body<DiscussionBody>(
    object(
      {
        prid: text,
        pmid: text,
        t_name: text,
        users: { type: "array", items: text },
        reply: text,
        encrypted: { type: "boolean" },
      },
      ["prid", "t_name"],
    ),
  ),
  run({ world, user, body: { prid, pmid, t_name: title, users = [], reply } }) {
    const parent = world.rooms.get(prid);
    if (!parent || !world.canAccess(parent, user)) {
      throw new ServerError("error-not-allowed", "Not allowed", { method: "DiscussionCreation" });
    }
    const message = pmid === undefined ? undefined : world.messages.get(pmid);
    return { discussion: createDiscussion(world, parent, { by: user, title, users, reply, message }) };
  },
});

const autocomplete = route("GET", "rooms.autocomplete.channelAndPrivate", {
  query: query<{ selector: string }>(object({ selector: text }, ["selector"])),
  run({ world, user, query: { selector } }) {
    const wanted = nameOfSelector(selector);
    const found = [...world.rooms.values()].filter(
      (room) => room.t !== "d" && room.name?.includes(wanted) && world.canAccess(room, user),
    );
    return {
      items: found
        .filter((room) => room.name === wanted)
        .map(({ _id, fname, name, t }) => ({ _id, fname, name, t })),
    };
  },
});

function nameOfSelector(selector: string): string {
  const parsed: unknown = JSON.parse(selector);
  const name = typeof parsed === "object" && parsed !== null && "name" in parsed ? parsed.name : "";
  return typeof name === "string" ? name : "";
}

export const ROOMS: Route[] = [
  ...FAMILIES.flatMap(ofFamily),
  join,
  roomList("channels.list", "channels", (world) => [...world.rooms.values()].filter(({ t }) => t === "c")),
  roomList("channels.list.joined", "channels", (world, user) => joinedRooms(world, user, ["c"])),
  roomList("groups.list", "groups", (world, user) => joinedRooms(world, user, ["p"])),
  roomInfo,
  updatesOf("rooms.get", (world, user) => joinedRooms(world, user)),
  updatesOf("subscriptions.get", (world, user) => world.membershipsOf(user._id)),
  getOne,
  read,
  hide,
  mute("muteUser", true),
  mute("unmuteUser", false),
  remove,
  leaveAny,
  prune,
  discuss,
  autocomplete,
];
