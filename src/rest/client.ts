// Owns one REST request: headers, deadline, size limit, rate limit, and turning every failure into our errors.

import { setTimeout } from "node:timers/promises";
import {
  networkErrorFrom,
  ProtocolError,
  RateLimitedError,
  RestError,
  RocketChatError,
  TimeoutError,
  UnauthorizedError,
} from "../errors.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";

/** A fetch that guards where it connects to; `release` must be called once the body is read or given up. */
export type GuardedFetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<{ response: Response; release: () => Promise<void> }>;

export interface RestClientOptions {
  /** Base URL without trailing slash; a sub-path is kept. */
  readonly serverUrl: string;
  readonly userId: string;
  readonly pat: string;
  readonly fetch: GuardedFetch;
  /** Called with every 401, before the request rejects: the token is dead for the socket, too. */
  readonly onUnauthorized: (error: UnauthorizedError) => void;
  /** Ends requests before their own deadline. */
  readonly signal?: AbortSignal;
}

export interface RestClient {
  /** `path` below `/api/`, for example `v1/me`. Rejects with NetworkError, TimeoutError, RestError, ... */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<JsonObject>;
  post(path: string, body: JsonObject): Promise<JsonObject>;
}

/** A server that accepts a request and never answers is given up after this long (6.5 does so on broken images). */
const DEADLINE_MS = 30_000;

/** No answer we ask for comes near this; a larger one is not a Rocket.Chat's. Bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The limiter's window: the longest wait that it can ask for, plus one second for the clocks. */
const MAX_LIMIT_WAIT_MS = 61_000;

const MAX_LIMITED_TRIES = 3;

/** Creates the REST client of one account. Auth headers only ever go to `serverUrl`; redirects are refused. */
export function createRestClient(options: RestClientOptions): RestClient {
  const auth = { "X-User-Id": options.userId, "X-Auth-Token": options.pat };

  async function request(method: string, path: string, url: string, body?: JsonObject): Promise<JsonObject> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
    const headers = {
      ...auth,
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
    };
    try {
      const init = { method, headers, signal, ...(body && { body: JSON.stringify(body) }) };
      const { response, release } = await options.fetch(url, init);
      try {
        return await readAnswer(response, path);
      } finally {
        await release();
      }
    } catch (error) {
      if (deadline.aborted)
        throw new TimeoutError(`${path} did not answer in time`, { afterMs: DEADLINE_MS });
      throw error;
    }
  }

  /** A 429 is answered before the server does anything, so every request may be sent again after the wait. */
  async function send(
    method: string,
    path: string,
    url: string,
    body?: JsonObject,
    tries = 1,
  ): Promise<JsonObject> {
    try {
      return await request(method, path, url, body);
    } catch (error) {
      if (error instanceof UnauthorizedError) options.onUnauthorized(error);
      if (error instanceof RateLimitedError && tries < MAX_LIMITED_TRIES) {
        await setTimeout(error.waitMs, undefined, options.signal && { signal: options.signal });
        return send(method, path, url, body, tries + 1);
      }
      throw error instanceof RocketChatError
        ? error
        : networkErrorFrom(error, new URL(options.serverUrl).host);
    }
  }

  return {
    get: (path, query) => {
      const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
      return send("GET", path, `${options.serverUrl}/api/${path}${search}`);
    },
    post: (path, body) => send("POST", path, `${options.serverUrl}/api/${path}`, body),
  };
}

async function readAnswer(response: Response, path: string): Promise<JsonObject> {
  const body = await readJson(response, path);
  if (response.status === 401) throw new UnauthorizedError(path);
  if (response.status === 429) throw new RateLimitedError({ waitMs: limitWait(response), endpoint: path });
  const refused = !response.ok || body === undefined || body.success === false;
  if (!refused) return body;
  if (response.ok && body === undefined) {
    throw new ProtocolError(
      `${path} did not answer with JSON. Check that \`serverUrl\` is the address of a Rocket.Chat`,
      {
        reason: "unreadable-answer",
      },
    );
  }
  const serverCode = body === undefined ? undefined : codeOf(body);
  throw new RestError(
    `Rocket.Chat refused ${path} with status ${response.status} (${serverCode ?? "no code"})`,
    {
      status: response.status,
      endpoint: path,
      serverCode,
    },
  );
}

/** Undefined for anything that is not a JSON object: proxies and 6.5 answer with HTML, 8.3 with plain text. */
async function readJson(response: Response, path: string): Promise<JsonObject | undefined> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return undefined;
  const text = await readLimited(response, path);
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readLimited(response: Response, path: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new ProtocolError(`${path} answered more than ${MAX_ANSWER_BYTES} bytes`, {
        reason: "unreadable-answer",
      });
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * The code of a refusal: `errorType`, else the trailing `[code]` of `error`, else `error` when it is a bare code.
 * Codes are lowercase words; anything else might be an echo of what was sent.
 */
function codeOf(body: JsonObject): string | undefined {
  const error = readText(body, "error") ?? "";
  return readText(body, "errorType") ?? /\[([a-z_-]+)\]$/.exec(error)?.[1] ?? /^[a-z_-]+$/.exec(error)?.[0];
}

/** `x-ratelimit-reset` is epoch milliseconds of the server's clock, which `date` tells (recording `rest-errors`). */
function limitWait(response: Response): number {
  const reset = Number(response.headers.get("x-ratelimit-reset"));
  const now = Date.parse(response.headers.get("date") ?? "");
  const wait = reset - now;
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, MAX_LIMIT_WAIT_MS) : MAX_LIMIT_WAIT_MS;
}
