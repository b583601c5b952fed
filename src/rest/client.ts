// Owns every request of one account: waits for the rate limit, repeats what was refused or lost, notes a dead token.

import { RateLimitedError, RestError, UnauthorizedError } from "../errors.ts";
import type { JsonObject } from "../facts/json.ts";
import { assertServed, ME, readAnswer, THE_FILE } from "./answer.ts";
import { type ExchangeOptions, Exchanges, givenUp } from "./exchange.ts";
import { RouteLimits, readLimitHeaders } from "./limits.ts";
import type { Content } from "./multipart.ts";

export interface RestClientOptions extends ExchangeOptions {
  /** Called with every refusal that means a dead token, before the request rejects: it is dead for the socket, too. */
  readonly onUnauthorized: (error: UnauthorizedError) => void;
  /** Called with every other refusal of the server, before the request rejects. */
  readonly onRefused?: (error: RestError) => void;
  /** Called when a request has to wait for the server's rate limit. */
  readonly onLimited?: (endpoint: string, waitMs: number) => void;
}

export interface CallOptions {
  /** How long the call may wait for the rate limit before it rejects with RateLimitedError. Milliseconds. */
  readonly patienceMs?: number;
  /** Nobody waits for the answer: where calls are limited, half of them are left to others. */
  readonly background?: boolean;
  /** Gives the call up, also while it waits for the rate limit; it rejects then. */
  readonly signal?: AbortSignal | undefined;
  /** Sent beside the credentials, for the routes that ask for a second factor. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly search?: string;
  readonly body?: JsonObject;
  /** In place of `body`. */
  readonly form?: Content;
}

export interface RestClient {
  /** `path` below `/api/`, for example `v1/me`. Rejects with NetworkError, TimeoutError, RestError, ... */
  get(path: string, query?: Readonly<Record<string, string>>, options?: CallOptions): Promise<JsonObject>;
  post(path: string, body: JsonObject, options?: CallOptions): Promise<JsonObject>;
}

export interface FormClient {
  /** Posts a multipart body; the deadline is longer for a larger one. */
  postForm(path: string, form: Content, options?: CallOptions): Promise<JsonObject>;
}

export interface FileClient extends FormClient {
  /**
   * Hands `read` the server's answer for an upload; redirects are followed, without our credentials where they leave
   * the server's origin. The answer is a 200: any other rejects with RestError. Reading has no deadline of ours.
   */
  openFile<T>(fileId: string, read: (response: Response) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** What setting up needs: requests, and a picture to send. */
export interface SetupClient extends RestClient, FormClient {}

/** All that one account's client can do. */
export interface AccountClient extends RestClient, FileClient {
  /** The server's clock in epoch milliseconds, by the latest answer's `date` (whole seconds); undefined before. */
  serverNow(): number | undefined;
  /** How far apart posts to `path` are to be that nobody waits for; 0: as far as is known there is no limit. Milliseconds. */
  spacing(path: string): number;
}

/** A 429 delays and does not lose; after ten windows of the limiter something else is wrong. Milliseconds. */
const PATIENCE_MS = 10 * 60_000;

/** Creates the REST client of one account; nothing in it is shared with another. */
export function createRestClient(options: RestClientOptions): AccountClient {
  const exchanges = new Exchanges(options);
  const calls = new Calls(options, exchanges);
  return {
    get: (path, query, call) => {
      const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
      return calls.send({ method: "GET", path, search }, call);
    },
    post: (path, body, call) => calls.send({ method: "POST", path, body }, call),
    serverNow: () => exchanges.serverNow(),
    spacing: (path) => calls.spacing(path),
    postForm: (path, form, call) => calls.send({ method: "POST", path, form }, call),
    openFile: (fileId, read, signal) => {
      const request = { ...askForFile(options.serverUrl, fileId), ...(signal && { signal }) };
      return exchanges.run(request, (answer) => read(assertServed(answer)));
    },
  };
}

function askForFile(serverUrl: string, fileId: string) {
  const url = `${serverUrl}/file-upload/${encodeURIComponent(fileId)}/`;
  // Else the server compresses it and names no length (recording `download-rules`).
  const headers = { "Accept-Encoding": "identity" };
  return { method: "GET", url, path: THE_FILE, headers, isFile: true };
}

class Calls {
  readonly #options: RestClientOptions;
  readonly #exchanges: Exchanges;
  readonly #limits = new RouteLimits();
  #confirming: Promise<void> | undefined;

  constructor(options: RestClientOptions, exchanges: Exchanges) {
    this.#options = options;
    this.#exchanges = exchanges;
  }

  spacing(path: string): number {
    return this.#limits.spacing(routeOf("POST", path));
  }

  /** A 429 is answered before the server does anything, so every request may be sent again after the wait. */
  async send(
    call: Call,
    { patienceMs = PATIENCE_MS, background = false, headers, signal }: CallOptions = {},
  ): Promise<JsonObject> {
    const { method, path } = call;
    const { clock } = this.#exchanges;
    const ends = eitherOf(this.#options.signal, signal);
    let waited = 0;
    const wait = async (ms: number): Promise<void> => {
      if (waited + ms > patienceMs) throw new RateLimitedError({ waitMs: ms, endpoint: path });
      waited += ms;
      if (!background) this.#options.onLimited?.(path, ms);
      await clock.sleep(ms, ends).catch((error: unknown) => {
        throw signal?.aborted ? givenUp(path, waited) : error;
      });
    };
    const takeTurn = () => this.#limits.take(routeOf(method, path), clock.now(), { background });
    for (;;) {
      for (let ms = takeTurn(); ms > 0; ms = takeTurn()) await wait(ms);
      try {
        return await this.#request(call, { headers, signal });
      } catch (error) {
        if (!(error instanceof RateLimitedError)) throw await this.#judgeRefusal(error, path);
        await wait(error.waitMs);
      }
    }
  }

  #request(
    { method, path, search = "", body, form }: Call,
    {
      headers: extra = {},
      signal,
    }: { headers?: CallOptions["headers"]; signal?: AbortSignal | undefined } = {},
  ): Promise<JsonObject> {
    const url = `${this.#options.serverUrl}/api/${path}${search}`;
    const sent = form ?? (body && JSON.stringify(body));
    const type = form?.type ?? "application/json";
    const headers = { ...extra, Accept: "application/json", ...(sent && { "Content-Type": type }) };
    const outgoing = { method, url, path, headers, ...(sent && { body: sent }), ...(signal && { signal }) };
    return this.#exchanges.run(outgoing, async (response) => {
      const known = readLimitHeaders(response.headers);
      if (known !== undefined) this.#limits.note(routeOf(method, path), known, this.#exchanges.clock.now());
      const answer = await readAnswer(response, path);
      if (known === undefined) this.#limits.forget(routeOf(method, path));
      return answer;
    });
  }

  /** A refusal that may mean a dead token or a missing permission is decided by asking who we are. */
  async #judgeRefusal(error: unknown, path: string): Promise<unknown> {
    if (error instanceof RestError) this.#options.onRefused?.(error);
    if (error instanceof UnauthorizedError) {
      this.#options.onUnauthorized(error);
    } else if (isDoubtful(error) && path !== ME) {
      this.#confirming ??= this.#confirmToken().finally(() => {
        this.#confirming = undefined;
      });
      try {
        await this.#confirming;
      } catch (dead) {
        return dead;
      }
    }
    return error;
  }

  /** Rejects with UnauthorizedError when the token is dead; any other failure leaves that open, to the next check. */
  async #confirmToken(): Promise<void> {
    try {
      await this.#request({ method: "GET", path: ME });
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) return;
      this.#options.onUnauthorized(error);
      throw error;
    }
  }
}

/** The limiter counts by route: the path without the ids that some carry (`rooms.media/<room id>`). */
function routeOf(method: string, path: string): string {
  return `${method} ${path.split("/", 2).join("/")}`;
}

function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other ? AbortSignal.any([one, other]) : (one ?? other);
}

function isDoubtful(error: unknown): boolean {
  return error instanceof RestError && (error.status === 401 || error.status === 403);
}
