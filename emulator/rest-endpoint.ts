// The HTTP side: which endpoint a call is for, login, rate limit, errors, files; the endpoints are in rest/.
import type { HttpBindings } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { type Context, Hono } from "hono";
import type { Faults, RestFault } from "./faults.ts";
import type { Limiter } from "./limiter.ts";
import { ACCOUNTS } from "./rest/accounts.ts";
import { CHAT } from "./rest/chat.ts";
import { avatar, download } from "./rest/files.ts";
import { OTHERS } from "./rest/others.ts";
import { ROOMS } from "./rest/rooms.ts";
import {
  type FormFile,
  type IncomingCall,
  InvalidInput,
  type Outcome,
  Reply,
  type Route,
} from "./rest/route.ts";
import { PlainError, ServerError } from "./world/errors.ts";
import { allows } from "./world/permissions.ts";
import { userOfToken } from "./world/users.ts";
import type { World } from "./world.ts";

/** One REST call as it was answered. */
export interface SeenRequest {
  method: string;
  /** Without the query. */
  path: string;
  userId: string | undefined;
  status: number;
}

export interface RestPort {
  world: World;
  faults: Faults;
  limiter: Limiter;
  saw(request: SeenRequest): void;
}

/** The environment of a call: Node's request and answer. */
type Env = { Bindings: HttpBindings };
type Call = Context<Env>;

const API = "/api/v1/";

/** The application that answers all HTTP but the upgrades. */
export function restEndpoint(port: RestPort): Hono<Env> {
  const { world } = port;
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    await withFault(port, context, next);
    port.saw({
      method: context.req.method,
      path: context.req.path,
      userId: context.req.header("x-user-id"),
      status: context.res.status,
    });
  });
  app.get("/api/info", (context) => context.json(serverInfo(world)));
  for (const route of [...ACCOUNTS, ...CHAT, ...ROOMS, ...OTHERS]) {
    app.on([route.method], API + route.path, (context) => answer(port, route, context));
  }
  app.options(`${API}*`, (context) =>
    context.text("OK", 200, { "content-type": "text/plain;charset=UTF-8" }),
  );
  app.on(["GET", "HEAD"], ["/file-upload/*", "/ufs/*"], (context) =>
    toResponse(download(world, readRequest(context))),
  );
  app.get("/avatar/*", (context) => toResponse(avatar(context.req.path)));
  return app;
}

/** Lets a call go wrong where a fault says so, before or after it takes effect. */
async function withFault({ faults }: RestPort, context: Call, next: () => Promise<void>): Promise<void> {
  const fault = faults.takeRestFault(context.req.path);
  if (!fault) return next();
  const { delayMs, effect = fault.status === undefined } = fault;
  if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (effect) await next();
  if (fault.lost === true) context.env.incoming.socket.destroy();
  else if (fault.status !== undefined) context.res = faultyResponse(fault, fault.status);
}

function faultyResponse({ body = {} }: RestFault, status: number): Response {
  if (typeof body === "string")
    return new Response(body, { status, headers: { "content-type": "text/html" } });
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

function serverInfo({ traits }: World): Record<string, unknown> {
  return {
    version: traits.version,
    minimumClientVersions: { desktop: "3.9.6", mobile: "4.39.0" },
    cloudWorkspaceId: "",
    success: true,
  };
}

async function answer({ world, limiter }: RestPort, route: Route, context: Call): Promise<Response> {
  const found = callerOf(world, context);
  if (route.auth && !found) return toResponse(notLoggedIn());
  const headers: Record<string, string> = {};
  if (!found || !allows("api-bypass-rate-limit", found.user)) {
    const refused = limit(world, limiter, { route, context, headers });
    if (refused) return toResponse(refused, headers);
  }
  try {
    const call: IncomingCall = {
      world,
      user: found?.user,
      token: found?.token.secret,
      path: context.req.param(),
      ...readRequest(context),
      ...(await readBody(context)),
    };
    return toResponse(asReply(await route.handle(call)), headers);
  } catch (error) {
    return toResponse(refusal(world, error), headers);
  }
}

function callerOf(world: World, context: Call): ReturnType<typeof userOfToken> {
  const id = context.req.header("x-user-id");
  const secret = context.req.header("x-auth-token");
  const found = secret === undefined ? undefined : userOfToken(world, secret);
  return found?.user._id === id && found?.user.active ? found : undefined;
}

function notLoggedIn(): Reply {
  const message = "You must be logged in to do this.";
  return new Reply(401, { success: false, error: message, status: "error", message });
}

/** Counts a call by its source address and endpoint; answers the refusal when there were too many. */
function limit(
  world: World,
  limiter: Limiter,
  { route, context, headers }: { route: Route; context: Call; headers: Record<string, string> },
): Reply | undefined {
  const address = getConnInfo(context).remote.address ?? "";
  const now = world.sources.now();
  const verdict = limiter.count(`${address} ${route.method} ${route.path}`, route.limit, now);
  headers["x-ratelimit-limit"] = String(route.limit.calls);
  headers["x-ratelimit-remaining"] = String(verdict.remaining);
  headers["x-ratelimit-reset"] = String(now + verdict.timeToReset);
  if (verdict.allowed) return undefined;
  const seconds = Math.ceil(verdict.timeToReset / 1000);
  const error = `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying this endpoint again. [error-too-many-requests]`;
  return new Reply(429, { success: false, error });
}

function readRequest(context: Call): {
  header(name: string): string | undefined;
  query: Record<string, string>;
  url: string;
} {
  return { header: (name) => context.req.header(name), query: context.req.query(), url: context.req.path };
}

/** The body by its content type; what cannot be read is an empty object. */
async function readBody(
  context: Call,
): Promise<{ body: unknown; fields: Record<string, string>; files: FormFile[] }> {
  const type = context.req.header("content-type") ?? "";
  const nothing = { body: {}, fields: {}, files: [] };
  if (type.startsWith("multipart/form-data")) return readForm(await context.req.formData());
  const text = await context.req.text();
  if (type.startsWith("application/x-www-form-urlencoded"))
    return { ...nothing, body: Object.fromEntries(new URLSearchParams(text)) };
  if (!type.includes("json")) return nothing;
  try {
    return { ...nothing, body: JSON.parse(text) };
  } catch {
    return nothing;
  }
}

async function readForm(
  form: FormData,
): Promise<{ body: unknown; fields: Record<string, string>; files: FormFile[] }> {
  const fields: Record<string, string> = {};
  const files: FormFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === "string") fields[field] = value;
    else
      files.push({
        field,
        name: value.name,
        type: value.type,
        bytes: new Uint8Array(await value.arrayBuffer()),
      });
  }
  return { body: fields, fields, files };
}

function asReply(outcome: Outcome): Reply {
  return outcome instanceof Reply ? outcome : new Reply(200, { ...outcome, success: true });
}

/** Codes that 9.0 turns into a 403 `error-forbidden`. */
const WANT_OF_PERMISSION = new Set<string | number>([
  "error-not-allowed",
  "error-action-not-allowed",
  "not-authorized",
  "error-not-authorized",
  "no-permission",
]);

function refusal(world: World, error: unknown): Reply {
  if (error instanceof InvalidInput) {
    const suffix = error.wording === "suffixed" ? ` [${error.code}]` : "";
    return new Reply(400, { success: false, errorType: error.code, error: `${error.reason}${suffix}` });
  }
  if (error instanceof PlainError) {
    if (world.traits.forbidden403 && WANT_OF_PERMISSION.has(error.message)) return forbidden();
    return new Reply(400, { success: false, error: error.message });
  }
  if (!(error instanceof ServerError))
    return new Reply(500, { success: false, error: "Internal server error" });
  if (world.traits.forbidden403 && WANT_OF_PERMISSION.has(error.code)) return forbidden();
  const { message, code, details } = error;
  return new Reply(400, {
    success: false,
    error: message,
    errorType: code,
    ...(details === undefined ? {} : { details }),
  });
}

function forbidden(): Reply {
  return new Reply(403, {
    success: false,
    error: "User does not have the permissions required for this action [error-forbidden]",
    errorType: "error-forbidden",
  });
}

function toResponse({ status, body, headers }: Reply, more: Record<string, string> = {}): Response {
  if (body === undefined) return new Response(null, { status, headers: { ...headers, ...more } });
  const isJson = typeof body === "object" && !(body instanceof Uint8Array);
  const type = isJson ? { "content-type": "application/json" } : {};
  const payload = isJson ? JSON.stringify(body) : typeof body === "string" ? body : new Uint8Array(body);
  return new Response(payload, { status, headers: { ...type, ...headers, ...more } });
}
