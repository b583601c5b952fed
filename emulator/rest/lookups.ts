// What one may ask about the server: settings, roles, commands, emoji, directory, spotlight.

import { allows } from "../world/permissions.ts";
import type { SettingValue } from "../world/settings.ts";
import type { World } from "../world.ts";
import {
  body,
  object,
  openRoute,
  PAGE,
  type Page,
  paged,
  query,
  Reply,
  type Route,
  route,
  text,
} from "./call/route.ts";

const settings = route("GET", "settings.public", {
  exists: ({ legacy }) => !legacy,
  query: query<Page & { _id?: string }>(object({ ...PAGE, _id: text }, [], true)),
  run({ world, query: { _id, ...page } }) {
    const wanted = _id?.split(",");
    const all = [...world.settings].filter(([id]) => wanted?.includes(id) ?? true);
    const list = all.map(([id, value]) => ({ _id: id, value, enterprise: false }));
    const { page: shown, counts } = paged(list, page);
    return { settings: shown, ...counts };
  },
});

/** In 6.5 anybody may ask, and the old `query` is heard in place of `_id`. */
const oldSettings = openRoute(
  "GET",
  "settings.public",
  ({ world, query: { query: filter } }) => {
    const wanted = filter === undefined ? undefined : idOf(JSON.parse(filter));
    const all = [...world.settings].filter(([id]) => wanted === undefined || id === wanted);
    const list = all.map(([id, value]) => ({ _id: id, value, enterprise: false }));
    const { page, counts } = paged(list, {});
    return { settings: page, ...counts };
  },
  ({ legacy }) => legacy,
);

function idOf(filter: unknown): unknown {
  return typeof filter === "object" && filter !== null && "_id" in filter ? filter._id : undefined;
}

/** One setting, to be read and changed by an administrator. */
const oneSetting = route("GET", "settings/:id", {
  run({ world, user, path: { id = "" } }) {
    const value = world.setting(id);
    if (value === undefined || !allows("view-privileged-setting", user))
      return new Reply(400, { success: false });
    return { _id: id, value };
  },
});

const changeSetting = route("POST", "settings/:id", {
  body: body<{ value: SettingValue }>(
    object({ value: { type: ["string", "number", "boolean"] } }, ["value"], true),
  ),
  run({ world, user, path: { id = "" }, body: { value } }) {
    if (!allows("edit-privileged-setting", user))
      return new Reply(403, { success: false, error: "unauthorized" });
    world.settings.set(id, value);
    return {};
  },
});

const spotlight = route("GET", "spotlight", {
  query: query<{ query: string }>(
    object({ query: text, limit: text, type: text, rid: text }, ["query"]),
    "newer",
  ),
  laxQuery: query<{ query: string }>(object({ query: text }, ["query"], true)),
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

const createEmoji = route("POST", "emoji-custom.create", {
  run({ world, user, fields: { name = "", aliases = "" } }) {
    if (!allows("manage-emoji", user)) return new Reply(403, { success: false, error: "unauthorized" });
    world.customEmoji.set(name, aliases.split(",").filter(Boolean));
    return {};
  },
});

const deleteEmoji = route("POST", "emoji-custom.delete", {
  body: body<{ emojiId: string }>(object({ emojiId: text }, ["emojiId"])),
  run({ world, user, body: { emojiId } }) {
    if (!allows("manage-emoji", user)) return new Reply(403, { success: false, error: "unauthorized" });
    for (const name of world.customEmoji.keys())
      if (emojiIdOf(world, name) === emojiId) world.customEmoji.delete(name);
    return {};
  },
});

/** 24 hexadecimal digits made of the name. */
const emojiIdOf = ({ sources }: World, name: string): string => sources.sha256(`emoji ${name}`).slice(0, 24);

export const LOOKUPS: Route[] = [
  settings,
  oldSettings,
  oneSetting,
  changeSetting,
  spotlight,
  directory,
  roles,
  command,
  createEmoji,
  deleteEmoji,
  route("GET", "emoji-custom.list", {
    run({ world }) {
      const update = [...world.customEmoji].map(([name, aliases]) => ({
        _id: emojiIdOf(world, name),
        name,
        aliases,
        extension: "png",
      }));
      return { emojis: { update, remove: [] } };
    },
  }),
];
