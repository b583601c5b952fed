// Owns the endpoints about users.

import { ProtocolError, RestError } from "../errors.ts";
import { type JsonObject, readObject, readText, readTexts } from "../facts/json.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { RestClient } from "./client.ts";

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
): Promise<UserFacts | undefined> {
  const user = decodeUser(await askForUser(rest, by));
  const same = "userId" in by ? user?.id === by.userId : user?.username === by.username;
  return same ? user : undefined;
}

async function askForUser(
  rest: RestClient,
  by: { readonly userId: string } | { readonly username: string },
): Promise<JsonObject | undefined> {
  try {
    return readObject(await rest.get("v1/users.info", { ...by }), "user");
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return undefined;
    throw error;
  }
}
