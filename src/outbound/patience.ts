// Owns for how long a reply is tried again while its server is away.

import { setTimeout } from "node:timers/promises";
import { adviseRetry, backoff } from "../retry.ts";

/**
 * How long a message waits in all, between attempts, for a server that is away. A next answer of the conversation waits for it;
 * after this, OpenClaw's queue goes on with what it keeps. Milliseconds.
 */
export const PATIENCE_MS = 2 * 60_000;

export interface Patience {
  /** Aborting ends the wait for a server that is away. Without it nothing waits: an error is told at once. */
  readonly patience?: AbortSignal | undefined;
  /** Passes the time between two attempts; rejects when the signal aborts. The real clock unless a test says otherwise. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Passes time on the real clock. Rejects when the signal aborts. */
export const waitOnClock = (ms: number, signal: AbortSignal): Promise<void> =>
  setTimeout(ms, undefined, { signal });

/** Waits out what passes by itself: the network, a 5xx, a rate limit. Rejects with the last attempt's error. */
export async function withPatience<T>(
  { patience, wait = waitOnClock }: Patience,
  attempt: () => Promise<T>,
): Promise<T> {
  let left = PATIENCE_MS;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const advice = adviseRetry(error);
      const pause = Math.max(backoff(failures, Math.random()), advice.kind === "wait" ? advice.ms : 0);
      left -= pause;
      if (patience === undefined || patience.aborted || advice.kind === "blocked" || left < 0) throw error;
      await wait(pause, patience).catch(() => {
        throw error;
      });
    }
  }
}
