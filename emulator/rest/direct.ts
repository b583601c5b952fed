// The endpoints im.* and dm.*, which are the same.
import { directRoom } from "../world/direct.ts";
import type { Room } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { filesOf } from "../world/files/uploads.ts";
import { setOpen } from "../world/memberships.ts";
import { allows } from "../world/permissions.ts";
import { deleteRoom } from "../world/rooms.ts";
import type { World } from "../world.ts";
import {
  body,
  flag,
  object,
  PAGE,
  type Page,
  paged,
  query,
  Reply,
  type Route,
  route,
  text,
} from "./call/route.ts";
import { counters, HISTORY_FIELDS, type HistoryParams, joinedRooms, readHistory } from "./room-refs.ts";

interface DirectBody {
  username?: string;
  usernames?: string;
  excludeSelf?: boolean;
}

type Prefix = "im" | "dm";

const create = (prefix: Prefix) =>
  route("POST", `${prefix}.create`, {
    body: body<DirectBody>({
      oneOf: [
        object({ usernames: text, excludeSelf: flag }, ["usernames"]),
        object({ username: text, excludeSelf: flag }, ["username"]),
      ],
    }),
    run({ world, user, body: { username, usernames = username ?? "", excludeSelf = false } }) {
      const named = usernames.split(",").map((name) => world.userNamed(name.trim()));
      const others = named.filter((other) => other !== undefined);
      if (world.traits.strictDirect && (others.length < named.length || excludeSelf)) {
        throw new ServerError("error-invalid-user", "Invalid user", { method: "createDirectMessage" });
      }
      const room = directRoom(world, excludeSelf && others.length > 0 ? others : [user, ...others]);
      return { room: { t: "d", rid: room._id, usernames: room.usernames, _id: room._id } };
    },
  });

const history = (prefix: Prefix) =>
  route("GET", `${prefix}.history`, {
    query: query<HistoryParams>(object(HISTORY_FIELDS, ["roomId"])),
    run({ world, user, query: params }) {
      const room = direct(world, params.roomId);
      if (!world.canAccess(room, user)) return new Reply(403, { success: false, error: "unauthorized" });
      return readHistory(world, room, params);
    },
  });

const members = (prefix: Prefix) =>
  route("GET", `${prefix}.members`, {
    query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text, username: text }, ["roomId"])),
    run({ world, user, query: { roomId, ...page } }) {
      const room = direct(world, roomId);
      if (!world.canAccess(room, user)) return new Reply(403, { success: false, error: "unauthorized" });
      const { page: list, counts } = paged(directMembers(world, room), page);
      return { members: list, ...counts };
    },
  });

const countersOf = (prefix: Prefix) =>
  route("GET", `${prefix}.counters`, {
    run: ({ world, user, query: { roomId } }) => counters(world, user, direct(world, roomId)),
  });

const files = (prefix: Prefix) =>
  route("GET", `${prefix}.files`, {
    query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text }, ["roomId"])),
    run({ world, user, query: { roomId, ...page } }) {
      const room = direct(world, roomId);
      if (!world.canAccess(room, user)) return new Reply(403, { success: false, error: "unauthorized" });
      const { page: list, counts } = paged(filesOf(world, room), page);
      return { files: list, ...counts };
    },
  });

const opener = (prefix: Prefix, name: "open" | "close") =>
  route("POST", `${prefix}.${name}`, {
    run({ world, user, body: { roomId } }) {
      const room = direct(world, String(roomId));
      const membership = world.membership(room._id, user._id);
      if (!membership) throw new ServerError("error-invalid-room", "Invalid room", { method: name });
      const open = name === "open";
      if (membership.open !== open) setOpen(world, membership, open);
      return {};
    },
  });

const remove = (prefix: Prefix) =>
  route("POST", `${prefix}.delete`, {
    run({ world, user, body: { roomId } }) {
      const room = direct(world, String(roomId));
      if (!allows("view-room-administration", user))
        return new Reply(403, { success: false, error: "unauthorized" });
      deleteRoom(world, room);
      return {};
    },
  });

const list = (prefix: Prefix) =>
  route("GET", `${prefix}.list`, {
    query: query<Page>(object(PAGE, [], true)),
    run({ world, user, query: page }) {
      const { page: ims, counts } = paged(joinedRooms(world, user, ["d"]), page);
      return { ims, ...counts };
    },
  });

const directRoutes = (prefix: Prefix): Route[] => [
  create(prefix),
  history(prefix),
  members(prefix),
  files(prefix),
  countersOf(prefix),
  opener(prefix, "open"),
  opener(prefix, "close"),
  remove(prefix),
  list(prefix),
];

function direct(world: World, roomId: string | undefined): Room {
  const room = world.rooms.get(roomId ?? "");
  if (room?.t !== "d") throw new ServerError("invalid-channel");
  return room;
}

/** In the order in which the users were made. */
function directMembers(world: World, room: Room): unknown[] {
  const users = [...world.users.values()].filter((user) => room.uids?.includes(user._id));
  return users.map(({ _id, username, name, status, statusText = "" }) => {
    const member = { _id, username, name, status, statusText };
    const membership = world.membership(room._id, _id);
    if (!membership || world.traits.lightMemberships) return member;
    return { ...member, subscription: { _id: membership._id, ts: membership.ts } };
  });
}

export const DIRECT: Route[] = [...directRoutes("im"), ...directRoutes("dm")];
