// The HTTP side: which endpoint a call is for, its login, its rate limit; the endpoints are in rest/.
import { getConnInfo } from "@hono/node-server/conninfo";
import { Hono } from "hono";
import type { Faults, RestFault } from "./faults.ts";
import type { Allowance, Limiter } from "./limiter.ts";
import { ACCOUNTS } from "./rest/accounts.ts";
import {
  asReply,
  badRequestPage,
  notLoggedIn,
  refusal,
  toResponse,
  unknownEndpoint,
} from "./rest/call/answers.ts";
import { type Env, type HttpCall, readBody, readHead } from "./rest/call/input.ts";
import { InvalidInput, type Reply, type Route, tooManyCalls } from "./rest/call/route.ts";
import { CHAT } from "./rest/chat.ts";
import { DIRECT } from "./rest/direct.ts";
import { DOCUMENTED } from "./rest/documented.ts";
import { FAMILY_ROUTES } from "./rest/families.ts";
import { avatar, download } from "./rest/files.ts";
import { LOGINS } from "./rest/logins.ts";
import { LOOKUPS } from "./rest/lookups.ts";
import { READING } from "./rest/reading.ts";
import { refusesFilters } from "./rest/room-refs.ts";
import { ROOMS } from "./rest/rooms.ts";
import { TEAMS } from "./rest/teams.ts";
import { UPLOADS } from "./rest/uploads.ts";
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

const API = "/api/v1/";
const ROUTES = [
  ...LOGINS,
  ...ACCOUNTS,
  ...CHAT,
  ...READING,
  ...FAMILY_ROUTES,
  ...ROOMS,
  ...DIRECT,
  ...TEAMS,
  ...UPLOADS,
  ...LOOKUPS,
  ...DOCUMENTED,
];

/** 10 calls a minute, by source address and endpoint. */
const USUAL_LIMIT: Allowance = { calls: 10, windowMs: 60_000 };

/** The application that answers all HTTP but the upgrades. */
export function restEndpoint(port: RestPort): Hono<Env> {
  const { world, saw } = port;
  const app = new Hono<Env>({ strict: !world.traits.legacy });
  app.use(async (context, next) => {
    await withFault(port, context, next);
    if (!context.res.headers.has("date"))
      context.res.headers.set("date", new Date(world.now()).toUTCString());
    const { method, path } = context.req;
    saw({ method, path, userId: context.req.header("x-user-id"), status: context.res.status });
  });
  app.get("/api/info", (context) => context.json(serverInfo(world)));
  const routes = ROUTES.filter((route) => route.exists(world.traits));
  for (const route of routes) {
    app.on([route.method], API + route.path, (context) => answer(port, route, context));
  }
  for (const path of ["/file-upload", "/file-upload/*", "/ufs/*"])
    app.all(path, (context) => toResponse(download(world, readHead(context))));
  app.get("/avatar/*", (context) => toResponse(avatar(world, context.req.path)));
  app.notFound((context) => {
    const { method, path } = context.req;
    const known = routes.some((route) => API + route.path === path);
    return toResponse(unknownEndpoint(world, method, known));
  });
  return app;
}

/** Lets a call go wrong where a fault says so, before or after it takes effect. */
async function withFault({ faults }: RestPort, context: HttpCall, next: () => Promise<void>): Promise<void> {
  const json = context.req.header("content-type")?.includes("json") === true;
  const text = json ? await context.req.text() : new URL(context.req.url).search;
  const fault = faults.takeRestFault(context.req.path, text);
  if (!fault) return next();
  const { delayMs, effect = fault.status === undefined } = fault;
  if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (effect) await next();
  if (fault.lost === true) {
    context.env.incoming.socket.destroy();
    if (!effect) context.res = new Response();
  }
  if (fault.lost !== true && fault.status !== undefined) context.res = faultyResponse(fault, fault.status);
}

function faultyResponse({ body = {}, headers = {} }: RestFault, status: number): Response {
  const type = typeof body === "string" ? "text/html" : "application/json";
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, { status, headers: { "content-type": type, ...headers } });
}

function serverInfo({ traits }: World): Record<string, unknown> {
  return {
    version: traits.version,
    minimumClientVersions: { desktop: "3.9.6", mobile: "4.39.0" },
    ...(traits.legacy ? {} : { cloudWorkspaceId: "" }),
    success: true,
  };
}

async function answer({ world, limiter }: RestPort, route: Route, context: HttpCall): Promise<Response> {
  const found = route.auth ? callerOf(world, context) : undefined;
  const input = await readBody(context);
  if (input.malformed && world.traits.legacy) return toResponse(badRequestPage());
  if (route.auth && !found) return toResponse(notLoggedIn(world));
  const headers: Record<string, string> = {};
  if (world.restLimited && !(found && allows("api-bypass-rate-limit", found.user))) {
    const refused = limit(world, limiter, { route, context, headers });
    if (refused) return toResponse(refused, headers);
  }
  if (route.auth && refusesFilters(world, context.req.query()))
    return toResponse(
      refusal(world, new InvalidInput("must NOT have additional properties", "newer")),
      headers,
    );
  try {
    const caller = { user: found?.user, token: found?.token.secret };
    const call = { world, limiter, ...caller, path: context.req.param(), ...readHead(context), ...input };
    return toResponse(asReply(await route.handle(call)), headers);
  } catch (error) {
    return toResponse(refusal(world, error), headers);
  }
}

function callerOf(world: World, context: HttpCall): ReturnType<typeof userOfToken> {
  const id = context.req.header("x-user-id");
  const secret = context.req.header("x-auth-token");
  const found = secret === undefined ? undefined : userOfToken(world, secret);
  return found?.user._id === id && found?.user.active ? found : undefined;
}

/** Counts a call by its source address and endpoint; answers the refusal when there were too many. */
function limit(
  world: World,
  limiter: Limiter,
  { route, context, headers }: { route: Route; context: HttpCall; headers: Record<string, string> },
): Reply | undefined {
  const address = getConnInfo(context).remote.address ?? "";
  const now = world.sources.now();
  const allowance = route.limit(world.traits) ?? USUAL_LIMIT;
  const verdict = limiter.count(`${address} ${route.method} ${route.path}`, allowance, now);
  headers["x-ratelimit-limit"] = String(allowance.calls);
  headers["x-ratelimit-remaining"] = String(verdict.remaining);
  headers["x-ratelimit-reset"] = String(now + verdict.timeToReset);
  return verdict.allowed ? undefined : tooManyCalls(verdict, "trying this endpoint again");
}
