// Owns what a look for missed messages tells: in the log, and in the account's status.

import type { Log } from "../log.ts";
import type { MovedRoom } from "../rest/history.ts";
import type { Failure } from "./round.ts";

/** What a look for missed messages left out or found, for the account's status. */
export interface CatchUpReport {
  /** Messages in these spans were not read: older than the bound, or more than the bound in one room. */
  readonly skipped: string;
  /** Messages that the connection never delivered while it was up, since the account started. */
  readonly undelivered: number;
  /** Rooms that cannot be read at present, and why; empty when there are none. */
  readonly waiting: string;
}

export interface TellerOptions {
  readonly log: Log;
  readonly report: (report: Partial<CatchUpReport>) => void;
}

/** What is told of one account's looks. */
export class Teller {
  readonly #log: Log;
  readonly #report: TellerOptions["report"];
  #undelivered = 0;

  constructor({ log, report }: TellerOptions) {
    this.#log = log;
    this.#report = report;
  }

  /** Messages between two instants are older than what is looked for. Epoch milliseconds. */
  tooOld(from: number, to: number): void {
    this.#skipped(`messages sent from ${iso(from)} to ${iso(to)} (catchUp bounds)`);
  }

  /** A room has more messages than may be read. */
  tooMany(roomId: string, read: number, since: number): void {
    const what = `all but the newest ${read} messages in room ${roomId} since ${iso(since)}`;
    this.#skipped(`${what} (catchUp bounds)`);
  }

  /** Messages of a room are larger than an answer may be. */
  unreadable(roomId: string, count: number, since: number): void {
    const which = `${count} in room ${roomId} since ${iso(since)}`;
    this.#skipped(
      `messages of more than 16 MiB each: ${which}; whoever needs an answer has to ask in fewer words`,
    );
  }

  undelivered(found: number): void {
    this.#undelivered += found;
    const undelivered = this.#undelivered;
    this.#log.warn("found messages that the connection never delivered", { found, undelivered });
    this.#report({ undelivered });
  }

  failing(rooms: ReadonlyMap<string, string>): void {
    this.#report({ waiting: describeFailing(rooms) });
  }

  /** The list of rooms could not be read. */
  interrupted(error: unknown): void {
    this.#log.warn(FAILURES.passing, { error });
  }

  /** A room could not be read; a limit of the server's is no news. */
  failed(kind: Failure["kind"], room: MovedRoom, error: unknown): void {
    if (kind !== "limited") this.#log.warn(FAILURES[kind], { room: room.id, error });
  }

  #skipped(skipped: string): void {
    this.#log.warn("messages skipped", { skipped });
    this.#report({ skipped });
  }
}

const FAILURES = {
  passing: "catching up is interrupted",
  gone: "room cannot be read any more",
  "too-large": "an answer is too large",
};

/** Rooms that are named in the status; the others are counted. */
const MAX_NAMED = 3;

function describeFailing(rooms: ReadonlyMap<string, string>): string {
  const named = [...rooms].slice(0, MAX_NAMED).map(([id, reason]) => `room ${id}: ${reason}`);
  const more = rooms.size > MAX_NAMED ? [`and ${rooms.size - MAX_NAMED} more`] : [];
  return [...named, ...more].join("; ");
}

const iso = (instant: number): string => new Date(instant).toISOString();
