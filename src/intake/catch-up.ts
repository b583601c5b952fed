// Owns finding what was sent while the account could not listen, and bringing it in through the usual way.

import { isJsonObject, readText } from "../facts/json.ts";
import { Teller, type TellerOptions } from "./catch-up-report.ts";
import { createLearner, type Learner } from "./learner.ts";
import { failureOf, type ReaderOptions, RoomReader, serverNow } from "./reader.ts";
import type { RawMessageEvent } from "./receive.ts";
import { type Reading, Round, type RoundAction, type RoundEvent, type RoundMemory } from "./round.ts";

export interface CatchUpOptions extends ReaderOptions, TellerOptions {
  /** What is known of earlier rounds, and how the round's steps are written down. May throw. */
  readonly memory: RoundMemory;
  save(change: Omit<SaveAction, "type">): void;
  /** Passes time; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

type SaveAction = Extract<RoundAction, { type: "save" }>;

export interface CatchUp {
  /** The connection is up: what was missed is looked for, then messages that it fails to deliver. */
  online(): void;
  /** The connection is gone; a look in progress ends, and goes on with the next `online`. */
  offline(): void;
  /** Whether live documents of a room wait for what it has missed. */
  holds(roomId: string | undefined): boolean;
  /**
   * Resolves when a live document may be stored: not before what its room has missed, unless that takes long.
   * Undefined when it may at once.
   */
  awaitTurn(event: RawMessageEvent): Promise<void> | undefined;
  /** Where it is asked whether all that came by the connection is stored or judged. */
  follow(isSettled: () => boolean): void;
}

/** How long a live message waits for what its room has missed. */
const TURN_WAIT_MS = 10_000;

/** The longest sleep: settings may change meanwhile, and clocks be set. */
const LOOK_MS = 30_000;

/** A silent connection is found dead after 45 s at the latest; what was sent later may not have been delivered. */
const SILENCE_MS = 60_000;

export const createCatchUp = (options: CatchUpOptions): CatchUp => new Looks(options);

/** The looks of one account: does what its round says, over connections. */
class Looks implements CatchUp {
  readonly #options: CatchUpOptions;
  readonly #round: Round;
  readonly #teller: Teller;
  readonly #reader: RoomReader;
  readonly #learner: Learner;
  readonly #gates: Gates;
  #link: AbortController | undefined;
  #wake = Promise.withResolvers<void>();
  #stored = 0;
  #isSettled = (): boolean => true;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#round = new Round(options.memory, () => {
      const { maxAgeMinutes, safetyScanMinutes } = options.settings().catchUp;
      return { maxAgeMs: maxAgeMinutes * 60_000, checkMs: safetyScanMinutes * 60_000 };
    });
    this.#teller = new Teller(options);
    this.#reader = new RoomReader(options, this.#teller);
    this.#learner = createLearner(options, this.#round.progress?.listedTo);
    this.#gates = new Gates(options);
  }

  online(): void {
    this.#link = new AbortController();
    this.#gates.renew();
    const { signal } = this.#link;
    this.#run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#options.log.error("catching up ended", { error });
    });
  }

  offline(): void {
    this.#link?.abort();
    this.#link = undefined;
    this.#step({ type: "offline", now: this.#options.now() });
  }

  holds(roomId: string | undefined): boolean {
    return this.#link !== undefined && this.#round.holds(roomId);
  }

  awaitTurn({ message }: RawMessageEvent): Promise<void> | undefined {
    const roomId = isJsonObject(message) ? readText(message, "rid") : undefined;
    if (!this.holds(roomId)) return undefined;
    const waiting = this.#gates.wait(roomId);
    if (roomId !== undefined) this.#step({ type: "wanted", roomId, now: this.#options.now() });
    return waiting;
  }

  follow(isSettled: () => boolean): void {
    this.#isSettled = isSettled;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#step({ type: "online", now: this.#options.now() });
    while (!signal.aborted) {
      await this.#rest(signal);
      if (!signal.aborted) this.#lookOn();
    }
  }

  /** Until the round has something to do, or something happens. */
  async #rest(signal: AbortSignal): Promise<void> {
    this.#wake = Promise.withResolvers();
    const over = new AbortController();
    const at = this.#round.wakeAt() ?? Number.POSITIVE_INFINITY;
    const ms = Math.min(LOOK_MS, Math.max(0, at - this.#options.now()));
    const slept = this.#options.sleep(ms, AbortSignal.any([signal, over.signal])).catch(() => {});
    await Promise.race([slept, this.#wake.promise]);
    over.abort();
  }

  #lookOn(): void {
    const now = this.#options.now();
    const isUnchecked = this.#options.settings().catchUp.safetyScanMinutes === 0 && this.#isSettled();
    if (isUnchecked) this.#step({ type: "delivered", at: serverNow(this.#options) - SILENCE_MS, now });
    else this.#step({ type: "due", now });
  }

  #step(event: RoundEvent): void {
    for (const action of this.#round.step(event)) this.#perform(action);
    this.#wake.resolve();
  }

  #perform(action: RoundAction): void {
    switch (action.type) {
      case "list":
        this.#list(action.token, this.#link?.signal);
        break;
      case "read":
        this.#read(action.reading, this.#link?.signal);
        break;
      case "save":
        this.#save(action);
        break;
      case "passed":
        this.#gates.pass((roomId) => !this.#round.holds(roomId));
        break;
      case "skipped":
        this.#teller.tooOld(action.from, action.to);
        break;
      case "failing":
        this.#teller.failing(action.rooms);
        break;
      case "caught-up":
        this.#noteCaughtUp(action.rooms);
    }
  }

  #list(token: number, signal: AbortSignal | undefined): void {
    const { now } = this.#options;
    this.#reader
      .list((at) => this.#round.since(at, now()))
      .then(
        ({ at, rooms }) => {
          if (signal?.aborted === false) this.#step({ type: "listed", token, at, rooms, now: now() });
        },
        (error: unknown) => {
          if (signal?.aborted !== false) return;
          this.#teller.interrupted(error);
          this.#step({ type: "list-failed", token, failure: failureOf(error), now: now() });
        },
      );
  }

  #read(reading: Reading, signal: AbortSignal | undefined): void {
    const { token, missed, room } = reading;
    const { now } = this.#options;
    this.#reader.read(reading, signal).then(
      ({ at, found }) => {
        this.#stored += found;
        if (!missed && found > 0) this.#teller.undelivered(found);
        if (signal?.aborted === false) this.#step({ type: "read", token, at, now: now() });
      },
      (error: unknown) => {
        if (signal?.aborted !== false) return;
        const failure = failureOf(error);
        this.#teller.failed(failure.kind, room, error);
        this.#step({ type: "read-failed", token, failure, now: now() });
      },
    );
  }

  /** What could not be written down is read again after a restart, and judged to the same result. */
  #save({ type: _, ...change }: SaveAction): void {
    try {
      this.#options.save(change);
    } catch (error) {
      this.#options.log.warn("how far rooms were read cannot be stored", { error });
    }
  }

  #noteCaughtUp(rooms: number): void {
    if (rooms > 0) this.#options.log.info("caught up", { rooms, stored: this.#stored });
    this.#stored = 0;
    if (this.#link !== undefined) void this.#learner.learn(this.#link.signal);
  }
}

/** Live messages that wait for what their rooms have missed. */
class Gates {
  readonly #clock: Pick<CatchUpOptions, "sleep" | "now">;
  readonly #waiting = new Map<string | undefined, Gate>();

  constructor(clock: Pick<CatchUpOptions, "sleep" | "now">) {
    this.#clock = clock;
  }

  pass(may: (roomId: string | undefined) => boolean): void {
    for (const [roomId, gate] of this.#waiting) {
      if (!may(roomId)) continue;
      this.#waiting.delete(roomId);
      gate.open();
    }
  }

  /** There is a new connection: where nobody waits any more, the first to come waits anew. */
  renew(): void {
    for (const [roomId, gate] of this.#waiting) if (this.#leftOf(gate) <= 0) this.#waiting.delete(roomId);
  }

  #leftOf({ since }: Gate): number {
    return since + TURN_WAIT_MS - this.#clock.now();
  }

  /**
   * Waits over connections: what the room has missed is read by one of them. Those that come one after another wait no
   * longer than the first; undefined when that is over.
   */
  wait(roomId: string | undefined): Promise<void> | undefined {
    const { sleep, now } = this.#clock;
    const gate = this.#waiting.get(roomId) ?? openGate(now());
    this.#waiting.set(roomId, gate);
    const left = this.#leftOf(gate);
    if (left <= 0) return undefined;
    const over = new AbortController();
    const tooLong = sleep(left, over.signal).catch(() => {});
    return Promise.race([gate.passed, tooLong]).finally(() => over.abort());
  }
}

interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
  /** When the first message began to wait, by this machine's clock. */
  readonly since: number;
}

function openGate(since: number): Gate {
  const { promise: passed, resolve: open } = Promise.withResolvers<void>();
  return { passed, open, since };
}
