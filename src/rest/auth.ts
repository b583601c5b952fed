// Owns the endpoints that tell who we are and what the server is.

import { ProtocolError } from "../errors.ts";
import { readText, readTexts } from "../facts/json.ts";
import { decodeUser, type UserFacts } from "../facts/message.ts";
import type { CallOptions, RestClient } from "./client.ts";

/** The user a token belongs to. */
export interface OwnUserFacts extends UserFacts {
  /** Role ids such as `user` and `bot`. */
  readonly roles: readonly string[];
}

/**
 * `GET /api/v1/me` (recording `lookups`): the user the token belongs to. Rejects with UnauthorizedError when
 * the token is dead.
 */
export async function fetchMe(rest: RestClient, options?: CallOptions): Promise<OwnUserFacts> {
  const answer = await rest.get("v1/me", undefined, options);
  const user = decodeUser(answer);
  if (user !== undefined) return { ...user, roles: readTexts(answer, "roles") ?? [] };
  throw new ProtocolError("v1/me did not name a user", { reason: "unreadable-answer" });
}

/** `GET /api/info`: the server's version, `major.minor` for ordinary users; undefined when it tells none. */
export async function fetchServerVersion(rest: RestClient): Promise<string | undefined> {
  return readText(await rest.get("info"), "version");
}
