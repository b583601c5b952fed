// Owns the endpoints about users.

import { ProtocolError, RestError } from "../errors.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { RestClient } from "./client.ts";

/** `GET /api/v1/users.info`. Rejects with RestError when there is no such user. */
export async function fetchUser(rest: RestClient, userId: string): Promise<UserFacts> {
  const answer = await rest.get("v1/users.info", { userId });
  const user = decodeUser(answer.user);
  if (user !== undefined) return user;
  throw new ProtocolError("v1/users.info did not name a user", { reason: "unreadable-answer" });
}

/**
 * The user with exactly this id or exactly this username; undefined when there is none. The answer is compared
 * with the question, since some versions take either for the other.
 */
export async function findUser(
  rest: RestClient,
  by: { readonly userId: string } | { readonly username: string },
): Promise<UserFacts | undefined> {
  try {
    const user = decodeUser((await rest.get("v1/users.info", { ...by })).user);
    const same = "userId" in by ? user?.id === by.userId : user?.username === by.username;
    return same ? user : undefined;
  } catch (error) {
    if (error instanceof RestError && error.status === 400) return undefined;
    throw error;
  }
}
