// The endpoints rooms.* and subscriptions.*.
import { createDiscussion } from "../world/discussions.ts";
import type { Room, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import { leaveRoom, markRead, setOpen } from "../world/memberships.ts";
import { type PruneOptions, pruneRoom } from "../world/messages/prune.ts";
import { deleteRoom, findRoom, muteUser } from "../world/rooms.ts";
import type { World } from "../world.ts";
import { body, flag, object, query, Reply, type Route, route, text } from "./call/route.ts";
import {
  HISTORY_FIELDS,
  type HistoryParams,
  joinedRooms,
  notFound,
  readHistory,
  refOfBody,
  requireRight,
  requireTarget,
} from "./room-refs.ts";

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

interface ReadBody {
  rid?: string;
  roomId?: string;
}

const READ_BODY = {
  anyOf: [
    object({ rid: text, readThreads: flag }, ["rid"]),
    object({ roomId: text, readThreads: flag }, ["roomId"]),
  ],
};

const read = route("POST", "subscriptions.read", {
  body: body<ReadBody>(READ_BODY, "bare"),
  laxBody: body<ReadBody>(READ_BODY),
  run({ world, user, body: { rid, roomId = "" } }) {
    const membership = world.membership(rid ?? roomId, user._id);
    if (!membership) throw new PlainError("error-invalid-subscription");
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

interface PruneBody extends Omit<PruneOptions, "oldest" | "latest"> {
  roomId: string;
  oldest: string;
  latest: string;
}

const prune = route("POST", "rooms.cleanHistory", {
  body: body<PruneBody>(
    object(
      {
        roomId: text,
        latest: text,
        oldest: text,
        inclusive: flag,
        excludePinned: flag,
        filesOnly: flag,
        users: { type: "array", items: text },
        limit: { type: "number" },
        ignoreDiscussion: flag,
        ignoreThreads: flag,
      },
      ["roomId", "latest", "oldest"],
    ),
  ),
  run({ world, user, body: { roomId, oldest, latest, ...rule } }) {
    const room = anyRoom(world, user, { roomId });
    requireRight(world, user, room, "clean-channel-history", "cleanRoomHistory");
    const span = { oldest: new Date(oldest), latest: new Date(latest) };
    return { _id: room._id, count: pruneRoom(world, room, { ...rule, ...span }) };
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

/** The past of a room of any kind. */
const anyHistory = route("GET", "rooms.history", {
  exists: ({ since89 }) => since89,
  query: query<HistoryParams>(object(HISTORY_FIELDS, ["roomId"])),
  run: ({ world, user, query: params }) => readHistory(world, anyRoom(world, user, { ...params }), params),
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
  anyHistory,
];
