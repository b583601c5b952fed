// The endpoints users.*: look-ups, status, administration, personal access tokens.
import type { Presence, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import { joinDefaultChannels } from "../world/memberships.ts";
import { allows } from "../world/permissions.ts";
import {
  connectionStatusOf,
  createPersonalToken,
  createUser,
  deleteUser,
  regeneratePersonalToken,
  removePersonalToken,
  setActive,
  setStatus,
  type UserChanges,
  updateUser,
} from "../world/users.ts";
import type { World } from "../world.ts";
import {
  body,
  flag,
  type IncomingCall,
  object,
  PAGE,
  type Page,
  paged,
  query,
  Reply,
  type Route,
  route,
  text,
  tooManyCalls,
} from "./call/route.ts";
import { adminDocument, fullDocument, publicDocument } from "./user-documents.ts";

interface UserQuery {
  userId?: string;
  username?: string;
}

const userQuery = object({
  userId: text,
  username: text,
  importId: text,
  fields: text,
  includeUserRooms: text,
});

const info = route("GET", "users.info", {
  query: query<UserQuery>({
    anyOf: [
      { ...userQuery, required: ["userId"] },
      { ...userQuery, required: ["username"] },
      { ...userQuery, required: ["importId"] },
    ],
  }),
  run({ world, user, query: { userId, username } }) {
    const found = userId === undefined ? world.userNamed(username ?? "") : world.users.get(userId);
    if (!found) throw new PlainError("User not found.");
    const all = found === user || allows("view-full-other-user-info", user);
    return { user: all ? fullDocument(world, found) : publicDocument(found) };
  },
});

const list = route("GET", "users.list", {
  query: query<Page>(object(PAGE)),
  run({ world, query: page }) {
    const people = [...world.users.values()].filter((user) => user.type === "user").sort(byName);
    const { page: shown, counts } = paged(people, page);
    const users = shown.map(({ _id, username, name, status, active, type }) => {
      return { name, username, status, active, type, _id, nameInsensitive: name.toLowerCase() };
    });
    return { users, ...counts };
  },
});

function byName(a: User, b: User): number {
  return a.username < b.username ? -1 : 1;
}

const getStatus = route("GET", "users.getStatus", {
  run({ world, user, query: { userId, username } }) {
    const self = userId === undefined && username === undefined;
    const found = self
      ? user
      : userId === undefined
        ? world.userNamed(username ?? "")
        : world.users.get(userId);
    if (!found) throw unknownUser();
    const connection = self ? { connectionStatus: connectionStatusOf(world, user) } : {};
    return { _id: found._id, ...connection, status: found.status };
  },
});

function unknownUser(): ServerError {
  return new ServerError(
    "error-invalid-user",
    'The required "userId" or "username" param provided does not match any users',
  );
}

const getPresence = route("GET", "users.getPresence", {
  run({ world, user: self, query: { userId, username, user: named = username } }) {
    const asked = userId !== undefined || named !== undefined;
    const found = !asked
      ? self
      : userId === undefined
        ? world.userNamed(named ?? "")
        : world.users.get(userId);
    if (!found) throw unknownUser();
    if (asked && found !== self) return { presence: found.status };
    const connectionStatus = connectionStatusOf(world, self);
    return { presence: self.status, connectionStatus, lastLogin: self.lastLogin };
  },
});

const presences = route("GET", "users.presence", {
  run({ world, query: { ids } }) {
    const wanted = ids?.split(",");
    const online = [...world.users.values()].filter(({ status }) => status !== "offline");
    const users = online.filter(({ _id }) => wanted?.includes(_id) ?? true);
    const short = users.map(({ _id, username, name, status, statusText = "" }) => ({
      _id,
      username,
      name,
      status,
      statusText,
    }));
    return { users: short, full: wanted === undefined };
  },
});

const STATUSES: readonly string[] = ["online", "away", "busy", "offline"] satisfies Presence[];

function isPresence(value: unknown): value is Presence {
  return typeof value === "string" && STATUSES.includes(value);
}

/** 8.3 limits the endpoint; 6.5 limits the texts within it, and an answer may be 429 although calls remain. */
const STATUS_LIMIT = { calls: 5, windowMs: 60_000 };

const changeStatus = route("POST", "users.setStatus", {
  limit: ({ statusInTwo }) => (statusInTwo ? undefined : STATUS_LIMIT),
  run({ limiter, world, user, body: { status, message, userId } }) {
    if (status === undefined && message === undefined) {
      throw new PlainError("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation");
    }
    if (userId !== undefined && userId !== user._id && !allows("edit-other-user-info", user)) {
      return new Reply(403, { success: false, error: "unauthorized" });
    }
    if (world.traits.statusInTwo && typeof message === "string") {
      const verdict = limiter.count(`status text ${user._id}`, STATUS_LIMIT, world.sources.now());
      if (!verdict.allowed) return tooManyCalls(verdict, "trying again");
    }
    if (status !== undefined && !isPresence(status)) {
      if (world.traits.legacy) setStatus(world, user, { text: String(message ?? "") });
      throw new ServerError(
        "error-invalid-status",
        "Valid status types include online, away, offline, and busy.",
        {
          method: "users.setStatus",
        },
      );
    }
    setStatus(world, user, { status, text: typeof message === "string" ? message : undefined });
    return {};
  },
});

interface CreateBody {
  username: string;
  name: string;
  email: string;
  password: string;
  roles?: string[];
  joinDefaultChannels?: boolean;
}

const create = route("POST", "users.create", {
  body: body<CreateBody>(
    object(
      {
        username: text,
        name: text,
        email: text,
        password: text,
        roles: { type: "array", items: text },
        joinDefaultChannels: flag,
      },
      ["email", "name", "password", "username"],
      true,
    ),
  ),
  run({
    world,
    user: by,
    body: { username, name, email, password, roles = ["user"], joinDefaultChannels: joins = true },
  }) {
    requirePermission(by, "create-user", "insertOrUpdateUser");
    const user = createUser(world, { username, name, email, password, roles });
    if (joins) joinDefaultChannels(world, user);
    return { user: adminDocument(world, user) };
  },
});

const update = route("POST", "users.update", {
  body: body<{ userId: string; data: UserChanges }>(
    object(
      {
        userId: text,
        data: object(
          { username: text, name: text, password: text, email: text, roles: { type: "array", items: text } },
          [],
          true,
        ),
      },
      ["userId", "data"],
      true,
    ),
  ),
  run({ world, user: by, body: { userId, data } }) {
    requirePermission(by, "edit-other-user-info", "insertOrUpdateUser");
    const user = requireUser(world, userId);
    updateUser(world, user, data);
    return { user: adminDocument(world, user) };
  },
});

const changeActive = route("POST", "users.setActiveStatus", {
  body: body<{ userId: string; activeStatus: boolean }>(
    object({ userId: text, activeStatus: flag, confirmRelinquish: flag }, ["userId", "activeStatus"]),
  ),
  run({ world, user: by, body: { userId, activeStatus } }) {
    requirePermission(by, "edit-other-user-active-status", "setUserActiveStatus");
    const user = requireUser(world, userId);
    setActive(world, user, activeStatus);
    return { user: { _id: user._id, active: user.active } };
  },
});

const remove = route("POST", "users.delete", {
  body: body<UserQuery>(object({ userId: text, username: text, confirmRelinquish: flag }, [], true)),
  run({ world, user: by, body: { userId = "", username = "" } }) {
    requirePermission(by, "delete-user", "deleteUser");
    const user = world.users.get(userId) ?? world.userNamed(username);
    if (!user)
      throw new ServerError(
        "error-invalid-user",
        'The required "userId" or "username" param provided does not match any users',
      );
    const deletedRooms = deleteUser(world, user);
    return world.traits.mailFactor ? {} : { deletedRooms };
  },
});

function requirePermission(user: User, permission: string, method: string): void {
  if (!allows(permission, user)) throw new ServerError("error-action-not-allowed", "Not allowed", { method });
}

function requireUser(world: World, id: string): User {
  const user = world.users.get(id);
  if (!user)
    throw new ServerError(
      "error-invalid-user",
      'The required "userId" param provided does not match any users',
    );
  return user;
}

/** Endpoints about tokens ask for the password once more, as its SHA-256 in a header. */
function requireSecondFactor({ header, world }: Pick<IncomingCall, "header" | "world">, user: User): void {
  if (world.traits.mailFactor) return;
  const details = { method: "password", codeGenerated: false, availableMethods: [] };
  const code = header("x-2fa-code");
  if (code === undefined) throw new ServerError("totp-required", "TOTP Required", details);
  if (code !== user.passwordDigest) throw new ServerError("totp-invalid", "TOTP Invalid", details);
}

function requireTokenName({ tokenName }: Record<string, unknown>): string {
  if (typeof tokenName !== "string" || tokenName === "")
    throw new PlainError("The 'tokenName' param is required");
  return tokenName;
}

const generateToken = route("POST", "users.generatePersonalAccessToken", {
  run(call) {
    const { world, user, body: request } = call;
    requireSecondFactor(call, user);
    const bypassTwoFactor = request.bypassTwoFactor === true;
    return { token: createPersonalToken(world, user, { name: requireTokenName(request), bypassTwoFactor }) };
  },
});

const regenerateToken = route("POST", "users.regeneratePersonalAccessToken", {
  run(call) {
    requireSecondFactor(call, call.user);
    return { token: regeneratePersonalToken(call.world, call.user, requireTokenName(call.body)) };
  },
});

const removeToken = route("POST", "users.removePersonalAccessToken", {
  run(call) {
    requireSecondFactor(call, call.user);
    removePersonalToken(call.world, call.user, requireTokenName(call.body));
    return {};
  },
});

const listTokens = route("GET", "users.getPersonalAccessTokens", {
  run({ user }) {
    const tokens = user.tokens.filter(({ kind }) => kind === "personal");
    return {
      tokens: tokens.map(({ name, createdAt, secret, bypassTwoFactor }) => {
        return { name, createdAt, lastTokenPart: secret.slice(-6), bypassTwoFactor };
      }),
    };
  },
});

export const ACCOUNTS: Route[] = [
  info,
  list,
  getStatus,
  getPresence,
  presences,
  changeStatus,
  create,
  update,
  changeActive,
  remove,
  generateToken,
  regenerateToken,
  removeToken,
  listTokens,
  route("GET", "users.autocomplete", {
    run({ world, query: { selector = "" } }) {
      if (world.traits.legacy) throw new PlainError("Cannot read properties of undefined (reading 'split')");
      const term = /"term":"([^"]*)"/.exec(selector)?.[1] ?? "";
      const found = [...world.users.values()].filter(({ username }) => username.includes(term));
      return {
        items: found.map(({ _id, name, username, status, statusText = "" }) => {
          return { _id, score: 1, name, username, status, statusText };
        }),
      };
    },
  }),
  route("GET", "users.getAvatarSuggestion", { run: () => ({ suggestions: {} }) }),
  route("GET", "users.getPreferences", { run: () => ({ preferences: {} }) }),
];
