// Owns a clock that only moves when a test says so.
import type { Clock } from "../../src/connection/driver.ts";

export interface FakeClock extends Clock {
  /** Moves the time and fires what is due on the way, letting the code under test run after each timer. */
  advance(ms: number): Promise<void>;
  /** Number of armed timers. */
  readonly timers: number;
}

export function createFakeClock(): FakeClock {
  const armed = new Map<symbol, { at: number; fire: () => void }>();
  let now = 1_000;

  const nextDue = (until: number) =>
    [...armed].filter(([, timer]) => timer.at <= until).sort(([, a], [, b]) => a.at - b.at)[0];

  return {
    now: () => now,
    get timers() {
      return armed.size;
    },
    setTimer(ms, fire) {
      const key = Symbol("timer");
      armed.set(key, { at: now + ms, fire });
      return () => void armed.delete(key);
    },
    async advance(ms) {
      const until = now + ms;
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        const [key, timer] = due;
        armed.delete(key);
        now = timer.at;
        timer.fire();
        await settle();
      }
      now = until;
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
