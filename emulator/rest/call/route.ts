// What an endpoint is: its path, who may call it, the schema of its input, its work; and the checks common to all.
import { Ajv, type ValidateFunction } from "ajv";
import type { Allowance, Limiter, Verdict } from "../../limiter.ts";
import type { User } from "../../world/documents.ts";
import { ServerError } from "../../world/errors.ts";
import type { Traits } from "../../world/profile.ts";
import type { World } from "../../world.ts";

/** An object goes out as JSON, a stream without a length. */
type ReplyBody = Record<string, unknown> | Uint8Array | ReadableStream | string;

/** An answer that is not the usual 200 with a JSON object. */
export class Reply {
  readonly status: number;
  readonly body: ReplyBody | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, body?: ReplyBody, headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An uploaded part of a multipart body. */
export interface FormFile {
  field: string;
  name: string;
  type: string;
  bytes: Uint8Array;
}

/** A call as it came in, before its input was looked at. */
export interface IncomingCall {
  world: World;
  /** Counts what an endpoint limits by itself. */
  limiter: Limiter;
  /** The caller; undefined only on endpoints that ask for no login. */
  user: User | undefined;
  token: string | undefined;
  header(name: string): string | undefined;
  path: Record<string, string>;
  query: Record<string, string>;
  body: unknown;
  fields: Record<string, string>;
  files: FormFile[];
}

/** A call whose login and input were found good. */
export interface Call<Query, Body> extends Omit<IncomingCall, "user" | "query" | "body"> {
  user: User;
  query: Query;
  body: Body;
}

export interface Route {
  method: "GET" | "POST";
  /** Below `/api/v1/`; with `:name` for variable parts. */
  path: string;
  auth: boolean;
  /** Undefined: the usual 10 calls a minute, by source address and endpoint. */
  limit(traits: Traits): Allowance | undefined;
  /** Whether this version has the endpoint. */
  exists(traits: Traits): boolean;
  handle(call: IncomingCall): Outcome | Promise<Outcome>;
}

/** An object goes out as `{...object, success: true}` with status 200. */
export type Outcome = Record<string, unknown> | Reply;

type FreeQuery = Record<string, string>;
type FreeBody = Record<string, unknown>;

interface Definition<Query, Body> {
  query?: Check<Query>;
  body?: Check<Body>;
  /** In place of `query` and `body` on a lax server. */
  laxQuery?: Check<Query>;
  laxBody?: Check<Body>;
  /** In place of `body` on a server that coerces bodies. */
  olderBody?: Check<Body>;
  limit?(traits: Traits): Allowance | undefined;
  exists?(traits: Traits): boolean;
  run(call: Call<Query, Body>): Outcome | Promise<Outcome>;
}

/** An endpoint for users who are logged in; its input has the types its checks give it. */
export function route(
  method: "GET" | "POST",
  path: string,
  definition: Definition<FreeQuery, FreeBody>,
): Route;
export function route<Query>(
  method: "GET",
  path: string,
  definition: Definition<Query, FreeBody> & { query: Check<Query> },
): Route;
export function route<Body>(
  method: "POST",
  path: string,
  definition: Definition<FreeQuery, Body> & { body: Check<Body> },
): Route;
export function route(method: "GET" | "POST", path: string, definition: Definition<unknown, unknown>): Route {
  return {
    method,
    path,
    auth: true,
    limit: (traits) => definition.limit?.(traits),
    exists: (traits) => definition.exists?.(traits) ?? true,
    handle(call) {
      const { user } = call;
      if (!user) throw new Error(`${path} was called without a user`);
      const { legacy } = call.world.traits;
      const checkQuery = (legacy ? definition.laxQuery : undefined) ?? definition.query;
      const older = call.world.traits.coercesBodies ? definition.olderBody : undefined;
      const checkBody = (legacy ? definition.laxBody : older) ?? definition.body;
      const { coercesBodies } = call.world.traits;
      const query = checkQuery ? checkQuery(call.query) : call.query;
      const given = coercesBodies ? asObject(call.body) : call.body;
      const body = checkBody ? checkBody(given, coercesBodies) : asObject(call.body);
      return definition.run({ ...call, user, query, body });
    },
  };
}

/** An endpoint anybody may call. */
export function openRoute(
  method: "GET" | "POST",
  path: string,
  run: (call: IncomingCall) => Outcome,
  exists: (traits: Traits) => boolean = () => true,
): Route {
  return { method, path, auth: false, limit: () => undefined, exists, handle: run };
}

/** Throws a refusal when the input does not fit; else answers it with its type. */
export type Check<T> = (input: unknown, coerces?: boolean) => T;

/** How an endpoint words a bad input: with the code in the text, or without, or with the newer code. */
export type Wording = "suffixed" | "bare" | "newer";

const forBodies = new Ajv({ strict: false });
const forQueries = new Ajv({ strict: false, coerceTypes: true });

/** Holds a JSON body against a schema, as the server does: with the same library, so with the same words. */
export function body<T>(schema: object, wording: Wording = "suffixed"): Check<T> {
  return check(forBodies.compile<T>(schema), wording, forQueries.compile<T>(schema));
}

/** Holds the query against a schema; texts become numbers where the schema says so. */
export function query<T>(schema: object, wording: Wording = "suffixed"): Check<T> {
  return check(forQueries.compile<T>(schema), wording);
}

function check<T>(strict: ValidateFunction<T>, wording: Wording, coercing = strict): Check<T> {
  return (input, coerces = false) => {
    const copy: unknown = structuredClone(input);
    const validate = coerces ? coercing : strict;
    if (validate(copy)) return copy;
    const text = (validate.errors ?? []).map((error) => error.message).join("\n ");
    throw new InvalidInput(text, wording);
  };
}

/** An input that does not fit the endpoint's schema. */
export class InvalidInput extends ServerError {
  readonly wording: Wording;

  constructor(text: string, wording: Wording) {
    super(wording === "newer" ? "error-invalid-params" : "invalid-params", text);
    this.wording = wording;
  }
}

/** A lax server asks only for some keys; the first missing one makes the refusal. */
export function keys<T>(
  properties: Record<string, object>,
  required: string[],
  refuse: (key: string) => Error,
): Check<T> {
  const validate = forQueries.compile<T>(object(properties, required, true));
  return (input) => {
    const copy: unknown = structuredClone(asObject(input));
    if (validate(copy)) return copy;
    throw refuse(String(validate.errors?.[0]?.params.missingProperty));
  };
}

/** The answer to one call too many. */
export function tooManyCalls({ timeToReset }: Verdict, what: string): Reply {
  const seconds = Math.ceil(timeToReset / 1000);
  const error = `Error, too many requests. Please slow down. You must wait ${seconds} seconds before ${what}. [error-too-many-requests]`;
  return new Reply(429, { success: false, error });
}

/** A schema of an object with the given properties. */
export function object(properties: Record<string, object>, required: string[] = [], open = false): object {
  return { type: "object", properties, required, additionalProperties: open };
}

export const text = { type: "string" };
export const nullableText = { type: "string", nullable: true };
export const number = { type: "number" };
export const flag = { type: "boolean" };

function asObject(input: unknown): FreeBody {
  return typeof input === "object" && input !== null && !Array.isArray(input) ? { ...input } : {};
}

export interface Page {
  count?: number;
  offset?: number;
  /** JSON: one key with 1 or -1. */
  sort?: string;
}

export const PAGE = { count: number, offset: number, sort: text, query: text, fields: text };

/** A page of a list with the counts that go with it. */
export function paged<T>(
  list: T[],
  { count = 50, offset = 0, sort }: Page,
): { page: T[]; counts: { count: number; offset: number; total: number } } {
  const page = sorted(list, sort).slice(offset, count === 0 ? undefined : offset + count);
  return { page, counts: { count: page.length, offset, total: list.length } };
}

/** By one key, as the query's `sort` says; as it is where that says nothing. */
export function sorted<T>(list: T[], sort: string | undefined): T[] {
  const match = /^\{"(\w+)":(-?1)\}$/.exec(sort ?? "");
  if (!match) return list;
  const [, key = "", direction] = match;
  const rank = (item: T): number | string => {
    const value = Object.entries(item ?? {}).find(([name]) => name === key)?.[1];
    return value instanceof Date ? value.getTime() : typeof value === "number" ? value : String(value);
  };
  const up = (a: T, b: T) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0);
  return [...list].sort((a, b) => Number(direction) * up(a, b));
}

/** Whether a query's text means yes. */
export function isTrue(value: string | undefined): boolean {
  return value === "true" || value === "1";
}
