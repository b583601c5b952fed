// The endpoints login, logout and me.
import { isRecord } from "../ddp/ejson.ts";
import { ServerError } from "../world/errors.ts";
import { authenticate, type Credentials } from "../world/logins.ts";
import { endLogin } from "../world/users.ts";
import type { World } from "../world.ts";
import { openRoute, Reply, type Route, route } from "./call/route.ts";
import { ownDocument } from "./user-documents.ts";

const login = openRoute("POST", "login", ({ world, body }) => {
  try {
    const { user, token } = authenticate(world, credentialsOf(world, isRecord(body) ? body : {}));
    const me = ownDocument(world, user, { hashes: true });
    const answer = { status: "success", data: { userId: user._id, authToken: token.secret, me } };
    return world.traits.legacy ? new Reply(200, answer) : answer;
  } catch (error) {
    if (error instanceof ServerError) return refusal(world, error);
    throw error;
  }
});

function credentialsOf(world: World, request: Record<string, unknown>): Credentials {
  const { resume, user, username, email, password } = request;
  const name = user ?? username ?? email;
  const digest = typeof password === "string" ? world.sources.sha256(password) : digestOf(password);
  return {
    resume,
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof digest === "string" ? { digest } : {}),
  };
}

function digestOf(password: unknown): unknown {
  return isRecord(password) ? password.digest : undefined;
}

/** 8.3 names a reason only for an account that is not active, 6.5 for all but an unknown user. */
function refusal({ traits }: World, { code, details, reason }: ServerError): Reply {
  const named = traits.legacy ? reason !== "User not found" : code === "error-user-is-not-activated";
  const said = named
    ? { error: code, details, message: reason }
    : { error: "Unauthorized", message: "Unauthorized" };
  return new Reply(401, { ...(traits.legacy ? {} : { success: false }), status: "error", ...said });
}

const logout = route("POST", "logout", {
  run({ world, user, token }) {
    endLogin(world, user, token ?? "");
    if (world.traits.legacy) {
      return new Reply(200, { status: "success", data: { message: "You've been logged out!" } });
    }
    return new Reply(200, "", { "content-type": "application/json" });
  },
});

const me = route("GET", "me", { run: ({ world, user }) => ownDocument(world, user) });

export const LOGINS: Route[] = [login, logout, me];
