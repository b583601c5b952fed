// Owns the time that a stopping account has for what is still to be said on its connection.

import { setTimeout as wait } from "node:timers/promises";

/** OpenClaw gives a stopping account five seconds in all. Milliseconds. */
const FAREWELL_MS = 500;

/** A signal that aborts after the given one: when `farewell`, which must not reject, is over or has had its time. */
export function abortAfter(farewell: () => Promise<void>, signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const end = async (): Promise<void> => {
    await Promise.race([farewell(), wait(FAREWELL_MS)]);
    controller.abort();
  };
  const begin = (): void => void end();
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return controller.signal;
}
