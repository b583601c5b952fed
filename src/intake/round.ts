// Owns which room is read next, and from where: events in, actions out, without I/O and without a clock.

import type { MovedRoom } from "../rest/history.ts";

/** A message that reaches the server this long after its own time is still found: a slow federation, a slow delivery. */
export const LATE_MS = 10 * 60_000;

/** Servers stamp a change before they tell of it: the list of moved rooms begins this long before the last one. */
export const OVERLAP_MS = 30_000;

/** The server tells its time in whole seconds, and two clocks drift; less than this is no clock set back. */
const CLOCK_GRAIN_MS = 2_000;

/** Rooms that are read at the same time. */
const MAX_READING = 4;

const RETRY_FLOOR_MS = 1_000;
const RETRY_CEILING_MS = 5 * 60_000;

/** How far an account has looked. Server times, but for `notedAt`, which is this machine's wall clock. */
export interface Progress {
  /** The account's first connection: nothing before it is ever read. */
  readonly startedAt: number;
  /** Rooms that moved up to here were read, or stand among the lags. */
  readonly listedTo: number;
  readonly notedAt: number;
}

/** A room that has to be read. Server times. */
export interface Lag {
  readonly room: MovedRoom;
  /** What was sent in the room up to here is judged. */
  readonly cursor: number;
  /** Nothing before is read: the bot was invited then. */
  readonly floor: number;
  /** Whether its messages were missed; else it is only looked whether the open connection failed to deliver some. */
  readonly missed: boolean;
  /** Edits and deletions after this have to be looked for as well, after the messages; undefined: none. */
  readonly changesSince: number | undefined;
  /** The messages are read; only the changes are left. */
  readonly heard: boolean;
}

/** A room of a list, and what the list says about it. */
export interface ListedRoom {
  readonly room: MovedRoom;
  /** When the bot was invited, if that was since the last list. */
  readonly joinedAt: number | undefined;
  /** Something in it names the bot, or it is a direct message. */
  readonly calls: boolean;
}

export type Failure =
  | { readonly kind: "passing" | "too-large" | "gone"; readonly reason: string }
  | { readonly kind: "limited"; readonly waitMs: number };

/** `now` is this machine's wall clock, epoch milliseconds; `at` the server's clock when the question was sent. */
export type RoundEvent =
  | { readonly type: "online"; readonly now: number }
  | { readonly type: "offline"; readonly now: number }
  | {
      readonly type: "listed";
      readonly token: number;
      readonly at: number;
      readonly rooms: readonly ListedRoom[];
      readonly now: number;
    }
  | { readonly type: "list-failed"; readonly token: number; readonly now: number; readonly failure: Failure }
  | { readonly type: "read"; readonly token: number; readonly at: number; readonly now: number }
  | { readonly type: "read-failed"; readonly token: number; readonly failure: Failure; readonly now: number }
  /** A live message of the room waits for what the room has missed. */
  | { readonly type: "wanted"; readonly roomId: string; readonly now: number }
  /** All that the server sent up to `at` was delivered, as far as is known: where nobody checks that, it counts as read. */
  | { readonly type: "delivered"; readonly at: number; readonly now: number }
  | { readonly type: "due"; readonly now: number };

/** What is asked of the server about one room. */
export interface Reading {
  readonly token: number;
  readonly room: MovedRoom;
  readonly what: "messages" | "changes";
  /** Messages sent after this are read. */
  readonly from: number;
  /** What is left out after this was never judged; it is told. */
  readonly gapFrom: number;
  readonly changesSince: number | undefined;
  readonly missed: boolean;
}

export type RoundAction =
  | { readonly type: "list"; readonly token: number }
  | { readonly type: "read"; readonly reading: Reading }
  /** To be written down before anything further happens. */
  | {
      readonly type: "save";
      readonly progress?: Progress;
      readonly put: readonly Lag[];
      readonly drop: readonly string[];
    }
  /** Live messages of the room, or of every room that does not lag, need not wait any more. */
  | { readonly type: "passed"; readonly roomId?: string }
  | { readonly type: "skipped"; readonly from: number; readonly to: number }
  | { readonly type: "caught-up"; readonly rooms: number }
  /** Rooms that cannot be read at present, with the reason; sent when that changes. */
  | { readonly type: "failing"; readonly rooms: ReadonlyMap<string, string> };

export interface RoundBounds {
  readonly maxAgeMs: number;
  /** How often it is looked whether the open connection failed to deliver; 0: never. */
  readonly checkMs: number;
}

export interface RoundMemory {
  readonly progress: Progress | undefined;
  readonly lags: readonly Lag[];
}

interface Room {
  lag: Lag;
  calls: boolean;
  wanted: boolean;
  failures: number;
  retryAt: number;
  reason: string | undefined;
  reading: number | undefined;
  /** It moved again while it was read. */
  again: Lag | undefined;
}

/** One account's round over its rooms, which goes on over connections and restarts. */
export class Round {
  readonly #bounds: () => RoundBounds;
  readonly #rooms = new Map<string, Room>();
  /** The limits of the endpoints: no call before this. */
  readonly #paused = new Map<string, number>();
  #progress: Progress | undefined;
  #isOnline = false;
  #firstOnlineAt: number | undefined;
  #isFirstLink = false;
  #listing: number | undefined;
  /** Not before this; undefined: not at all. */
  #listAt: number | undefined;
  #listFailures = 0;
  /** Whether the rooms of this connection are known. */
  #isListed = false;
  #isCaughtUp = false;
  #missed = 0;
  #lastToken = 0;
  #actions: RoundAction[] = [];

  constructor(memory: RoundMemory, bounds: () => RoundBounds) {
    this.#bounds = bounds;
    this.#progress = memory.progress;
    for (const lag of memory.lags) this.#rooms.set(lag.room.id, enter(lag, false));
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** Whether live messages of the room wait: it is not known yet what was missed, or the room has not been read. */
  holds(roomId: string | undefined): boolean {
    if (!this.#isOnline) return false;
    if (!this.#isListed) return true;
    const lag = roomId === undefined ? undefined : this.#rooms.get(roomId)?.lag;
    return lag?.missed === true && !lag.heard;
  }

  lags(): readonly Lag[] {
    return [...this.#rooms.values()].map(({ lag }) => lag);
  }

  /** Since when moved rooms are to be listed, when the server's clock says `at`. */
  since(at: number, now: number): number {
    const progress = this.#progress ?? this.#begin(at, now);
    const cursor = Math.min(this.#readTo(progress, at, now), progress.notedAt);
    return Math.max(cursor - OVERLAP_MS, this.#oldest(at));
  }

  /** Takes what happened, and answers what to do about it, in order. */
  step(event: RoundEvent): readonly RoundAction[] {
    this.#actions = [];
    this.#take(event);
    this.#ask(event.now);
    return this.#actions;
  }

  /** When `due` has something to do, by this machine's clock; undefined while something else comes first. */
  wakeAt(): number | undefined {
    if (!this.#isOnline) return undefined;
    const rooms = [...this.#rooms.values()];
    const resting = rooms.filter(({ reading }) => reading === undefined);
    // Where no more may be read at once, the end of a reading comes first.
    const times =
      rooms.length - resting.length < MAX_READING ? resting.map((room) => this.#readableAt(room)) : [];
    if (this.#listing === undefined && this.#listAt !== undefined) times.push(this.#listAt);
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }

  #take(event: RoundEvent): void {
    switch (event.type) {
      case "online":
        this.#goOnline(event.now);
        break;
      case "offline":
        this.#goOffline();
        break;
      case "listed":
        this.#list(event);
        break;
      case "list-failed":
        this.#failList(event);
        break;
      case "read":
        this.#finish(event);
        break;
      case "read-failed":
        this.#fail(event);
        break;
      case "wanted":
        this.#want(event.roomId);
        break;
      case "delivered":
        this.#moveOn(event.at, event.now);
        break;
      case "due":
    }
  }

  #want(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (room !== undefined) room.wanted = true;
  }

  #goOnline(now: number): void {
    this.#goOffline();
    this.#isOnline = true;
    this.#isFirstLink = this.#firstOnlineAt === undefined;
    this.#firstOnlineAt ??= now;
    this.#isListed = false;
    this.#isCaughtUp = false;
    this.#listFailures = 0;
    this.#listAt = now;
    this.#paused.clear();
    for (const room of this.#rooms.values()) room.retryAt = now;
  }

  /** Answers that come later belong to a lost connection: nobody knows their tokens any more. */
  #goOffline(): void {
    this.#isOnline = false;
    this.#listing = undefined;
    for (const room of this.#rooms.values()) stopReading(room);
  }

  /** A new account: what was sent before its first connection is never read. */
  #begin(at: number, now: number): Progress {
    const onlineMs = now - (this.#firstOnlineAt ?? now);
    const startedAt = at - onlineMs;
    const isPrompt = this.#isFirstLink && onlineMs >= 0 && onlineMs < OVERLAP_MS;
    return { startedAt, listedTo: isPrompt ? at : startedAt, notedAt: now };
  }

  /** A server whose clock was set back has sent under times that were looked at before. */
  #readTo({ listedTo, notedAt }: Progress, at: number, now: number): number {
    return Math.min(listedTo, at + CLOCK_GRAIN_MS - Math.max(0, now - notedAt));
  }

  #oldest(at: number): number {
    return at - this.#bounds().maxAgeMs;
  }

  #list({ token, at, rooms, now }: Extract<RoundEvent, { type: "listed" }>): void {
    if (token !== this.#listing) return;
    this.#listing = undefined;
    this.#listFailures = 0;
    const before = this.#progress ?? this.#begin(at, now);
    const readTo = this.#progress === undefined ? before.listedTo : this.#readTo(before, at, now);
    // The clock may have been ahead then and be so now, and was right in between: both clocks are believed.
    const cursor = Math.min(readTo, before.notedAt);
    const missed = !this.#isListed;
    if (missed && readTo < this.#oldest(at))
      this.#actions.push({ type: "skipped", from: readTo, to: this.#oldest(at) });
    // Nothing was missed before the first connection of all, of which the server's time tells no more than the second.
    const isFirst = this.#progress === undefined && before.listedTo === at;
    const lagging = isFirst ? [] : rooms;
    const put = lagging.map((listed) => this.#enter(listed, { cursor, missed, readTo }));
    this.#progress = { startedAt: before.startedAt, listedTo: at, notedAt: now };
    this.#actions.push({ type: "save", progress: this.#progress, put, drop: [] });
    this.#listAt = this.#bounds().checkMs === 0 ? undefined : now + this.#bounds().checkMs;
    if (!missed) return;
    this.#isListed = true;
    this.#missed = lagging.length;
    this.#actions.push({ type: "passed" });
  }

  #moveOn(at: number, now: number): void {
    const progress = this.#progress;
    if (progress === undefined || !this.#isListed || at <= progress.listedTo) return;
    this.#progress = { ...progress, listedTo: at, notedAt: now };
    this.#actions.push({ type: "save", progress: this.#progress, put: [], drop: [] });
  }

  /** Takes a room of a list in; one that lags keeps its own cursor. */
  #enter(
    { room, joinedAt, calls }: ListedRoom,
    { cursor, missed, readTo }: { cursor: number; missed: boolean; readTo: number },
  ): Lag {
    const known = this.#rooms.get(room.id);
    const floor = joinedAt === undefined ? 0 : joinedAt - 1;
    const lag: Lag = {
      room,
      cursor,
      floor,
      missed,
      changesSince: missed ? Math.max(readTo, floor) : undefined,
      heard: false,
    };
    if (known === undefined) {
      this.#rooms.set(room.id, enter(lag, calls));
      return lag;
    }
    const before = known.again ?? known.lag;
    const changesSince = earliest(before.changesSince, lag.changesSince);
    const joined = before.heard
      ? { ...lag, changesSince }
      : {
          room,
          cursor: Math.min(before.cursor, cursor),
          floor: Math.max(before.floor, floor),
          missed: before.missed || missed,
          changesSince,
          heard: false,
        };
    known.calls ||= calls;
    if (known.reading !== undefined) known.again = joined;
    else known.lag = joined;
    return joined;
  }

  #failList({ token, failure, now }: Extract<RoundEvent, { type: "list-failed" }>): void {
    if (token !== this.#listing) return;
    this.#listing = undefined;
    this.#listAt = now + (failure.kind === "limited" ? failure.waitMs : pauseAfter(this.#listFailures));
    this.#listFailures += 1;
  }

  #finish({ token, at, now }: Extract<RoundEvent, { type: "read" }>): void {
    const room = this.#find(token);
    if (room === undefined) return;
    const { lag, again } = room;
    const wasFailing = room.reason !== undefined;
    Object.assign(room, {
      reading: undefined,
      failures: 0,
      retryAt: now,
      reason: undefined,
      again: undefined,
    });
    if (lag.heard) this.#settle(room, again);
    else if (again !== undefined) this.#settle(room, { ...again, cursor: at });
    else this.#settle(room, lag.changesSince === undefined ? undefined : { ...lag, cursor: at, heard: true });
    if (!lag.heard) this.#actions.push({ type: "passed", roomId: lag.room.id });
    if (wasFailing) this.#tellFailing();
    this.#noteCaughtUp();
  }

  /** What is left to do in a room, or nothing. It stands behind the others then. */
  #settle(room: Room, left: Lag | undefined): void {
    const { id } = room.lag.room;
    this.#rooms.delete(id);
    room.wanted = false;
    if (left !== undefined) {
      room.lag = left;
      this.#rooms.set(id, room);
    }
    this.#actions.push({ type: "save", put: left ? [left] : [], drop: left ? [] : [id] });
  }

  #fail({ token, failure, now }: Extract<RoundEvent, { type: "read-failed" }>): void {
    const room = this.#find(token);
    if (room === undefined) return;
    stopReading(room);
    const { lag } = room;
    if (failure.kind === "limited") {
      this.#paused.set(endpointOf(lag), now + failure.waitMs);
      return;
    }
    // Changes are news, not questions: what cannot be read of them in one piece is left.
    if (failure.kind === "gone" || (lag.heard && failure.kind === "too-large")) {
      this.#settle(room, undefined);
      this.#actions.push({ type: "passed", roomId: lag.room.id });
    } else {
      room.retryAt = now + pauseAfter(room.failures);
      room.failures += 1;
      room.reason = failure.reason;
      this.#tellFailing();
    }
    this.#noteCaughtUp();
  }

  #find(token: number): Room | undefined {
    for (const room of this.#rooms.values()) if (room.reading === token) return room;
    return undefined;
  }

  #tellFailing(): void {
    const failing = [...this.#rooms].flatMap(([id, { reason }]) =>
      reason === undefined ? [] : [[id, reason] as const],
    );
    this.#actions.push({ type: "failing", rooms: new Map(failing) });
  }

  /** A room that cannot be read holds nobody up. */
  #noteCaughtUp(): void {
    if (!this.#isListed || this.#isCaughtUp) return;
    for (const { lag, reason } of this.#rooms.values())
      if (lag.missed && !lag.heard && reason === undefined) return;
    this.#isCaughtUp = true;
    this.#actions.push({ type: "caught-up", rooms: this.#missed });
  }

  #ask(now: number): void {
    if (!this.#isOnline) return;
    if (this.#listing === undefined && this.#listAt !== undefined && this.#listAt <= now) {
      this.#listing = this.#nextToken();
      this.#actions.push({ type: "list", token: this.#listing });
    }
    if (this.#isListed) this.#noteCaughtUp();
    let free = MAX_READING;
    for (const { reading } of this.#rooms.values()) if (reading !== undefined) free -= 1;
    if (free <= 0) return;
    for (const room of this.#choose(now, free)) {
      room.reading = this.#nextToken();
      this.#actions.push({ type: "read", reading: this.#readingOf(room, room.reading, now) });
    }
  }

  /** The rooms to read now, those first for which somebody waits. */
  #choose(now: number, count: number): readonly Room[] {
    const ranks: Room[][] = [[], [], [], [], []];
    for (const room of this.#rooms.values()) {
      if (room.reading === undefined && this.#readableAt(room) <= now) ranks[rankOf(room)]?.push(room);
      if ((ranks[0]?.length ?? 0) >= count) break;
    }
    return ranks.flat().slice(0, count);
  }

  #readableAt(room: Room): number {
    return Math.max(room.retryAt, this.#paused.get(endpointOf(room.lag)) ?? 0);
  }

  #readingOf({ lag }: Room, token: number, now: number): Reading {
    const { startedAt, listedTo, notedAt } = this.#progress ?? { startedAt: 0, listedTo: now, notedAt: now };
    const oldest = this.#oldest(listedTo + Math.max(0, now - notedAt));
    const { room, cursor, floor, missed, changesSince } = lag;
    return {
      token,
      room,
      what: lag.heard ? "changes" : "messages",
      from: Math.max(cursor - LATE_MS, oldest, startedAt, floor),
      gapFrom: Math.max(cursor, oldest, startedAt, floor),
      changesSince,
      missed,
    };
  }

  #nextToken(): number {
    this.#lastToken += 1;
    return this.#lastToken;
  }
}

function enter(lag: Lag, calls: boolean): Room {
  return {
    lag,
    calls,
    wanted: false,
    failures: 0,
    retryAt: 0,
    reason: undefined,
    reading: undefined,
    again: undefined,
  };
}

/** The reading led to nothing: what has moved meanwhile is left to read as well. */
function stopReading(room: Room): void {
  room.reading = undefined;
  room.lag = room.again ?? room.lag;
  room.again = undefined;
}

/** Which of the server's limiters counts the call. */
function endpointOf({ room, heard }: Lag): string {
  return heard ? "changes" : room.type;
}

/** Lower is read earlier. */
function rankOf({ lag, wanted, calls }: Room): number {
  if (lag.heard) return 4;
  if (!lag.missed) return 3;
  return wanted ? 0 : calls ? 1 : 2;
}

function pauseAfter(failures: number): number {
  return Math.min(RETRY_FLOOR_MS * 2 ** Math.min(failures, 20), RETRY_CEILING_MS);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
