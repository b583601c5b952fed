// Owns what can be told of a running account beside its lifecycle: counts, times, and what the server is.

import { ROLES } from "./server-notes.ts";

/** Shown as `health` by `openclaw channels status --json`. Instants are epoch milliseconds of this machine. */
export interface HealthReport {
  readonly serverVersion: string | undefined;
  /** Of the roles that matter, those that the bot user lacks; undefined until the server was asked. */
  readonly missingRoles: readonly string[] | undefined;
  /** When the server last confirmed the token. */
  readonly lastCheckAt: number | undefined;
  /** When the connection in force came up; undefined while there is none. */
  readonly connectedSince: number | undefined;
  readonly lastEventAt: number | undefined;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Events and frames that went no further, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Events on disk that wait for their turn. */
  readonly queued: number;
  readonly rateLimitWaits: number;
  /** How long requests waited for the rate limit, all together. */
  readonly rateLimitWaitMs: number;
  readonly certificateDaysLeft: number | undefined;
  /** When another program was last seen to write as the bot user: a second gateway with this token, for one. */
  readonly otherWriterAt: number | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Collects the facts of one running account. */
export class HealthRecord {
  readonly #drops = new Map<string, number>();
  #connections = 0;
  #connectedSince: number | undefined;
  #lastCheckAt: number | undefined;
  #lastEventAt: number | undefined;
  #otherWriterAt: number | undefined;
  #validUntil: number | undefined;
  #waits = { count: 0, ms: 0 };
  #server: { version: string | undefined; roles: readonly string[] } | undefined;
  #countQueued: () => Promise<number> = async () => 0;

  connected(now: number): void {
    this.#connections += 1;
    this.#connectedSince = now;
  }

  disconnected(): void {
    this.#connectedSince = undefined;
  }

  checked(now: number): void {
    this.#lastCheckAt = now;
  }

  heard(now: number): void {
    this.#lastEventAt = now;
  }

  dropped(reason: string): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
  }

  limited(waitMs: number): void {
    this.#waits = { count: this.#waits.count + 1, ms: this.#waits.ms + waitMs };
  }

  certified(validUntil: number): void {
    this.#validUntil = validUntil;
  }

  sawOtherWriter(now: number): void {
    this.#otherWriterAt = now;
  }

  met(server: { version: string | undefined; roles: readonly string[] }): void {
    this.#server = server;
  }

  countQueuedBy(count: () => Promise<number>): void {
    this.#countQueued = count;
  }

  async read(now: number): Promise<HealthReport> {
    const { roles } = this.#server ?? {};
    return {
      serverVersion: this.#server?.version,
      missingRoles: roles && ROLES.filter((role) => !roles.includes(role)),
      lastCheckAt: this.#lastCheckAt,
      connectedSince: this.#connectedSince,
      lastEventAt: this.#lastEventAt,
      reconnects: Math.max(0, this.#connections - 1),
      drops: Object.fromEntries(this.#drops),
      queued: await this.#countQueued(),
      rateLimitWaits: this.#waits.count,
      rateLimitWaitMs: this.#waits.ms,
      certificateDaysLeft:
        this.#validUntil === undefined ? undefined : Math.floor((this.#validUntil - now) / DAY_MS),
      otherWriterAt: this.#otherWriterAt,
    };
  }
}

const running = new Map<string, HealthRecord>();

/** Lets the status of this process see the record of a running account; the answer takes it away. */
export function shareHealth(accountId: string, record: HealthRecord): () => void {
  running.set(accountId, record);
  return () => {
    if (running.get(accountId) === record) running.delete(accountId);
  };
}

/** The health of an account that runs in this process. */
export async function readHealth(accountId: string): Promise<HealthReport | undefined> {
  return running.get(accountId)?.read(Date.now());
}
