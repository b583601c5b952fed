// Owns when a preview may be edited next: at once at first, then calmly, and the slower the slower the server is.

/** Between the beginnings of two edits; a little more than a second, so that a minute never sees more than 60. Milliseconds. */
const INTERVAL_MS = 1_050;

/** What became of an edit. */
export interface EditEnd {
  /** How far apart the server's rate limit wants such calls. Milliseconds; 0: no limit is known. */
  readonly spacingMs: number;
  /** Set when the server asked to wait and took nothing. Milliseconds. */
  readonly waitMs?: number | undefined;
}

/** One preview's edits: never two at a time, and the server is at rest for at least as long as it worked. */
export class Pace {
  #begunAt: number | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds until an edit may begin; undefined while one is on its way. `now` is monotonic. */
  due(now: number): number | undefined {
    return this.#begunAt === undefined ? Math.max(0, this.#nextAt - now) : undefined;
  }

  begin(now: number): void {
    if (this.due(now) !== 0) throw new Error("An edit begins only when it is due");
    this.#begunAt = now;
  }

  end(now: number, { spacingMs, waitMs = 0 }: EditEnd): void {
    const begunAt = this.#begunAt;
    if (begunAt === undefined) throw new Error("Only what has begun ends");
    this.#begunAt = undefined;
    const took = now - begunAt;
    this.#nextAt = Math.max(begunAt + INTERVAL_MS, begunAt + spacingMs, now + took, now + waitMs);
  }
}
