// The DDP methods: login and logout, writing to streams, and the old ones that are still answered.
import { setBlocked } from "../world/direct.ts";
import type { Broadcast, Presence, User } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { authenticate, type Credentials } from "../world/logins.ts";
import { history } from "../world/messages/histories.ts";
import { deleteMessage, editMessage, react } from "../world/messages/message-changes.ts";
import { sendMessage } from "../world/messages/messages.ts";
import { whisperRefusal } from "../world/notices.ts";
import { allows } from "../world/permissions.ts";
import { muteUser } from "../world/rooms.ts";
import { endLogin, setStatus, tellPresence } from "../world/users.ts";
import type { World } from "../world.ts";
import { isRecord } from "./ejson.ts";

/** The connection a method is called on. */
export interface Caller {
  readonly world: World;
  readonly user: User | undefined;
  /** The token it logged in with. */
  readonly token: string | undefined;
  readonly port: {
    /** Tells the other sessions, as a client that writes to a stream does. */
    relay(broadcast: Broadcast): void;
    /** A refusal the faults want for this login, or undefined. */
    loginFault(): ServerError | undefined;
  };
  /** Makes the session a user's. */
  enter(user: User, token: string): void;
  leave(): void;
}

type Method = (session: Caller, params: unknown[]) => unknown;

/** Answered by every version. */
const LASTING: Readonly<Record<string, Method>> = {
  login,
  logout,
  "stream-notify-room": notifyRoom,
};

/** Answered by 6.5 and 8.3, gone in 9.0. */
const OLD: Readonly<Record<string, Method>> = {
  sendMessage: send,
  updateMessage: update,
  "rooms/get": roomsGet,
  loadHistory,
  loadMissedMessages,
  loadSurroundingMessages,
  loadNextMessages,
  getSingleMessage,
  blockUser: (session, params) => block(session, params, true),
  unblockUser: (session, params) => block(session, params, false),
  setUserStatus,
  "UserPresence:setDefaultStatus": setDefaultStatus,
  "UserPresence:online": (session) => setConnectionStatus(session, "online"),
  "UserPresence:away": (session) => setConnectionStatus(session, "away"),
};

/** Answered by 6.5 and 7.7, gone in 8.3. */
const MIDDLE: Readonly<Record<string, Method>> = { setReaction };

/** Answered by 6.5, gone in 7.7. */
const OLDER: Readonly<Record<string, Method>> = {
  deleteMessage: remove,
  muteUserInRoom: (session, params) => mute(session, params, true),
  unmuteUserInRoom: (session, params) => mute(session, params, false),
};

/** Runs a method; undefined means a `result` frame without the key. */
export function callMethod(session: Caller, name: string, params: unknown[]): unknown {
  const era = session.world.traits.methods;
  const method =
    own(LASTING, name) ??
    (era === "9.0" ? undefined : own(OLD, name)) ??
    (era === "6.5" || era === "7.7" ? own(MIDDLE, name) : undefined) ??
    (era === "6.5" ? own(OLDER, name) : undefined);
  if (!method) throw new ServerError(404, `Method '${name}' not found`);
  return method(session, params);
}

function own(table: Readonly<Record<string, Method>>, name: string): Method | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function requireUser(session: Caller, method: string): User {
  if (!session.user) throw new ServerError("error-invalid-user", "Invalid user", { method });
  return session.user;
}

function login(session: Caller, params: unknown[]): unknown {
  const fault = session.port.loginFault();
  if (fault) throw fault;
  const request = params[0];
  if (!isRecord(request)) throw new ServerError(400, "Match failed");
  const { user, token, type } = authenticate(session.world, credentialsOf(request));
  session.enter(user, token.secret);
  const tokenExpires = token.expires ?? new Date(Number.NaN);
  return { id: user._id, token: token.secret, tokenExpires, type };
}

function credentialsOf({ resume, user, password }: Record<string, unknown>): Credentials {
  const name = isRecord(user) ? (user.username ?? user.email) : undefined;
  const digest = isRecord(password) ? password.digest : undefined;
  return {
    resume,
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof digest === "string" ? { digest } : {}),
  };
}

function logout(session: Caller): undefined {
  if (session.user && session.token !== undefined)
    endLogin(session.world, session.user, session.token, false);
  session.leave();
}

/** A client's own event: only typing and the like pass, and only under the sender's name; all else is dropped silently. */
function notifyRoom(session: Caller, [eventName, ...args]: unknown[]): undefined {
  const { user, world } = session;
  if (!user || typeof eventName !== "string" || !eventName.endsWith("/user-activity")) return;
  const name = world.setting("UI_Use_Real_Name") === true ? user.name : user.username;
  if (args[0] !== name) return;
  session.port.relay({
    stream: "notify-room",
    rid: eventName.slice(0, -"/user-activity".length),
    event: "user-activity",
    args,
  });
}

/** A refusal is no error here: the result is empty, the reason goes to the sender's `message` events. */
function send(session: Caller, params: unknown[]): unknown {
  const user = requireUser(session, "sendMessage");
  const draft = params[0];
  if (!isRecord(draft) || typeof draft.rid !== "string")
    throw new ServerError("error-invalid-room", "Invalid room");
  const rid = draft.rid;
  try {
    return sendMessage(session.world, user, { ...draft, rid });
  } catch (error) {
    if (error instanceof ServerError && error.code !== "error-message-size-exceeded") throw error;
    whisperRefusal(session.world, user, rid, error);
    return undefined;
  }
}

function update(session: Caller, params: unknown[]): undefined {
  const user = requireUser(session, "updateMessage");
  const change = params[0];
  const message = isRecord(change) ? session.world.messages.get(String(change._id)) : undefined;
  if (!isRecord(change) || !message)
    throw new ServerError("error-action-not-allowed", "Not allowed", { method: "updateMessage" });
  if (change.tmid !== undefined && change.tmid !== message.tmid)
    throw new ServerError("error-invalid-update-key", "Cannot update the message tmid", {
      method: "updateMessage",
    });
  editMessage(session.world, user, { message, text: String(change.msg ?? "") });
}

function remove(session: Caller, params: unknown[]): undefined {
  const user = requireUser(session, "deleteMessage");
  const named = params[0];
  const message = isRecord(named) ? session.world.messages.get(String(named._id)) : undefined;
  if (!message) throw new ServerError("error-action-not-allowed", "Not allowed");
  deleteMessage(session.world, user, message);
}

function setReaction(session: Caller, [emoji, messageId, should]: unknown[]): undefined {
  const user = requireUser(session, "setReaction");
  const message = session.world.messages.get(String(messageId));
  if (!message) throw new ServerError("error-not-allowed", "Not allowed", { method: "setReaction" });
  react(session.world, user, {
    message,
    emoji: String(emoji),
    should: typeof should === "boolean" ? should : undefined,
  });
}

function roomsGet({ world, user }: Caller, [since]: unknown[]): unknown {
  const rooms = user ? world.membershipsOf(user._id).map(({ rid }) => world.rooms.get(rid)) : [];
  const known = rooms.filter((room) => room !== undefined);
  if (!(since instanceof Date)) return known;
  return { update: known.filter((room) => room._updatedAt > since), remove: [] };
}

function loadHistory(session: Caller, [rid, end, count]: unknown[]): unknown {
  const { world, user } = session;
  const room = world.rooms.get(String(rid));
  if (!room || !user || !world.canAccess(room, user)) return false;
  const size = typeof count === "number" ? count : 20;
  const latest = end instanceof Date ? end : undefined;
  return { messages: history(world, room, { latest, count: size, threadReplies: true }), unreadNotLoaded: 0 };
}

function loadMissedMessages(session: Caller, [rid, since]: unknown[]): unknown {
  const { world, user } = session;
  const room = world.rooms.get(String(rid));
  if (!room || !user || !world.canAccess(room, user)) return false;
  const oldest = since instanceof Date ? since : undefined;
  return history(world, room, { oldest, count: 0, threadReplies: true });
}

/** The messages before and after one, itself between them; of three there is one before it. */
function loadSurroundingMessages({ world, user }: Caller, [named, count]: unknown[]): unknown {
  const message = isRecord(named) ? world.messages.get(String(named._id)) : undefined;
  const room = message && world.rooms.get(message.rid);
  if (!message || !room || !user || !world.canAccess(room, user)) return false;
  const size = typeof count === "number" ? count : 50;
  const all = history(world, room, { count: 0, threadReplies: false }).reverse();
  const at = all.indexOf(message);
  const before = Math.round((size - 1) / 2);
  const messages = all.slice(Math.max(0, at - before), at + Math.floor(size / 2) + 1);
  return { messages, moreBefore: at - before > 0, moreAfter: at + Math.floor(size / 2) + 1 < all.length };
}

function loadNextMessages({ world, user }: Caller, [rid, since, count]: unknown[]): unknown {
  const room = world.rooms.get(String(rid));
  if (!room || !user || !world.canAccess(room, user)) return false;
  const oldest = since instanceof Date ? since : undefined;
  const all = history(world, room, { oldest, count: 0, threadReplies: false }).reverse();
  return { messages: all.slice(0, typeof count === "number" ? count : 20) };
}

function getSingleMessage({ world, user }: Caller, [id]: unknown[]): unknown {
  const message = world.messages.get(String(id));
  const room = message && world.rooms.get(message.rid);
  return room && user && world.canAccess(room, user) ? message : undefined;
}

function block(session: Caller, params: unknown[], on: boolean): true {
  const by = requireUser(session, "blockUser");
  const request = isRecord(params[0]) ? params[0] : {};
  const room = session.world.rooms.get(String(request.rid));
  const blocked = session.world.users.get(String(request.blocked));
  if (!room || !blocked) throw new ServerError("error-invalid-room", "Invalid room", { method: "blockUser" });
  setBlocked(session.world, room, { by, blocked, on });
  return true;
}

function mute(session: Caller, params: unknown[], muted: boolean): true {
  const { world } = session;
  const by = requireUser(session, "muteUserInRoom");
  const request = isRecord(params[0]) ? params[0] : {};
  const room = world.rooms.get(String(request.rid));
  const user = world.userNamed(String(request.username));
  if (!room || !user || !allows("mute-user", by, world.membership(room._id, by._id))) {
    throw new ServerError("error-not-allowed", "Not allowed", { method: "muteUserInRoom" });
  }
  muteUser(world, room, { user, muted, by });
  return true;
}

/** From 8.3 on, where no presence service runs, the status asked for is not taken, the text is. */
function setUserStatus(session: Caller, [status, text]: unknown[]): undefined {
  const user = requireUser(session, "setUserStatus");
  if (session.world.traits.livePresence && isPresence(status)) user.status = status;
  const args = [[user._id, user.username, 0, null, null, user.roles]];
  session.world.tell({ stream: "notify-logged", event: "user-status", args });
  setStatus(session.world, user, { text: typeof text === "string" ? text : undefined });
}

function setDefaultStatus({ user }: Caller, [status]: unknown[]): false {
  if (user) user.tellsPresence = true;
  if (user && user.statusText === undefined) {
    user.statusText = "";
    user.statusDefault = isPresence(status) ? status : "online";
  }
  return false;
}

/** Where presence follows connections, a client may say that nobody is at it. */
function setConnectionStatus({ user, world }: Caller, status: Presence): boolean {
  if (!user) return false;
  const isFirst = user.tellsPresence === undefined;
  user.tellsPresence = true;
  if (!world.traits.livePresence) {
    if (isFirst && user.statusText) tellPresence(world, user, 0);
    return false;
  }
  // Who called himself busy or away stays so, whatever his connections say.
  const chosen = user.statusDefault ?? "online";
  const shown = chosen === "online" ? status : chosen;
  if (user.status !== status) {
    user.status = shown;
    tellPresence(world, user);
  }
  return true;
}

function isPresence(value: unknown): value is Presence {
  return value === "offline" || value === "online" || value === "away" || value === "busy";
}
