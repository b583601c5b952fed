// Owns one REST request: headers, deadline, size limit, waiting for the rate limit, and turning every failure into our errors.

import { setTimeout as sleep } from "node:timers/promises";
import {
  NetworkError,
  networkErrorFrom,
  ProtocolError,
  RateLimitedError,
  RestError,
  RocketChatError,
  TimeoutError,
  UnauthorizedError,
} from "../errors.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";
import { RouteLimits, readLimitHeaders, readLimitWait } from "./limits.ts";

export interface GuardedInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Blob;
  readonly signal: AbortSignal;
  /** Whether redirects are followed, without our headers where they leave the origin; they are refused otherwise. */
  readonly follow?: boolean;
}

/** A fetch that guards where it connects to; `release` must be called once the body is read or given up. */
export type GuardedFetch = (
  url: string,
  init: GuardedInit,
) => Promise<{ response: Response; release: () => Promise<void> }>;

export interface RestClientOptions {
  /** Base URL without trailing slash; a sub-path is kept. */
  readonly serverUrl: string;
  /** Both empty: requests carry no credentials. */
  readonly userId: string;
  readonly pat: string;
  readonly fetch: GuardedFetch;
  /** Called with every refusal that means a dead token, before the request rejects: it is dead for the socket, too. */
  readonly onUnauthorized: (error: UnauthorizedError) => void;
  /** Called with every other refusal of the server, before the request rejects. */
  readonly onRefused?: (error: RestError) => void;
  /** Called when a request has to wait for the server's rate limit. */
  readonly onLimited?: (endpoint: string, waitMs: number) => void;
  /** Ends requests before their own deadline. */
  readonly signal?: AbortSignal;
  /** The real one when absent. */
  readonly clock?: RestClock;
}

/** Monotonic milliseconds, and waiting for them to pass. */
export interface RestClock {
  now(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

export interface CallOptions {
  /** How long the call may wait for the rate limit before it rejects with RateLimitedError. Milliseconds. */
  readonly patienceMs?: number;
  /** Nobody waits for the answer: where calls are limited, half of them are left to others. */
  readonly background?: boolean;
  /** Sent beside the credentials, for the routes that ask for a second factor. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly search?: string;
  readonly body?: JsonObject | Blob;
}

export interface RestClient {
  /** `path` below `/api/`, for example `v1/me`. Rejects with NetworkError, TimeoutError, RestError, ... */
  get(path: string, query?: Readonly<Record<string, string>>, options?: CallOptions): Promise<JsonObject>;
  post(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject>;
}

export interface FileClient {
  /**
   * Hands `read` the server's answer for an upload; redirects are followed, without our credentials where they leave
   * the server's origin. The answer is a 200: any other rejects with RestError. Reading has no deadline of ours.
   */
  openFile<T>(fileId: string, read: (response: Response) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Posts a multipart body; the deadline is longer for a larger one. */
  postForm(path: string, body: Blob, options?: CallOptions): Promise<JsonObject>;
}

/** All that one account's client can do. */
export interface AccountClient extends RestClient, FileClient {
  /** The server's clock in epoch milliseconds, by the latest answer's `date` (whole seconds); undefined before. */
  serverNow(): number | undefined;
}

/** A server that accepts a request and never answers is given up after this long (6.5 does so on broken images). */
const DEADLINE_MS = 30_000;

/** A file that goes up more slowly than this is given up. Bytes per millisecond. */
const MIN_UPLOAD_RATE = 32;

/** No answer we ask for comes near this; a larger one is not a Rocket.Chat's. Bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A 429 delays and does not lose; after ten windows of the limiter something else is wrong. Milliseconds. */
const PATIENCE_MS = 10 * 60_000;

const MAX_CODE_LENGTH = 60;

const ME = "v1/me";

/** Refusals of a want of permission that some routes and versions send with the status of a dead token. */
const PERMISSION_CODES = new Set(["unauthorized", "error-unauthorized", "not-authorized"]);

/** Creates the REST client of one account; nothing in it is shared with another. */
export function createRestClient(options: RestClientOptions): AccountClient {
  const origin = new URL(options.serverUrl).origin;
  const limits = new RouteLimits();
  const clock = options.clock ?? realClock;
  let confirming: Promise<void> | undefined;
  let serverDate: { readonly at: number; readonly told: number } | undefined;

  /** The credentials, for the server's own origin only; nothing for any other host, scheme or port. */
  function authFor(url: string): Record<string, string> {
    if (new URL(url).origin !== origin || options.pat === "") return {};
    return { "X-User-Id": options.userId, "X-Auth-Token": options.pat };
  }

  async function exchange<T>(call: Exchange, read: (response: Response) => Promise<T>): Promise<T> {
    const { method, url, path, body, isFile = false } = call;
    const late = new AbortController();
    const deadlineMs = deadlineFor(body);
    const deadline = setTimeout(() => late.abort(), deadlineMs).unref();
    const signals = [late.signal, options.signal, call.signal].filter((signal) => signal !== undefined);
    const headers = { ...authFor(url), ...call.headers };
    try {
      const signal = AbortSignal.any(signals);
      const init = { method, headers, signal, follow: isFile, ...(body !== undefined && { body }) };
      const { response, release } = await options.fetch(url, init);
      // How long a file takes to read depends on its size; that it goes on is its reader's to see.
      if (isFile) clearTimeout(deadline);
      const told = Date.parse(response.headers.get("date") ?? "");
      if (Number.isFinite(told) && new URL(url).origin === origin) serverDate = { at: clock.now(), told };
      try {
        return await read(response);
      } finally {
        await release();
      }
    } catch (error) {
      if (late.signal.aborted)
        throw new TimeoutError(`${path} did not answer in time`, { afterMs: deadlineMs });
      throw error instanceof RocketChatError ? error : networkErrorFrom(error, new URL(url).host);
    } finally {
      // An answered call would else stay in memory until its deadline.
      clearTimeout(deadline);
    }
  }

  function request(
    { method, path, search = "", body }: Call,
    extra: CallOptions["headers"] = {},
  ): Promise<JsonObject> {
    const url = `${options.serverUrl}/api/${path}${search}`;
    const type = body instanceof Blob ? body.type : "application/json";
    const headers = { ...extra, Accept: "application/json", ...(body && { "Content-Type": type }) };
    const sent = body instanceof Blob ? body : JSON.stringify(body);
    const call = { method, url, path, headers, ...(body && { body: sent }) };
    return exchange(call, async (response) => {
      const known = readLimitHeaders(response.headers);
      if (known !== undefined) limits.note(routeOf(method, path), known, clock.now());
      const answer = await readAnswer(response, path);
      if (known === undefined) limits.forget(routeOf(method, path));
      return answer;
    });
  }

  /** A 429 is answered before the server does anything, so every request may be sent again after the wait. */
  async function send(
    call: Call,
    { patienceMs = PATIENCE_MS, background = false, headers }: CallOptions = {},
  ): Promise<JsonObject> {
    const { method, path } = call;
    let waited = 0;
    const wait = async (ms: number): Promise<void> => {
      if (waited + ms > patienceMs) throw new RateLimitedError({ waitMs: ms, endpoint: path });
      waited += ms;
      if (!background) options.onLimited?.(path, ms);
      await clock.sleep(ms, options.signal);
    };
    const takeTurn = () => limits.take(routeOf(method, path), clock.now(), { background });
    for (;;) {
      for (let ms = takeTurn(); ms > 0; ms = takeTurn()) await wait(ms);
      try {
        return await request(call, headers);
      } catch (error) {
        if (!(error instanceof RateLimitedError)) throw await judgeRefusal(error, path);
        await wait(error.waitMs);
      }
    }
  }

  /** A refusal that may mean a dead token or a missing permission is decided by asking who we are. */
  async function judgeRefusal(error: unknown, path: string): Promise<unknown> {
    if (error instanceof RestError) options.onRefused?.(error);
    if (error instanceof UnauthorizedError) {
      options.onUnauthorized(error);
    } else if (isDoubtful(error) && path !== ME) {
      confirming ??= confirmToken().finally(() => {
        confirming = undefined;
      });
      try {
        await confirming;
      } catch (dead) {
        return dead;
      }
    }
    return error;
  }

  /** Rejects with UnauthorizedError when the token is dead; any other failure leaves that open, to the next check. */
  async function confirmToken(): Promise<void> {
    try {
      await request({ method: "GET", path: ME });
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) return;
      options.onUnauthorized(error);
      throw error;
    }
  }

  return {
    get: (path, query, call) => {
      const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
      return send({ method: "GET", path, search }, call);
    },
    post: (path, body, call) => send({ method: "POST", path, body }, call),
    serverNow: () => serverDate && serverDate.told + clock.now() - serverDate.at,
    postForm: (path, body, call) => send({ method: "POST", path, body }, call),
    openFile: (fileId, read, signal) => {
      const url = `${options.serverUrl}/file-upload/${encodeURIComponent(fileId)}/`;
      // Else the server compresses it and names no length (recording `download-rules`).
      const headers = { "Accept-Encoding": "identity" };
      const call = { method: "GET", url, path: THE_FILE, headers, isFile: true, ...(signal && { signal }) };
      return exchange(call, (response) => read(assertServed(response)));
    },
  };
}

/** One request as it goes out. */
interface Exchange {
  readonly method: string;
  readonly url: string;
  /** What errors call it. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Blob;
  readonly isFile?: boolean;
  readonly signal?: AbortSignal;
}

const THE_FILE = "the file";

function deadlineFor(body: string | Blob | undefined): number {
  return body instanceof Blob ? DEADLINE_MS + body.size / MIN_UPLOAD_RATE : DEADLINE_MS;
}

/** The limiter counts by route: the path without the ids that some carry (`rooms.media/<room id>`). */
function routeOf(method: string, path: string): string {
  return `${method} ${path.split("/", 2).join("/")}`;
}

function isDoubtful(error: unknown): boolean {
  return error instanceof RestError && (error.status === 401 || error.status === 403);
}

/** Every answer of Rocket.Chat's API bears one of these (all recordings); a proxy's page or JSON does not. */
function isRocketChats(body: JsonObject): boolean {
  return typeof body.success === "boolean" || body.status === "success" || body.status === "error";
}

/**
 * What Rocket.Chat says to a token that it does not know bears `status: "error"` (recording `rest-errors`); without it, or with a
 * code of permissions, a 401 may be a proxy's or a route's own rule.
 */
function isDeadToken(status: number, body: JsonObject, path: string): boolean {
  if (status !== 401) return false;
  return path === ME || (body.status === "error" && !PERMISSION_CODES.has(codeOf(body) ?? ""));
}

async function readAnswer(response: Response, path: string): Promise<JsonObject> {
  const body = await readJson(response, path);
  const { status } = response;
  if (status === 429) throw new RateLimitedError({ waitMs: readLimitWait(response.headers), endpoint: path });
  if (body === undefined || !isRocketChats(body)) throw strangerError(response, path);
  if (isDeadToken(status, body, path)) throw new UnauthorizedError(path);
  if (response.ok && body.success !== false) return body;
  const serverCode = codeOf(body);
  throw new RestError(`Rocket.Chat refused ${path} with status ${status} (${serverCode ?? "no code"})`, {
    status,
    endpoint: path,
    serverCode,
  });
}

/** Something else answered in Rocket.Chat's place, so that whether the request got through is not known. */
function strangerError({ ok, status }: Response, path: string): NetworkError | ProtocolError {
  if (ok) {
    const check = "Check that `serverUrl` is the address of a Rocket.Chat";
    return new ProtocolError(`${path} did not answer with JSON of a Rocket.Chat. ${check}`, {
      reason: "unreadable-answer",
    });
  }
  const what = `${path} got status ${status} with a page that is not Rocket.Chat's`;
  return new NetworkError(`${what}. If this lasts, look at the proxy before it`, { status });
}

function assertServed(response: Response): Response {
  const { status } = response;
  if (status === 200) return response;
  throw new RestError(`The file was refused with status ${status}`, { status, endpoint: THE_FILE });
}

/** Undefined for anything that is not a JSON object: proxies and 6.5 answer with HTML, 8.3 with plain text. */
async function readJson(response: Response, path: string): Promise<JsonObject | undefined> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return undefined;
  const text = new TextDecoder().decode(await readLimited(response, path, MAX_ANSWER_BYTES));
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readLimited(response: Response, path: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ProtocolError(`${path} answered more than ${maxBytes} bytes`, {
        reason: "unreadable-answer",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** What the server says in a sentence where it has no code (recording `send-errors`). */
const SENTENCES = new Map([
  ["You can't send messages because the room is readonly.", "room-is-readonly"],
  ["You_have_been_muted", "you-have-been-muted"],
]);

/**
 * The code of a refusal: `errorType`, else the trailing `[code]` of `error`, else `error` when it is a bare code.
 * Codes are lowercase words; anything else might be an echo of what was sent.
 */
function codeOf(body: JsonObject): string | undefined {
  const error = readText(body, "error") ?? "";
  const type = readText(body, "errorType")?.slice(0, MAX_CODE_LENGTH);
  return type ?? /\[([a-z_-]+)\]$/.exec(error)?.[1] ?? /^[a-z_-]+$/.exec(error)?.[0] ?? SENTENCES.get(error);
}

const realClock: RestClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};
