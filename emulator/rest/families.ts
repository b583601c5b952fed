// The endpoints channels.* and groups.*, which differ in little more than their names.
import type { Message, Room, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import { filesOf } from "../world/files/uploads.ts";
import { addUser, kickUser, leaveRoom, setOpen, setRoomRole } from "../world/memberships.ts";
import { allows } from "../world/permissions.ts";
import {
  archiveRoom,
  createRoom,
  deleteRoom,
  describeRoom,
  findRoom,
  renameRoom,
  setReadOnly,
  setRoomType,
} from "../world/rooms.ts";
import type { World } from "../world.ts";
import { body, object, PAGE, type Page, paged, query, Reply, type Route, route, text } from "./call/route.ts";
import {
  counters,
  HISTORY_FIELDS,
  type HistoryParams,
  joinedRooms,
  notFound,
  type RoomRef,
  readHistory,
  refOfBody,
  requireRight,
  requireTarget,
} from "./room-refs.ts";

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

/** The room an endpoint of a family is asked for; groups one is not in do not exist. */
function requireRoom(world: World, user: User, family: Family, ref: RoomRef): Room {
  const room = findRoom(world, ref, [family.type]);
  const hidden = room && family.type === "p" && !world.canAccess(room, user);
  if (!room || hidden) throw notFound(family.word);
  return room;
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

const FIELDS = { ...HISTORY_FIELDS, roomName: text };

function readPast(family: Family): Route {
  return route("GET", `${family.prefix}.history`, {
    query: query<HistoryParams>({
      oneOf: [object(FIELDS, ["roomId"]), object(FIELDS, ["roomName"])],
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
    run({ world, user, query: { count, offset, sort, ...ref } }) {
      const list = of(world, requireRoom(world, user, family, ref));
      const { page, counts } = paged(list, {
        ...(count === undefined ? {} : { count }),
        ...(offset === undefined ? {} : { offset }),
        ...(sort === undefined ? {} : { sort }),
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

interface MessagesQuery extends Page {
  query?: string;
  roomId: string;
  mentionIds?: string;
  starredIds?: string;
  pinned?: string;
}

/** The old `query`: JSON whose values those of the message must equal. */
function fitsFilter(message: Message, filter = "{}"): boolean {
  const wanted: unknown = JSON.parse(filter);
  return Object.entries(wanted ?? {}).every(([key, value]) => message[key] === value);
}

const NARROWED = { mentionIds: text, starredIds: text, pinned: text };

function messagesOf(family: Family): Route {
  return route("GET", `${family.prefix}.messages`, {
    query: query<MessagesQuery>(object({ ...PAGE, roomId: text, ...NARROWED }, ["roomId"])),
    laxQuery: query<MessagesQuery>(object({ ...PAGE, roomId: text }, ["roomId"])),
    run({ world, user, query: { roomId, mentionIds, starredIds, pinned, query: filter, ...page } }) {
      const room = requireRoom(world, user, family, { roomId });
      const has = (list: { _id: string }[] | undefined, ids: string | undefined) =>
        ids === undefined || (list?.some(({ _id }) => ids.split(",").includes(_id)) ?? false);
      const found = world
        .messagesOf(room._id)
        .filter(({ mentions, starred }) => has(mentions, mentionIds) && has(starred, starredIds))
        .filter((message) => pinned !== "true" || message.pinned === true)
        .filter((message) => !world.traits.legacy || fitsFilter(message, filter));
      const { page: messages, counts } = paged(found.reverse(), page);
      return { messages, ...counts };
    },
  });
}

function countersOf(family: Family): Route {
  return route("GET", `${family.prefix}.counters`, {
    run: ({ world, user, query: ref }) => counters(world, user, requireRoom(world, user, family, ref)),
  });
}

/** What one may read of a room. */
function readings(family: Family): Route[] {
  const { prefix, word } = family;
  const get = (name: string, run: (world: World, room: Room) => Record<string, unknown>) =>
    route("GET", `${prefix}.${name}`, {
      run: ({ world, user, query: ref }) => run(world, requireRoom(world, user, family, ref)),
    });
  return [
    get("info", (_world, room) => ({ [word]: room })),
    get("roles", (world, room) => ({ roles: rolesOf(world, room) })),
    get("moderators", (world, room) => ({
      moderators: world
        .membersOf(room._id)
        .filter(({ roles }) => roles?.includes("moderator"))
        .map(({ u }) => u),
    })),
    listOf(family, "members", { key: "members", of: membersOf }),
    messagesOf(family),
    countersOf(family),
    listOf(family, "files", { key: "files", of: filesOf }),
    readPast(family),
  ];
}

/** Who is in a room, and as what. */
function memberships(family: Family): Route[] {
  const { word, type } = family;
  return [
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
    change(family, "open", ({ world, user, room }) => show(world, user, room, true)),
    change(family, "close", ({ world, user, room }) => show(world, user, room, false)),
  ];
}

/** What a room is. */
function changes(family: Family): Route[] {
  const { word, type } = family;
  return [
    describe(family, "topic"),
    describe(family, "announcement"),
    describe(family, "description"),
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
      const { muted } = room;
      setReadOnly(world, room, { readOnly: request.readOnly === true, by: user });
      // Answered before anybody is muted.
      return { [word]: muted === undefined ? { ...room, muted } : room };
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

const ofFamily = (family: Family): Route[] => [
  create(family),
  ...readings(family),
  ...memberships(family),
  ...changes(family),
];

/** Puts a room on the caller's list or takes it off. */
function show(world: World, user: User, room: Room, open: boolean): Record<string, unknown> {
  const membership = world.membership(room._id, user._id);
  if (!membership) throw new PlainError(`The user is not in the room "${room.name}".`);
  if (membership.open === open) {
    const kind = room.t === "c" ? "channel" : "private group";
    const state = open ? "already open for" : "already closed to";
    throw new PlainError(`The ${kind}, ${room.name}, is ${state} the sender`);
  }
  setOpen(world, membership, open);
  return {};
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

export const FAMILY_ROUTES: Route[] = [
  ...FAMILIES.flatMap(ofFamily),
  join,
  roomList("channels.list", "channels", (world) => [...world.rooms.values()].filter(({ t }) => t === "c")),
  roomList("channels.list.joined", "channels", (world, user) => joinedRooms(world, user, ["c"])),
  roomList("groups.list", "groups", (world, user) => joinedRooms(world, user, ["p"])),
];
