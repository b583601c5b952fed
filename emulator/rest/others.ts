// The endpoints im.* and dm.*, teams.*, uploads, and what one may ask about the server itself.

import { directRoom } from "../world/direct.ts";
import type { Room } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { allows } from "../world/permissions.ts";
import { deleteRoom, setOpen } from "../world/rooms.ts";
import { createTeam, deleteTeam } from "../world/teams.ts";
import { addressOf, confirmFile, takeFile } from "../world/uploads.ts";
import type { World } from "../world.ts";
import { type HistoryParams, joinedRooms, readHistory } from "./rooms.ts";
import {
  body,
  flag,
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

interface DirectBody {
  username?: string;
  usernames?: string;
  excludeSelf?: boolean;
}

function directRoutes(prefix: "im" | "dm"): Route[] {
  const create = route("POST", `${prefix}.create`, {
    body: body<DirectBody>({
      oneOf: [
        object({ usernames: text, excludeSelf: flag }, ["usernames"]),
        object({ username: text, excludeSelf: flag }, ["username"]),
      ],
    }),
    run({ world, user, body: { username, usernames = username ?? "", excludeSelf = false } }) {
      const named = usernames.split(",").map((name) => world.userNamed(name.trim()));
      const others = named.filter((other) => other !== undefined);
      const room = directRoom(world, excludeSelf && others.length > 0 ? others : [user, ...others]);
      return { room: { t: "d", rid: room._id, usernames: room.usernames, _id: room._id } };
    },
  });
  const history = route("GET", `${prefix}.history`, {
    query: query<HistoryParams>(
      object(
        {
          roomId: text,
          latest: text,
          oldest: text,
          inclusive: text,
          unreads: text,
          showThreadMessages: text,
          count: number,
          offset: number,
          sort: text,
        },
        ["roomId"],
      ),
    ),
    run({ world, user, query: params }) {
      const room = direct(world, params.roomId);
      if (!world.canAccess(room, user)) return new Reply(403, { success: false, error: "unauthorized" });
      return readHistory(world, room, params);
    },
  });
  const members = route("GET", `${prefix}.members`, {
    query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text, username: text }, ["roomId"])),
    run({ world, user, query: { roomId, ...page } }) {
      const room = direct(world, roomId);
      if (!world.canAccess(room, user)) return new Reply(403, { success: false, error: "unauthorized" });
      const { page: list, counts } = paged(directMembers(world, room), page);
      return { members: list, ...counts };
    },
  });
  const opener = (name: string, open: boolean) =>
    route("POST", `${prefix}.${name}`, {
      run({ world, user, body: { roomId } }) {
        const room = direct(world, String(roomId));
        const membership = world.membership(room._id, user._id);
        if (!membership) throw new ServerError("error-invalid-room", "Invalid room", { method: name });
        if (membership.open !== open) setOpen(world, membership, open);
        return {};
      },
    });
  const remove = route("POST", `${prefix}.delete`, {
    run({ world, user, body: { roomId } }) {
      const room = direct(world, String(roomId));
      if (!allows("view-room-administration", user))
        return new Reply(403, { success: false, error: "unauthorized" });
      deleteRoom(world, room);
      return {};
    },
  });
  const list = route("GET", `${prefix}.list`, {
    query: query<Page>(object(PAGE, [], true)),
    run({ world, user, query: page }) {
      const { page: ims, counts } = paged(joinedRooms(world, user, ["d"]), page);
      return { ims, ...counts };
    },
  });
  return [create, history, members, opener("open", true), opener("close", false), remove, list];
}

function direct(world: World, roomId: string | undefined): Room {
  const room = world.rooms.get(roomId ?? "");
  if (room?.t !== "d") throw new ServerError("invalid-channel");
  return room;
}

/** In the order in which the users were made. */
function directMembers(world: World, room: Room): unknown[] {
  const users = [...world.users.values()].filter((user) => room.uids?.includes(user._id));
  return users.map(({ _id, username, name, status, statusText = "" }) => {
    const membership = world.membership(room._id, _id);
    return {
      _id,
      username,
      name,
      status,
      statusText,
      subscription: { _id: membership?._id, ts: membership?.ts },
    };
  });
}

interface TeamBody {
  name: string;
  type: number;
  members?: string[];
}

const teams: Route[] = [
  route("POST", "teams.create", {
    body: body<TeamBody>(
      object(
        {
          name: text,
          type: number,
          members: { type: "array", items: text },
          room: { type: "object" },
          owner: text,
        },
        ["name", "type"],
      ),
    ),
    run({ world, user, body: { name, type, members = [] } }) {
      if (!allows("create-team", user)) return new Reply(403, { success: false, error: "unauthorized" });
      const { updatedAt, ...team } = createTeam(world, { name, type, members, by: user });
      return { team: { ...team, _updatedAt: updatedAt } };
    },
  }),
  route("GET", "teams.info", {
    run({ world, query: { teamId, teamName } }) {
      const team = [...world.teams.values()].find(({ _id, name }) => _id === teamId || name === teamName);
      if (!team) return new Reply(400, { success: false, error: "team-does-not-exist" });
      const { updatedAt, ...rest } = team;
      return { teamInfo: { ...rest, _updatedAt: updatedAt } };
    },
  }),
  route("POST", "teams.delete", {
    run({ world, user, body: { teamId } }) {
      const team = world.teams.get(String(teamId));
      if (!team) return new Reply(400, { success: false, error: "team-does-not-exist" });
      deleteTeam(world, team, user);
      return {};
    },
  }),
];

const media = route("POST", "rooms.media/:rid", {
  run({ world, user, path: { rid = "" }, files, fields }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user))
      return new Reply(403, { success: false, error: "unauthorized" });
    const [file] = files;
    if (!file) throw new ServerError("error-no-file", "No file uploaded");
    if (file.field !== "file") throw new ServerError("invalid-field");
    const upload = takeFile(world, room, { user, file });
    if (fields.description !== undefined) upload.description = fields.description;
    return { file: { _id: upload._id, url: addressOf(upload) } };
  },
});

interface ConfirmBody {
  msg?: string;
  tmid?: string;
  description?: string;
}

const confirm = route("POST", "rooms.mediaConfirm/:rid/:fileId", {
  body: body<ConfirmBody>(
    object({
      msg: text,
      tmid: text,
      description: text,
      alias: text,
      avatar: text,
      emoji: text,
      groupable: flag,
      customFields: text,
      t: text,
      content: { type: "object" },
      fileName: text,
    }),
  ),
  run({ world, user, path: { rid = "", fileId = "" }, body: words }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user))
      return new Reply(403, { success: false, error: "unauthorized" });
    const upload = world.uploads.get(fileId);
    if (!upload) throw new ServerError("invalid-file");
    return { message: confirmFile(world, room, { user, upload, text: words }) };
  },
});

const settings = route("GET", "settings.public", {
  query: query<Page & { _id?: string }>(object({ ...PAGE, _id: text }, [], true)),
  run({ world, query: { _id, ...page } }) {
    const wanted = _id?.split(",");
    const all = [...world.settings].filter(([id]) => wanted?.includes(id) ?? true);
    const list = all.map(([id, value]) => ({ _id: id, value, enterprise: false }));
    const { page: shown, counts } = paged(list, page);
    return { settings: shown, ...counts };
  },
});

const spotlight = route("GET", "spotlight", {
  query: query<{ query: string }>(
    object({ query: text, limit: text, type: text, rid: text }, ["query"]),
    "newer",
  ),
  run({ world, query: { query: wanted } }) {
    const word = wanted.replace(/^[@#]/, "");
    const users = wanted.startsWith("#")
      ? []
      : [...world.users.values()].filter(({ username }) => username.includes(word));
    const rooms = wanted.startsWith("@")
      ? []
      : [...world.rooms.values()].filter(({ name, t }) => t === "c" && name === word);
    return {
      users: users.map(({ _id, username, name, status, statusText = "" }) => ({
        _id,
        username,
        name,
        status,
        statusText,
        outside: true,
      })),
      rooms: rooms.map(({ _id, name, t }) => ({ _id, name, t })),
    };
  },
});

const directory = route("GET", "directory", {
  query: query<Page & { text?: string; type?: string }>(
    object({ ...PAGE, text, type: text, workspace: text }, [], true),
  ),
  run({ world, user, query: { text: wanted = "", count, offset } }) {
    const rooms = [...world.rooms.values()].filter(
      (room) => room.t !== "d" && room.name?.includes(wanted) && world.canAccess(room, user),
    );
    const page = { ...(count === undefined ? {} : { count }), ...(offset === undefined ? {} : { offset }) };
    const { page: shown, counts } = paged(rooms, page);
    const result = shown.map(({ _id, fname, topic, name, t, usersCount, ts, lastMessage }) => ({
      _id,
      fname,
      topic,
      name,
      t,
      usersCount,
      ts,
      lastMessage,
    }));
    return { result, ...counts };
  },
});

const ROLES = ["admin", "moderator", "leader", "owner", "user", "bot", "app", "guest", "anonymous"];

const roles = route("GET", "roles.list", {
  run: () => ({
    roles: ROLES.map((role) => {
      const scope = ["moderator", "leader", "owner"].includes(role) ? "Subscriptions" : "Users";
      return { _id: role, scope, description: "", mandatory2fa: false, name: role, protected: true };
    }),
  }),
});

const command = route("GET", "commands.get", {
  run: ({ query: { command: name } }) => ({
    command: {
      command: name,
      description: "Displays_action_text",
      params: "your_message",
      clientOnly: false,
      providesPreview: false,
    },
  }),
});

export const OTHERS: Route[] = [
  ...directRoutes("im"),
  ...directRoutes("dm"),
  ...teams,
  media,
  confirm,
  settings,
  spotlight,
  directory,
  roles,
  command,
  route("GET", "emoji-custom.list", { run: () => ({ emojis: { update: [], remove: [] } }) }),
];
