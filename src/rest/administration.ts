// Owns the endpoints that an administrator needs to set up a bot user. The plugin itself never calls them at work.

import { ProtocolError, RestError, UnauthorizedError } from "../errors.ts";
import { isJsonObject, readObject, readObjects, readText, readTexts } from "../facts/json.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { FormClient, RestClient } from "./client.ts";
import { type Content, multipart } from "./multipart.ts";

/** What a password login gives: a session token, as good as a personal one until `endSession`. */
export interface Session {
  readonly userId: string;
  readonly token: string;
}

/** `POST /api/v1/login` (recording `login-password`). Rejects with UnauthorizedError when refused. */
export async function openSession(rest: RestClient, user: string, password: string): Promise<Session> {
  const data = readObject(await rest.post("v1/login", { user, password }), "data") ?? {};
  const userId = readText(data, "userId");
  const token = readText(data, "authToken");
  if (userId !== undefined && token !== undefined) return { userId, token };
  throw new ProtocolError("v1/login did not answer with a session", { reason: "unreadable-answer" });
}

/**
 * `POST /api/v1/logout` with the session's own client. 8.3 says nothing, not even `{}` (recording `login-password`).
 * Answers whether the session is over; one that could not be ended must not spoil what was done in it.
 */
export async function endSession(rest: RestClient): Promise<boolean> {
  try {
    await rest.post("v1/logout", {});
    return true;
  } catch (error) {
    return error instanceof ProtocolError || error instanceof UnauthorizedError;
  }
}

/** A user as an administrator sees him. */
export interface ManagedUser extends UserFacts {
  readonly roles: readonly string[];
  readonly active: boolean;
  /** Empty for none. */
  readonly statusText: string;
  /** Whether somebody gave the user a picture; the server makes one of a letter otherwise. */
  readonly hasAvatar: boolean;
}

/** `GET /api/v1/users.info` as administrator: with roles. Undefined when nobody has that id, or exactly that username. */
export async function findManagedUser(
  rest: RestClient,
  by: { readonly userId: string } | { readonly username: string },
): Promise<ManagedUser | undefined> {
  try {
    const user = decodeManagedUser((await rest.get("v1/users.info", { ...by })).user);
    const same = "userId" in by ? user?.id === by.userId : user?.username === by.username;
    return same ? user : undefined;
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return undefined;
    throw error;
  }
}

export interface NewBotUser {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly roles: readonly string[];
}

/**
 * `POST /api/v1/users.create` (recording `pat-lifecycle`). Not `verified`, so that no code by mail is asked for
 * at the password login; the default channels are not joined. `digest` is the administrator's password digest.
 */
export async function createBotUser(
  rest: RestClient,
  user: NewBotUser,
  digest: string,
): Promise<ManagedUser> {
  const body = { ...user, verified: false, joinDefaultChannels: false, requirePasswordChange: false };
  const answer = await rest.post(
    "v1/users.create",
    { ...body, sendWelcomeEmail: false },
    secondFactor(digest),
  );
  const created = decodeManagedUser(answer.user);
  if (created !== undefined) return created;
  throw new ProtocolError("v1/users.create did not name the new user", { reason: "unreadable-answer" });
}

/** `POST /api/v1/users.update`: roles replace the old ones, a password ends the sessions of the user. `statusText` as documented. */
export async function updateUser(
  rest: RestClient,
  change: {
    readonly userId: string;
    readonly roles?: readonly string[];
    readonly password?: string;
    readonly name?: string;
    readonly statusText?: string;
    readonly digest: string;
  },
): Promise<void> {
  const { userId, digest, ...data } = change;
  await rest.post("v1/users.update", { userId, data }, secondFactor(digest));
}

/**
 * `POST /api/v1/users.generatePersonalAccessToken`, or `regeneratePersonalAccessToken` when the name is taken
 * (recording `pat-lifecycle`), as the bot user. The token is shown this once. `digest` is the SHA-256 of the bot user's
 * password; without it the server may refuse with `totp-required`.
 */
export async function issueToken(rest: RestClient, tokenName: string, digest: string): Promise<string> {
  const factor = secondFactor(digest);
  const answer = await rest
    .post("v1/users.generatePersonalAccessToken", { tokenName, bypassTwoFactor: true }, factor)
    .catch((error: unknown) => {
      if (!(error instanceof RestError) || error.serverCode !== "error-token-already-exists") throw error;
      return rest.post("v1/users.regeneratePersonalAccessToken", { tokenName }, factor);
    });
  const token = readText(answer, "token");
  if (token !== undefined && isMadeUp(token)) return token;
  throw new ProtocolError("No personal access token came with the answer", { reason: "unreadable-answer" });
}

/** A personal access token as its owner sees it afterwards. */
export interface TokenNote {
  readonly name: string;
  /** The last six characters. */
  readonly lastTokenPart: string;
}

/** `GET /api/v1/users.getPersonalAccessTokens` (recording `pat-lifecycle`), as the bot user. */
export async function listTokens(rest: RestClient): Promise<readonly TokenNote[]> {
  const answer = await rest.get("v1/users.getPersonalAccessTokens");
  return readObjects(answer, "tokens").flatMap((raw) => {
    const [name, lastTokenPart] = [readText(raw, "name"), readText(raw, "lastTokenPart")];
    return name === undefined || lastTokenPart === undefined ? [] : [{ name, lastTokenPart }];
  });
}

/** `POST /api/v1/users.removePersonalAccessToken` (recording `pat-lifecycle`), as the bot user; one that is gone is no failure. */
export async function removeToken(rest: RestClient, tokenName: string, digest: string): Promise<void> {
  await rest
    .post("v1/users.removePersonalAccessToken", { tokenName }, secondFactor(digest))
    .catch((error: unknown) => {
      if (!(error instanceof RestError) || error.serverCode !== "error-token-does-not-exists") throw error;
    });
}

/** `POST /api/v1/users.setActiveStatus` as administrator: a deactivated user's tokens are dead for good. */
export async function deactivateUser(rest: RestClient, userId: string): Promise<void> {
  await rest.post("v1/users.setActiveStatus", { userId, activeStatus: false, confirmRelinquish: false });
}

export interface Picture {
  readonly name: string;
  readonly bytes: Content;
}

/** `POST /api/v1/users.setAvatar` for another user, as documented. Rejects with RestError when avatars must not be changed. */
export async function setAvatar(rest: FormClient, userId: string, { name, bytes }: Picture): Promise<void> {
  const file = { field: "image", name, bytes };
  await rest.postForm("v1/users.setAvatar", multipart({ userId }, file));
}

/** `POST /api/v1/channels.invite` or `groups.invite`, as somebody who may. */
export async function inviteToRoom(
  rest: RestClient,
  room: Pick<RoomFacts, "id" | "type">,
  userId: string,
): Promise<void> {
  const family = room.type === "c" ? "channels" : "groups";
  await rest.post(`v1/${family}.invite`, { roomId: room.id, userId });
}

/**
 * Whether a text has the form of an id or a token of Rocket.Chat's. Both get into the configuration, where OpenClaw would put
 * a variable's value in place of what stands behind a `$`, to be sent to the server as ours.
 */
function isMadeUp(text: string): boolean {
  return /^[\w.-]{1,200}$/.test(text);
}

/** The second factor of a user who has none of his own; empty where none can be given. */
function secondFactor(digest: string) {
  return digest === "" ? {} : { headers: { "x-2fa-method": "password", "x-2fa-code": digest } };
}

function decodeManagedUser(raw: unknown): ManagedUser | undefined {
  const user = decodeUser(raw);
  if (user === undefined || !isJsonObject(raw) || !isMadeUp(user.id)) return undefined;
  return {
    ...user,
    roles: readTexts(raw, "roles") ?? [],
    active: raw.active !== false,
    statusText: readText(raw, "statusText") ?? "",
    hasAvatar: readText(raw, "avatarETag") !== undefined,
  };
}
