// Counting calls in fixed windows of time, for REST and for DDP; pure, the clock is an argument.

export interface Allowance {
  /** Calls allowed in a window. */
  calls: number;
  windowMs: number;
}

export interface Verdict {
  allowed: boolean;
  remaining: number;
  /** Until the window ends, in milliseconds. */
  timeToReset: number;
}

export class Limiter {
  readonly #windows = new Map<string, { start: number; calls: number }>();

  /** Counts one call of the key at the time `now` (milliseconds). */
  count(key: string, { calls, windowMs }: Allowance, now: number): Verdict {
    let window = this.#windows.get(key);
    if (!window || now - window.start >= windowMs || now < window.start) {
      window = { start: now, calls: 0 };
      this.#windows.set(key, window);
    }
    window.calls += 1;
    return {
      allowed: window.calls <= calls,
      remaining: Math.max(0, calls - window.calls),
      timeToReset: windowMs - (now - window.start),
    };
  }

  /** Forgets all counts. */
  reset(): void {
    this.#windows.clear();
  }
}
