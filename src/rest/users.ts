// Owns the endpoints about users.

import { ProtocolError } from "../errors.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { RestClient } from "./client.ts";

/** `GET /api/v1/users.info`. Rejects with RestError when there is no such user. */
export async function fetchUser(rest: RestClient, userId: string): Promise<UserFacts> {
  const answer = await rest.get("v1/users.info", { userId });
  const user = decodeUser(answer.user);
  if (user !== undefined) return user;
  throw new ProtocolError("v1/users.info did not name a user", { reason: "unreadable-answer" });
}
