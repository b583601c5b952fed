// Accounts: made, logged in, given tokens, renamed, deactivated, deleted.
import type { World } from "../world.ts";
import type { Presence, Token, User } from "./documents.ts";
import { ServerError } from "./errors.ts";
import { tellSubscription } from "./notices.ts";
import { allows } from "./permissions.ts";
import { deleteRoom } from "./rooms.ts";

/** A login token is good for 90 days. */
const LOGIN_EXPIRES_MS = 90 * 24 * 60 * 60 * 1000;

export interface NewUser {
  username: string;
  name: string;
  password: string;
  roles: string[];
  email?: string;
}

/** By the published server code a new name must differ in more than its case, while a look-up wants the exact one. */
function isTaken({ users }: World, username: string): boolean {
  const wanted = username.toLowerCase();
  return [...users.values()].some((user) => user.username.toLowerCase() === wanted);
}

export function createUser(world: World, { username, name, password, roles, email }: NewUser): User {
  if (isTaken(world, username)) {
    throw new ServerError("error-field-unavailable", `${username} is already in use :(`, {
      method: "insertOrUpdateUser",
      field: username,
    });
  }
  const now = world.now();
  const user: User = {
    _id: world.newAccountId(),
    username,
    name,
    type: "user",
    roles,
    ...(email === undefined ? {} : { email }),
    passwordDigest: world.sources.sha256(password),
    passwordHash: world.newHash("bcrypt"),
    tokens: [],
    active: true,
    status: "offline",
    createdAt: now,
    updatedAt: now,
  };
  world.users.set(user._id, user);
  return user;
}

/** The user of a login token or personal access token that is still good. */
export function userOfToken(world: World, secret: string): { user: User; token: Token } | undefined {
  for (const user of world.users.values()) {
    const token = user.tokens.find((one) => one.secret === secret);
    if (!token) continue;
    const expired = token.expires !== undefined && token.expires.getTime() < world.sources.now();
    return expired ? undefined : { user, token };
  }
  return undefined;
}

/** The user of a password, by user name or mail address; wrong and unknown look the same: undefined. */
export function userOfPassword(world: World, login: string, digest: string): User | undefined {
  for (const user of world.users.values()) {
    if (user.username !== login && user.email !== login) continue;
    return user.passwordDigest === digest ? user : undefined;
  }
  return undefined;
}

/** A new login token. Throws for a deactivated account. */
export function startLogin(world: World, user: User): Token & { expires: Date } {
  if (!user.active) {
    throw new ServerError("error-user-is-not-activated", "User is not activated", {
      function: "Accounts.validateLoginAttempt",
    });
  }
  const now = world.now();
  const token = {
    secret: world.newSecret(),
    kind: "login" as const,
    createdAt: now,
    expires: new Date(now.getTime() + LOGIN_EXPIRES_MS),
  };
  user.tokens.push(token);
  noteLogin(world, user);
  if (world.traits.hangUpOnTokenRemoval) {
    const loginTokens = [{ when: now, hashedToken: world.newHash("sha256") }];
    tellChange(world, user, { "services.resume": { loginTokens } });
    world.tell({ stream: "hang-up", uid: user._id, except: user.tokens.map(({ secret }) => secret) });
  }
  return token;
}

/** A login of any kind leaves its time in the account. */
export function noteLogin(world: World, user: User): void {
  const now = world.now();
  user.lastLogin = now;
  user.updatedAt = now;
  if (world.traits.legacy) tellChange(world, user, { _updatedAt: now, lastLogin: now });
}

/** The user's own `userData` event. */
function tellChange(world: World, user: User, diff: Record<string, unknown>): void {
  const change = { id: user._id, diff, unset: {}, type: "updated" };
  world.tell({ stream: "notify-user", uid: user._id, event: "userData", args: [change] });
}

/** Ends a login: the token is gone and the sockets that used it are closed. */
export function endLogin(world: World, user: User, secret: string, hangUp = true): void {
  user.tokens = user.tokens.filter((token) => token.secret !== secret);
  user.updatedAt = world.now();
  if (hangUp) world.tell({ stream: "hang-up", uid: user._id, tokens: [secret] });
}

/** Makes a personal access token; answers its secret, which is never shown again. */
export function createPersonalToken(
  world: World,
  user: User,
  { name, bypassTwoFactor }: { name: string; bypassTwoFactor: boolean },
): string {
  requirePersonalTokens(user, "generateToken");
  if (personalToken(user, name)) {
    throw new ServerError("error-token-already-exists", "A token with this name already exists", {
      method: "personalAccessTokens:generateToken",
    });
  }
  const secret = world.newSecret();
  user.tokens.push({ secret, kind: "personal", name, bypassTwoFactor, createdAt: world.now() });
  user.updatedAt = world.now();
  return secret;
}

export function removePersonalToken(world: World, user: User, name: string, method = "removeToken"): Token {
  requirePersonalTokens(user, method);
  const token = personalToken(user, name);
  if (!token) {
    throw new ServerError("error-token-does-not-exists", "Token does not exist", {
      method: `personalAccessTokens:${method}`,
    });
  }
  user.tokens = user.tokens.filter((one) => one !== token);
  user.updatedAt = world.now();
  if (world.traits.hangUpOnTokenRemoval)
    world.tell({ stream: "hang-up", uid: user._id, tokens: [token.secret] });
  return token;
}

export function regeneratePersonalToken(world: World, user: User, name: string): string {
  const { bypassTwoFactor = false } = removePersonalToken(world, user, name, "regenerateToken");
  return createPersonalToken(world, user, { name, bypassTwoFactor });
}

function personalToken(user: User, name: string): Token | undefined {
  return user.tokens.find((token) => token.kind === "personal" && token.name === name);
}

function requirePersonalTokens(user: User, method: string): void {
  if (!allows("create-personal-access-tokens", user)) {
    throw new ServerError("not-authorized", "Not Authorized", { method: `personalAccessTokens:${method}` });
  }
}

/** Deactivation destroys every token for good and closes the sockets. */
export function setActive(world: World, user: User, active: boolean): void {
  user.active = active;
  if (active) user.reactivated = true;
  user.updatedAt = world.now();
  if (active) return;
  user.tokens = [];
  if (world.traits.legacy) tellChange(world, user, { active, _updatedAt: user.updatedAt });
  world.tell({ stream: "hang-up", uid: user._id });
}

export interface UserChanges {
  username?: string;
  name?: string;
  password?: string;
  roles?: string[];
  email?: string;
  statusText?: string;
}

/** What an administrator may change. The socket hears of it in `userData`, a new password included. */
export function updateUser(world: World, user: User, changes: UserChanges): void {
  if (changes.username !== undefined && changes.username !== user.username)
    rename(world, user, changes.username);
  if (changes.name !== undefined) user.name = changes.name;
  if (changes.roles !== undefined) user.roles = changes.roles;
  if (changes.email !== undefined) user.email = changes.email;
  if (changes.statusText !== undefined) user.statusText = changes.statusText;
  if (changes.password !== undefined) {
    user.passwordDigest = world.sources.sha256(changes.password);
    user.tokens = [];
  }
  user.updatedAt = world.now();
  user.listsRooms = true;
  if (world.traits.legacy) tellLegacyChange(world, user, changes);
  else {
    const emails = user.email === undefined ? {} : { emails: emailsOf(user) };
    tellChange(world, user, { _id: user._id, ...changes, ...emails });
  }
}

/** 6.5 tells what changed in the database, most changes in two steps. */
function tellLegacyChange(world: World, user: User, { password, ...changes }: UserChanges): void {
  const _updatedAt = user.updatedAt;
  if (password !== undefined) {
    user.passwordHash = world.newHash("bcrypt");
    tellChange(world, user, { "services.password.bcrypt": user.passwordHash, "services.resume": {} });
  }
  if (Object.keys(changes).length > 0) tellChange(world, user, { ...changes, _updatedAt });
  if (changes.roles === undefined) tellChange(world, user, { _updatedAt });
}

function rename(world: World, user: User, username: string): void {
  if (world.userNamed(username)) {
    throw new ServerError("error-could-not-save-identity", "Could not save user identity", {
      method: "saveUser",
    });
  }
  const old = user.username;
  user.username = username;
  for (const message of world.messages.values()) {
    if (message.u._id === user._id) message.u = { ...message.u, username };
    const mention = message.mentions?.find(({ _id }) => _id === user._id);
    if (!mention) continue;
    mention.username = username;
    if (!world.traits.legacy) continue;
    message.msg = message.msg.replaceAll(`@${old}`, `@${username}`);
    message._updatedAt = world.now();
    world.tell({ stream: "room-messages", message });
  }
  for (const room of world.rooms.values()) {
    if (room.u?._id === user._id) room.u = { ...room.u, username };
    if (room.usernames)
      room.usernames = room.usernames.map((name) => (name === old ? username : name)).sort();
  }
  for (const membership of world.subscriptions.values()) {
    if (membership.t === "d" && membership.name === old) membership.name = username;
    if (membership.u._id !== user._id) continue;
    membership.u = { ...membership.u, username };
    membership._updatedAt = world.now();
    tellSubscription(world, "updated", membership);
  }
  world.tell({
    stream: "notify-logged",
    event: "Users:NameChanged",
    args: [{ _id: user._id, name: user.name, username }],
  });
}

/** Deletes an account with its messages and direct rooms; answers the deleted rooms. The sockets stay open. */
export function deleteUser(world: World, user: User): string[] {
  const direct = [...world.rooms.values()].filter((room) => room.t === "d" && room.uids?.includes(user._id));
  for (const room of direct) deleteRoom(world, room);
  for (const membership of world.membershipsOf(user._id)) {
    const room = world.rooms.get(membership.rid);
    if (room) room.usersCount -= 1;
    world.subscriptions.delete(`${membership.rid} ${user._id}`);
  }
  for (const message of [...world.messages.values()])
    if (message.u._id === user._id) world.messages.delete(message._id);
  user.tokens = [];
  world.users.delete(user._id);
  const { legacy } = world.traits;
  if (legacy) tellChange(world, user, { _updatedAt: world.now(), __rooms: [] });
  const erased = { userId: user._id, ...(legacy ? {} : { messageErasureType: "Delete" }) };
  world.tell({ stream: "notify-logged", event: "Users:Deleted", args: [erased] });
  const removed = { id: user._id, type: "removed" };
  world.tell({ stream: "notify-user", uid: user._id, event: "userData", args: [removed] });
  return direct.map((room) => room._id);
}

const STATUS_NUMBER: Readonly<Record<Presence, number>> = { offline: 0, online: 1, away: 2, busy: 3 };

/** Sets what a user says of his presence and tells everybody; 6.5 tells text and status one after the other. */
export function setStatus(
  world: World,
  user: User,
  { status, text }: { status?: Presence | undefined; text?: string | undefined },
): void {
  const old = user.statusText;
  user.statusDefault = status ?? user.statusDefault ?? "online";
  user.statusText = text?.trim().slice(0, MAX_STATUS_TEXT) ?? old ?? "";
  user.updatedAt = world.now();
  const inTwo = world.traits.statusInTwo && status !== undefined && text !== undefined;
  if (inTwo && user.statusText !== old) tellStatus(world, user, user.statusText);
  user.status = status ?? user.status;
  tellStatus(world, user, inTwo ? (old ?? null) : user.statusText);
}

/** A longer text of a status is cut. UTF-16 units. */
const MAX_STATUS_TEXT = 120;

/** @param text what is told of the text: where status and text are two changes, the second tells the text of before */
function tellStatus(world: World, user: User, text: string | null): void {
  const number = STATUS_NUMBER[user.status];
  world.tell({ stream: "user-presence", uid: user._id, args: [user.username, number, text] });
  const args = [[user._id, user.username, number, text, user.name, user.roles, ...statusExtras(world)]];
  world.tell({ stream: "notify-logged", event: "user-status", args });
}

/** From 8.6 on: who set the status, and until when it holds. */
const statusExtras = ({ traits }: World): unknown[] => (traits.since89 ? ["manual", null] : []);

/** Counts a user's live sessions; where presence follows them, the first and the last are told. */
export function countSession(world: World, user: User, step: 1 | -1): void {
  user.connections = Math.max(0, (user.connections ?? 0) + step);
  if (!world.traits.livePresence) return;
  const status = user.connections > 0 ? (user.statusDefault ?? "online") : "offline";
  const cameOrWent = user.connections === (step === 1 ? 1 : 0);
  if (!cameOrWent || (status === "online" && user.status === status)) return;
  user.status = status;
  tellPresence(world, user);
}

/** What is told of a presence nobody set by hand: without the name. */
export function tellPresence(world: World, user: User, status = STATUS_NUMBER[user.status]): void {
  const args = [
    [user._id, user.username, status, user.statusText ?? null, null, user.roles, ...statusExtras(world)],
  ];
  world.tell({ stream: "notify-logged", event: "user-status", args });
}

/** `statusConnection`: from 8.3 on it stays offline where no presence service runs. */
export function connectionStatusOf(world: World, user: User): Presence {
  return world.traits.livePresence && (user.connections ?? 0) > 0 ? "online" : "offline";
}

/** The mail addresses as documents show them. */
export function emailsOf(user: User): { address: string; verified: boolean }[] {
  return user.email === undefined ? [] : [{ address: user.email, verified: true }];
}
