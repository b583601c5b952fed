// Owns a model of server, link, disk and clocks in which the round and the ledger are played through any interleaving.

import fc from "fast-check";
import type { Revision } from "../../src/facts/change.ts";
import { createLedger, type Judgement, type Ledger, type LedgerFile } from "../../src/intake/ledger.ts";
import {
  type Failure,
  type Lag,
  OVERLAP_MS,
  type Progress,
  type Reading,
  Round,
  type RoundAction,
  type RoundEvent,
} from "../../src/intake/round.ts";

const MINUTE = 60_000;
const ROOMS = ["a", "b", "c", "d"] as const;
const BOUNDS = { maxAgeMs: 60 * 60 * MINUTE, checkMs: 10 * MINUTE };
/** The rounds settle within this many questions to the server once nothing fails any more. */
const MAX_QUESTIONS = 200;

/** One thing that happens. `pick` chooses among what there is. */
export type Happening =
  /** Somebody writes; the message bears a time so long before that. */
  | { readonly kind: "write"; readonly pick: number; readonly lateMs: number }
  /** Somebody reacts to a message, which sends it again. */
  | { readonly kind: "touch"; readonly pick: number }
  /** A frame arrives, in any order. */
  | { readonly kind: "deliver" | "double" | "lose"; readonly pick: number }
  | { readonly kind: "connect" | "disconnect" | "due" }
  /** Somebody writes while the link is down for so long: what chance would rarely put in this order. */
  | { readonly kind: "gap"; readonly pick: number; readonly ms: number }
  /** The oldest question is answered, and what is asked then is not; or the process ends there. */
  | { readonly kind: "half"; readonly pick: number; readonly how: Failure["kind"] | "kill" }
  /** The process ends after so many of the next step's actions; what is not on disk is gone. */
  | { readonly kind: "kill"; readonly pick: number }
  /** A question is answered, in any order; one of a lost link, too. */
  | { readonly kind: "answer" | "refuse"; readonly pick: number; readonly how: Failure["kind"] }
  | { readonly kind: "pass"; readonly ms: number }
  /** The server's clock, or this machine's, is set. */
  | { readonly kind: "server-clock" | "own-clock"; readonly ms: number }
  /** A live message waits for its room. */
  | { readonly kind: "want"; readonly pick: number };

const pick = fc.nat({ max: 1_000 });
const failures = fc.constantFrom<Failure["kind"][]>("passing", "too-large", "limited", "gone");
const gapMs = fc.constantFrom(1_000, 40_000, 12 * MINUTE, 25 * MINUTE);

export const happenings = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        pick,
        // With a clock that is set back, within `LATE_MS`.
        lateMs: fc.constantFrom(0, 0, 0, MINUTE, 6 * MINUTE),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("touch" as const), pick }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom("deliver" as const, "deliver" as const, "double" as const, "lose" as const),
        pick,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom("connect" as const, "disconnect" as const, "due" as const, "due" as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("gap" as const), pick, ms: gapMs }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("half" as const),
        pick,
        how: fc.oneof(failures, fc.constant("kill" as const)),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const), pick: fc.nat({ max: 4 }) }) },
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constantFrom("answer" as const, "refuse" as const),
        pick,
        how: failures,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("pass" as const),
        ms: gapMs,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom("server-clock" as const, "own-clock" as const),
        ms: fc.constantFrom(-3 * MINUTE, 5 * MINUTE),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("want" as const), pick }) },
  ),
  // Without a size, no list has more than ten.
  { maxLength: 60, size: "max" },
);

interface Frame {
  readonly message: Written;
  readonly updatedAt: number;
}

interface Written {
  readonly id: string;
  readonly roomId: string;
  readonly sentAt: number;
  updatedAt: number;
}

interface Question {
  readonly link: number;
  readonly at: number;
  readonly reading: Reading | undefined;
  readonly token: number;
}

/** Plays happenings, then lets everything become well, and answers which messages were never stored. */
export function play(list: readonly Happening[]): readonly string[] {
  const town = new ModelTown();
  for (const one of list) town.take(one);
  town.settle();
  return town.lost();
}

class ModelTown {
  #now = 1_000_000_000_000;
  #skew = 0;
  #clockWasSet = false;
  readonly #messages: Written[] = [];
  readonly #movedAt = new Map<string, number>();
  #frames: Frame[] = [];
  #questions: Question[] = [];
  #link = 0;
  #isUp = false;
  #isRunning = true;
  readonly #stored = new Set<string>();
  readonly #judgements = new Map<string, Judgement>();
  #progress: Progress | undefined;
  readonly #lags = new Map<string, Lag>();
  #ledger: Ledger;
  #round: Round;
  #dieAfter: number | undefined;
  /** The first connection: nothing before it is anybody's business. */
  #firstId: number | undefined;
  #asked = 0;
  /** What was sent in a room before the bot was put out of it. */
  readonly #gone = new Set<string>();

  constructor() {
    this.#ledger = this.#openLedger();
    this.#round = this.#openRound();
  }

  get #server(): number {
    return this.#now + this.#skew;
  }

  take(one: Happening): void {
    switch (one.kind) {
      case "write":
        this.#write(one.pick, one.lateMs);
        break;
      case "touch":
        this.#touch(one.pick);
        break;
      case "deliver":
      case "double":
      case "lose":
        this.#deliver(one.kind, one.pick);
        break;
      case "connect":
        this.#connect();
        break;
      case "disconnect":
        this.#disconnect();
        break;
      case "gap":
        this.#disconnect();
        this.#write(one.pick, 0);
        this.#now += one.ms;
        this.#connect();
        break;
      case "half":
        this.#respond({ kind: "answer", pick: 0, how: "passing" });
        if (one.how === "kill") this.#die();
        else this.#respond({ kind: "refuse", pick: one.pick, how: one.how });
        break;
      case "due":
        if (this.#isUp) this.#step({ type: "due", now: this.#now });
        break;
      case "kill":
        this.#dieAfter = one.pick;
        break;
      case "answer":
      case "refuse":
        this.#respond(one);
        break;
      case "pass":
        this.#now += one.ms;
        break;
      case "server-clock":
      case "own-clock":
        this.#setClock(one);
        break;
      case "want":
        this.#step({ type: "wanted", roomId: roomOf(one.pick), now: this.#now });
    }
  }

  /** Everything works from now on; frames that did not come never come. */
  settle(): void {
    this.#dieAfter = undefined;
    this.#frames = [];
    this.#connect();
    this.#drain();
    for (let checks = 0; checks < 2; checks += 1) {
      this.#now += BOUNDS.checkMs;
      this.#step({ type: "due", now: this.#now });
      this.#drain();
    }
  }

  lost(): readonly string[] {
    const first = this.#firstId ?? this.#messages.length;
    // What bears a time from before the account's first connection is none of its business.
    const startedAt = this.#progress?.startedAt ?? 0;
    const ours = this.#messages.slice(first).filter(({ sentAt }) => sentAt > startedAt);
    return ours.flatMap(({ id }) => (this.#stored.has(id) || this.#gone.has(id) ? [] : [id]));
  }

  #drain(): void {
    this.#asked = 0;
    for (;;) {
      const question = this.#questions.shift();
      if (question !== undefined) {
        this.#asked += 1;
        if (this.#asked > MAX_QUESTIONS) throw new Error("the rounds do not end");
        this.#answer(question);
        continue;
      }
      const wakeAt = this.#round.wakeAt();
      const isBusy = this.#round.holds(undefined) || this.#round.lags().length > 0;
      if (!isBusy || wakeAt === undefined) return;
      this.#now = Math.max(this.#now + 1, wakeAt);
      this.#step({ type: "due", now: this.#now });
    }
  }

  #openLedger(): Ledger {
    const file: LedgerFile = {
      load: () => ({
        progress: this.#progress,
        lags: [...this.#lags.values()],
        judgements: [...this.#judgements.values()],
      }),
      saveRound: ({ progress, put, drop }) => {
        this.#progress = progress ?? this.#progress;
        for (const lag of put) this.#lags.set(lag.room.id, lag);
        for (const id of drop) this.#lags.delete(id);
      },
      saveJudgements: (judgements) => {
        for (const one of judgements) this.#judgements.set(one.messageId, one);
      },
      close: () => {},
    };
    return createLedger({ file, later: () => () => {}, onError: () => {}, max: 40 });
  }

  #openRound(): Round {
    return new Round(this.#ledger.round, () => BOUNDS);
  }

  /**
   * Once, not before the account has noted where it begins, and not while rooms are listed: two clocks that are set
   * together, or one that is set there and back, look as if no time had passed.
   */
  #setClock({ kind, ms }: { readonly kind: "server-clock" | "own-clock"; readonly ms: number }): void {
    const isListing = this.#questions.some(({ reading }) => reading === undefined);
    if (this.#progress === undefined || this.#clockWasSet || isListing) return;
    this.#clockWasSet = true;
    this.#skew += kind === "server-clock" ? ms : -ms;
    if (kind === "own-clock") this.#now += ms;
  }

  #write(chosen: number, lateMs: number): void {
    const roomId = roomOf(chosen);
    // Two messages of one instant have an order all the same.
    this.#now += 1;
    const at = this.#server;
    const message = { id: `m${this.#messages.length}`, roomId, sentAt: at - lateMs, updatedAt: at };
    this.#messages.push(message);
    this.#movedAt.set(roomId, at);
    if (this.#isUp) this.#frames.push({ message, updatedAt: at });
  }

  #touch(chosen: number): void {
    const message = this.#messages[chosen % Math.max(1, this.#messages.length)];
    if (message === undefined) return;
    message.updatedAt = this.#server;
    if (this.#isUp) this.#frames.push({ message, updatedAt: this.#server });
  }

  #deliver(kind: "deliver" | "double" | "lose", chosen: number): void {
    const index = chosen % Math.max(1, this.#frames.length);
    const frame = this.#frames[index];
    if (frame === undefined) return;
    if (kind !== "double") this.#frames.splice(index, 1);
    if (kind !== "lose") this.#judge(frame.message, frame.updatedAt, undefined);
  }

  /** The one place that judges. A message in the queue is taken once, whatever else is forgotten. */
  #judge(message: Written, updatedAt: number, since: number | undefined): void {
    const revision = { ...EMPTY, ...message, updatedAt } satisfies Revision;
    if (this.#ledger.isSettled(revision, since === undefined ? undefined : { since })) return;
    this.#stored.add(message.id);
    this.#ledger.note({
      messageId: message.id,
      roomId: message.roomId,
      sentAt: message.sentAt,
      verdict: "stored",
    });
  }

  #connect(): void {
    if (this.#isUp) return;
    if (!this.#isRunning) this.#isRunning = true;
    this.#isUp = true;
    this.#link += 1;
    this.#now += 1_000;
    this.#firstId ??= this.#messages.length;
    this.#step({ type: "online", now: this.#now });
  }

  #disconnect(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#frames = [];
    this.#step({ type: "offline", now: this.#now });
  }

  /** Memory is gone, and what waited for an answer with it. */
  #die(): void {
    this.#dieAfter = undefined;
    this.#isUp = false;
    this.#frames = [];
    this.#questions = [];
    this.#ledger = this.#openLedger();
    this.#round = this.#openRound();
    // Before anything of the account was on disk, there was no first connection.
    if (this.#progress === undefined) this.#firstId = undefined;
  }

  #step(event: RoundEvent): void {
    for (const action of this.#round.step(event)) {
      if (this.#dieAfter === 0) {
        this.#die();
        return;
      }
      if (this.#dieAfter !== undefined) this.#dieAfter -= 1;
      this.#perform(action);
    }
  }

  #perform(action: RoundAction): void {
    const [link, at] = [this.#link, this.#server];
    if (action.type === "save") this.#ledger.saveRound(action);
    else if (action.type === "list")
      this.#questions.push({ link, at, reading: undefined, token: action.token });
    else if (action.type === "read")
      this.#questions.push({ link, at, reading: action.reading, token: action.reading.token });
  }

  #respond({ kind, pick: chosen, how }: Extract<Happening, { kind: "answer" | "refuse" }>): void {
    const [question] = this.#questions.splice(chosen % Math.max(1, this.#questions.length), 1);
    if (question === undefined) return;
    if (kind === "answer") {
      this.#answer(question);
      return;
    }
    const failure: Failure = how === "limited" ? { kind: how, waitMs: 30_000 } : { kind: how, reason: how };
    const { token, reading } = question;
    const now = this.#now;
    if (how === "gone" && reading !== undefined && question.link === this.#link) this.#leave(reading.room.id);
    const type = reading === undefined ? "list-failed" : "read-failed";
    this.#step({ type, token, failure, now });
  }

  #leave(roomId: string): void {
    for (const message of this.#messages) if (message.roomId === roomId) this.#gone.add(message.id);
  }

  #answer({ link, at, reading, token }: Question): void {
    const now = this.#now;
    if (reading === undefined) {
      const since = this.#round.since(at, now);
      const moved = ROOMS.filter((id) => (this.#movedAt.get(id) ?? 0) >= since);
      const rooms = moved.map((id) => ({ room: room(id), joinedAt: undefined, calls: false }));
      this.#step({ type: "listed", token, at, rooms, now });
      return;
    }
    const until = reading.missed ? Number.POSITIVE_INFINITY : at - OVERLAP_MS;
    for (const message of this.#messages) {
      if (message.roomId !== reading.room.id || message.sentAt <= reading.from) continue;
      // A lost link's answer that comes late is thrown away in the middle.
      if (link !== this.#link) return;
      if (message.sentAt > until && message.sentAt <= this.#server) continue;
      if (reading.what === "messages") this.#judge(message, message.updatedAt, reading.from);
    }
    this.#step({ type: "read", token, at: Math.min(at, until), now });
  }
}

const roomOf = (chosen: number): string => ROOMS[chosen % ROOMS.length] ?? "a";
const room = (id: string) => ({ id, type: "c", name: id, parentId: undefined });

const EMPTY = {
  threadId: undefined,
  sender: { id: "u", username: "u", name: undefined },
  editedAt: undefined,
  editedBy: undefined,
  deleted: false,
  reactions: new Map<string, readonly string[]>(),
  pinned: false,
  pinnedBy: undefined,
  pinnedAt: undefined,
  starred: false,
  discussion: false,
  counters: "",
  previews: 0,
};
