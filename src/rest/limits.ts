// Owns what an account knows of the server's rate limits, route by route.

/** The headers `x-ratelimit-*` of one answer. */
export interface LimitHeaders {
  /** Calls per window. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends, by the server's own clock. Milliseconds. */
  readonly resetInMs: number;
}

interface Window {
  readonly limit: number;
  remaining: number;
  readonly endsAt: number;
}

/** The limiter's usual window, assumed for one that has begun and of which no answer has told yet. Milliseconds. */
const WINDOW_MS = 60_000;

/** How much of a window goes to calls at a steady distance: six of Rocket.Chat's ten a minute. */
const SPACED_SHARE = 0.6;

/** The longest wait, and that when a 429 does not say until when: a whole window, and a second for the clocks. Milliseconds. */
export const UNKNOWN_WAIT_MS = 61_000;

/**
 * Spares the server requests that it would refuse. A route of which nothing is known is free: the role `bot` has
 * no limits, and its answers no such headers (recording `rest-errors`). Times are monotonic milliseconds.
 */
export class RouteLimits {
  readonly #windows = new Map<string, Window>();

  /**
   * Takes one call of a route: 0 when it may be sent now, else how long to wait before asking again. Work in the
   * `background` leaves half of a window's calls to others.
   */
  take(route: string, now: number, { background = false } = {}): number {
    const known = this.#windows.get(route);
    if (known === undefined) return 0;
    const window = now < known.endsAt ? known : { ...known, remaining: known.limit, endsAt: now + WINDOW_MS };
    this.#windows.set(route, window);
    const kept = background ? Math.floor(window.limit / 2) : 0;
    if (window.remaining <= kept) return window.endsAt - now;
    window.remaining -= 1;
    return 0;
  }

  /** How far apart calls of a route may be that leave some of a window to others; 0: no limit is known. Milliseconds. */
  spacing(route: string): number {
    const limit = this.#windows.get(route)?.limit;
    return limit === undefined ? 0 : WINDOW_MS / Math.max(1, Math.floor(limit * SPACED_SHARE));
  }

  /** Notes an answer that says nothing of a limit: the bot user was given the role `bot`, or the limit was turned off. */
  forget(route: string): void {
    this.#windows.delete(route);
  }

  /** Notes what an answer says; calls on their way are counted here and perhaps not yet there, so the lower number holds. */
  note(route: string, headers: LimitHeaders, now: number): void {
    const known = this.#windows.get(route);
    const current = known !== undefined && now < known.endsAt ? known.remaining : headers.remaining;
    this.#windows.set(route, {
      limit: headers.limit,
      remaining: Math.min(current, headers.remaining),
      endsAt: now + headers.resetInMs,
    });
  }
}

/**
 * Reads the limit of an answer. `x-ratelimit-reset` is epoch milliseconds of the server's clock, which `date`
 * tells in whole seconds; the wait so found is never too short. Undefined without all of them.
 */
export function readLimitHeaders(headers: Headers): LimitHeaders | undefined {
  const limit = readCount(headers, "x-ratelimit-limit");
  const remaining = readCount(headers, "x-ratelimit-remaining");
  const resetInMs = readReset(headers);
  if (limit === undefined || remaining === undefined || resetInMs === undefined || limit < 1)
    return undefined;
  return { limit, remaining, resetInMs };
}

/** How long a 429 asks to wait; Rocket.Chat sends no `retry-after`, and the inner limits of 6.5 no reset either. */
export function readLimitWait(headers: Headers): number {
  return readReset(headers) ?? UNKNOWN_WAIT_MS;
}

/** A proxy may write `date` by another clock than the server's: no route is left alone for longer than a window. */
function readReset(headers: Headers): number | undefined {
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN);
  const wait = reset - Date.parse(headers.get("date") ?? "");
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, UNKNOWN_WAIT_MS) : undefined;
}

function readCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name) ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
