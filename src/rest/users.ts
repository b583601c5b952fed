// Owns the endpoints about users.

import { ProtocolError, RestError } from "../errors.ts";
import { type JsonObject, readNumber, readObject, readObjects, readText, readTexts } from "../facts/json.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** `GET /api/v1/users.info`. Rejects with RestError when there is no such user. */
export async function fetchUser(rest: RestClient, userId: string): Promise<UserFacts> {
  const answer = await rest.get("v1/users.info", { userId });
  const user = decodeUser(answer.user);
  if (user !== undefined) return user;
  throw new ProtocolError("v1/users.info did not name a user", { reason: "unreadable-answer" });
}

export interface UserProfile extends UserFacts {
  /**
   * `type` says so, or the role `bot`. Others' roles are told only to users with `view-full-other-user-info`
   * (recording `lookups`); without it a bot user that is no integration looks like a person.
   */
  readonly isBot: boolean;
}

/** What the server tells of a user; undefined when there is none. */
export async function fetchProfile(rest: RestClient, userId: string): Promise<UserProfile | undefined> {
  const raw = await askForUser(rest, { userId });
  const user = decodeUser(raw);
  if (raw === undefined || user === undefined) return undefined;
  const type = readText(raw, "type");
  const isBot = type === "bot" || type === "app" || (readTexts(raw, "roles") ?? []).includes("bot");
  return { ...user, isBot };
}

/**
 * The user with exactly this id or exactly this username; undefined when there is none. The answer is compared
 * with the question, since some versions take either for the other.
 */
export async function findUser(
  rest: RestClient,
  by: { readonly userId: string } | { readonly username: string },
  call?: CallOptions,
): Promise<UserFacts | undefined> {
  const user = decodeUser(await askForUser(rest, by, call));
  const same = "userId" in by ? user?.id === by.userId : user?.username === by.username;
  return same ? user : undefined;
}

async function askForUser(
  rest: RestClient,
  by: { readonly userId: string } | { readonly username: string },
  call?: CallOptions,
): Promise<JsonObject | undefined> {
  try {
    return readObject(await rest.get("v1/users.info", { ...by }, call), "user");
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return undefined;
    throw error;
  }
}

/** One page of a listing; the server gives at most a hundred at once (`API_Upper_Count_Limit`). */
export interface Page {
  readonly offset: number;
  readonly count: number;
}

/** People of one page, and how many there are on all pages. */
export interface UserPage {
  readonly users: readonly UserFacts[];
  readonly total: number;
}

/**
 * `GET /api/v1/users.list` (recording `lookups`): everybody who is active, by username. Rejects with RestError where
 * the bot user may not (`view-d-room`, `view-outside-room`).
 */
export async function listUsers(rest: RestClient, page: Page): Promise<UserPage> {
  return decodePage(await rest.get("v1/users.list", queryOf(page)), "users");
}

/** `GET /api/v1/{channels,groups,im}.members` (recordings `lookups`, `group-dm`), online ones first. */
export async function listMembers(
  rest: RestClient,
  room: { readonly id: string; readonly type: "c" | "p" | "d" },
  page: Page,
): Promise<UserPage> {
  const family = { c: "channels", p: "groups", d: "im" }[room.type];
  return decodePage(await rest.get(`v1/${family}.members`, { roomId: room.id, ...queryOf(page) }), "members");
}

/** Members are listed so many at once, and so many of them are looked through for one. */
const MEMBERS_AT_ONCE = 100;
const MAX_MEMBERS_READ = 1000;

/** Whether somebody who is online is in a room; false where that would take more than ten pages to learn. */
export async function hasOnlineMember(
  rest: RestClient,
  room: Parameters<typeof listMembers>[1],
  userId: string,
): Promise<boolean> {
  for (let offset = 0; offset < MAX_MEMBERS_READ; ) {
    const { users, total } = await listMembers(rest, room, { offset, count: MEMBERS_AT_ONCE });
    if (users.some(({ id }) => id === userId)) return true;
    // A server may give less at once than it is asked for.
    offset += users.length;
    if (users.length === 0 || offset >= total) return false;
  }
  return false;
}

/** `GET /api/v1/spotlight` (recording `lookups`): the few whose name or username has the text in it. */
export async function searchUsers(rest: RestClient, text: string): Promise<readonly UserFacts[]> {
  return decodePage(await rest.get("v1/spotlight", { query: `@${text}` }), "users").users;
}

function queryOf({ offset, count }: Page): Record<string, string> {
  return { offset: String(offset), count: String(count) };
}

function decodePage(answer: JsonObject, key: string): UserPage {
  const active = readObjects(answer, key).filter(({ active }) => active !== false);
  return { users: active.flatMap((raw) => decodeUser(raw) ?? []), total: readNumber(answer, "total") ?? 0 };
}
