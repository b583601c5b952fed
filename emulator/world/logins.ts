// Logging in, by token or by password, and how each version words a refusal.
import type { World } from "../world.ts";
import type { Token, User } from "./documents.ts";
import { ServerError } from "./errors.ts";
import { noteLogin, startLogin, userOfPassword, userOfToken } from "./users.ts";

export interface Credentials {
  /** A token; anything, as the client sent it. */
  resume?: unknown;
  /** A user name or mail address. */
  name?: string | undefined;
  /** SHA-256 of the password, hex. */
  digest?: string | undefined;
}

export interface Login {
  user: User;
  token: Token;
  type: "resume" | "password";
}

/** Finds the user the credentials belong to; a password makes a new token. Throws the server's refusal. */
export function authenticate(world: World, credentials: Credentials): Login {
  const { resume, name, digest } = credentials;
  if (resume !== undefined && resume !== null && typeof resume !== "string") {
    throw new ServerError(400, "Match failed");
  }
  if (resume) return byToken(world, resume);
  const user = name === undefined || digest === undefined ? undefined : userOfPassword(world, name, digest);
  if (!user) throw passwordRefusal(world, credentials);
  return { user, token: startLogin(world, user), type: "password" };
}

function byToken(world: World, secret: string): Login {
  const found = userOfToken(world, secret);
  if (!found) {
    if (world.traits.loginRefusal === 401) throw new ServerError(401, "User not found");
    throw new ServerError(403, "You've been logged out by the server. Please log in again.");
  }
  const { user, token } = found;
  if (!user.active) throw new ServerError("error-user-is-not-activated", "User is not activated");
  if (world.traits.legacy) noteLogin(world, user);
  return { user, token, type: "resume" };
}

function passwordRefusal(world: World, { name, digest }: Credentials): ServerError {
  if (world.traits.loginRefusal === 401) return new ServerError(401, "User not found");
  if (name === undefined || digest === undefined) {
    return new ServerError(400, "Unrecognized options for login request");
  }
  const known = [...world.users.values()].some(({ username, email }) => username === name || email === name);
  return new ServerError(403, known ? "Incorrect password" : "User not found");
}
