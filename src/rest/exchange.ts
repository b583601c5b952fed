// Owns one exchange over HTTP: its credentials, its deadline, and what the server's clock said.

import { setTimeout as sleep } from "node:timers/promises";
import { networkErrorFrom, RocketChatError, TimeoutError } from "../errors.ts";
import type { Content } from "./multipart.ts";

export interface GuardedInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | ReadableStream<Uint8Array>;
  /** What a stream must come with. */
  readonly duplex?: "half";
  readonly signal: AbortSignal;
  /** Whether redirects are followed, without our headers where they leave the origin; they are refused otherwise. */
  readonly follow?: boolean;
}

/** A fetch that guards where it connects to; `release` must be called once the body is read or given up. */
export type GuardedFetch = (
  url: string,
  init: GuardedInit,
) => Promise<{ response: Response; release: () => Promise<void> }>;

/** Monotonic milliseconds, and waiting for them to pass. */
export interface RestClock {
  now(): number;
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** A server that accepts a request and never answers is given up after this long (6.5 does so on broken images). */
const DEADLINE_MS = 30_000;

/** A file that goes up more slowly than this is given up. Bytes per millisecond. */
const MIN_UPLOAD_RATE = 32;

export interface ExchangeOptions {
  /** Base URL without trailing slash; a sub-path is kept. */
  readonly serverUrl: string;
  /** Both empty: requests carry no credentials. */
  readonly userId: string;
  readonly pat: string;
  readonly fetch: GuardedFetch;
  /** Ends requests before their own deadline. */
  readonly signal?: AbortSignal;
  /** The real one when absent. */
  readonly clock?: RestClock;
}

/** One request as it goes out. */
export interface Outgoing {
  readonly method: string;
  readonly url: string;
  /** What errors call it. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Content;
  /** Redirects are followed, and reading the answer has no deadline of ours. */
  readonly isFile?: boolean;
  readonly signal?: AbortSignal;
}

type Read<T> = (response: Response) => Promise<T>;

/** That whoever asked waits no longer, which says nothing of the server. */
export const givenUp = (path: string, afterMs: number): TimeoutError =>
  new TimeoutError(`${path} was given up`, { afterMs });

/** The exchanges of one account. */
export class Exchanges {
  readonly clock: RestClock;
  readonly #options: ExchangeOptions;
  readonly #origin: string;
  #serverDate: { readonly at: number; readonly told: number } | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.clock = options.clock ?? realClock;
    this.#origin = new URL(options.serverUrl).origin;
  }

  /** The server's clock in epoch milliseconds, by the latest answer's `date` (whole seconds); undefined before. */
  serverNow(): number | undefined {
    const date = this.#serverDate;
    return date && date.told + this.clock.now() - date.at;
  }

  /** Asks and has the answer read. Rejects with NetworkError, TimeoutError, or what `read` rejects with. */
  async run<T>(outgoing: Outgoing, read: Read<T>): Promise<T> {
    const { path, url } = outgoing;
    const deadline = new Deadline(deadlineFor(outgoing.body));
    const begun = this.clock.now();
    try {
      return await this.#fetch(outgoing, deadline, read);
    } catch (error) {
      if (outgoing.signal?.aborted) throw givenUp(path, this.clock.now() - begun);
      if (deadline.signal.aborted)
        throw new TimeoutError(`${path} did not answer in time`, { afterMs: deadline.ms });
      throw error instanceof RocketChatError ? error : networkErrorFrom(error, new URL(url).host);
    } finally {
      // An answered call would else stay in memory until its deadline.
      deadline.lift();
    }
  }

  async #fetch<T>(outgoing: Outgoing, deadline: Deadline, read: Read<T>): Promise<T> {
    const { method, url, isFile = false } = outgoing;
    const { length, ...body } = bodyOf(outgoing.body);
    const headers = { ...this.#authFor(url), ...outgoing.headers, ...length };
    const signals = [deadline.signal, this.#options.signal, outgoing.signal];
    const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
    const init = { method, headers, signal, follow: isFile, ...body };
    const { response, release } = await this.#options.fetch(url, init);
    // How long a file takes to read depends on its size; that it goes on is its reader's to see.
    if (isFile) deadline.lift();
    this.#noteDate(url, response);
    try {
      return await read(response);
    } finally {
      await release();
    }
  }

  /** The credentials, for the server's own origin only; nothing for any other host, scheme or port. */
  #authFor(url: string): Record<string, string> {
    const { userId, pat } = this.#options;
    if (new URL(url).origin !== this.#origin || pat === "") return {};
    return { "X-User-Id": userId, "X-Auth-Token": pat };
  }

  #noteDate(url: string, { headers }: Response): void {
    const told = Date.parse(headers.get("date") ?? "");
    if (!Number.isFinite(told) || new URL(url).origin !== this.#origin) return;
    this.#serverDate = { at: this.clock.now(), told };
  }
}

/** The end of a server's time to answer. */
class Deadline {
  readonly ms: number;
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.ms = ms;
    this.#timer = setTimeout(() => this.#late.abort(), ms).unref();
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  lift(): void {
    clearTimeout(this.#timer);
  }
}

/** Content goes out as a stream: of anything else `fetch` makes copies, and keeps one until the answer is there. */
function bodyOf(body: string | Content | undefined) {
  if (body === undefined || typeof body === "string") return body === undefined ? {} : { body };
  const pieces = body.stream()[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
  return { body: stream, duplex: "half" as const, length: { "Content-Length": String(body.size) } };
}

function deadlineFor(body: string | Content | undefined): number {
  return typeof body === "object" ? DEADLINE_MS + body.size / MIN_UPLOAD_RATE : DEADLINE_MS;
}

const realClock: RestClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};
