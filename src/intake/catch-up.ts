// Owns finding what was sent while the account could not listen, and bringing it in through the usual way.

import { RestError } from "../errors.ts";
import { isJsonObject, type JsonObject, readInstant, readText } from "../facts/json.ts";
import type { Log } from "../log.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { AccountClient } from "../rest/client.ts";
import { fetchChanges, fetchHistory, fetchJoins, fetchMovedRooms, type MovedRoom } from "../rest/history.ts";
import type { AccountSettings } from "../settings.ts";
import type { RawMessageEvent } from "./receive.ts";
import type { Origin } from "./watch.ts";

/** How far an account has read. Server times are epoch milliseconds of the server's clock. */
export interface Mark {
  /** Everything sent up to here, in server time, was stored or judged. */
  readonly readTo: number;
  /** When that was noted, by this machine's wall clock. */
  readonly notedAt: number;
  /** The account's first connection, in server time: nothing before it is ever read. */
  readonly startedAt: number;
}

/** What a look for missed messages left out or found, for the account's status. */
export interface CatchUpReport {
  /** Messages in these spans were not read: older than the bound, or more than the bound in one room. */
  readonly skipped: string;
  /** Messages that the connection never delivered while it was up, since the account started. */
  readonly undelivered: number;
}

export interface CatchUpOptions {
  readonly rest: AccountClient;
  /** Resolves when names in the configuration were looked up; a room is judged only after that. */
  prepare(): Promise<void> | undefined;
  readonly settings: () => AccountSettings;
  /** Brings in a document that was asked for; answers how many events were newly stored. Rejects when it could not be stored. */
  admit(event: RawMessageEvent, origin: Origin): Promise<number> | number;
  admitDeletions(roomId: string, messageIds: readonly string[]): Promise<number> | number;
  /** The durable mark of this bot user at this server. */
  readonly mark: { read(): Mark | undefined; write(mark: Mark): void };
  readonly log: Log;
  readonly report: (report: Partial<CatchUpReport>) => void;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Passes time; rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface CatchUp {
  /** The connection is up: what was missed is looked for, then messages that it fails to deliver. */
  online(): void;
  /** The connection is gone; a look in progress ends, and begins anew with the next `online`. */
  offline(): void;
  /**
   * Resolves when a live document may be stored: not before what its room has missed, unless that takes long.
   * Undefined when it may at once.
   */
  awaitTurn(event: RawMessageEvent): Promise<void> | undefined;
  /** A live document was stored or judged. */
  noteLive(event: RawMessageEvent): void;
}

/** Servers stamp a message before they tell of it; what was sent this shortly before the mark is read again. */
const OVERLAP_MS = 30_000;

/** A silent connection is found dead after 45 s at the latest; without news the mark stays this far behind. */
const SILENCE_MS = 60_000;

/** The server tells its time in whole seconds, and two clocks drift; less than this is no clock set back. */
const CLOCK_GRAIN_MS = 2_000;

/** How often an idle account's mark moves on. */
const MARK_INTERVAL_MS = 30_000;

/** The mark is written at most this often: losing it costs reading a little more. */
const MARK_WRITE_MS = 5_000;

/** How long a live message waits for what its room has missed. */
const TURN_WAIT_MS = 10_000;

/** What is learned of the recent past when an account starts: rooms, the most recently used first, and messages of each. */
const LEARNED_ROOMS = 100;
const LEARNED_MESSAGES = 50;

const RETRY_FLOOR_MS = 1_000;
const RETRY_CEILING_MS = 60_000;

/** What is read of a room. Server times. */
interface Reading {
  readonly since: number;
  /** What was sent after this may still be on its way. */
  readonly until?: number;
  /** Edits, reactions and deletions are read, too: those after this. */
  readonly changesSince?: number;
  /** Where the gap begins: messages after it that are left out are told of. */
  readonly gapFrom?: number;
}

/** A room that still has to be read. */
interface Job {
  readonly room: MovedRoom;
  readonly from: number;
  readonly done: PromiseWithResolvers<void>;
}

/** Up to where, in server time, it was looked for what an open connection failed to deliver, and when by our clock. */
interface Scanned {
  readonly upTo: number;
  readonly at: number;
}

export function createCatchUp(options: CatchUpOptions): CatchUp {
  const { rest, log, now } = options;
  const marker = createMarker(options);
  let link: AbortController | undefined;
  /** Settles when the rooms to be read are known. */
  let listed = Promise.withResolvers<void>();
  const pending = new Map<string, Job>();
  let undelivered = 0;
  /** A new account begins to read here, even when that connection was lost before it could note so. */
  let firstOnlineAt: number | undefined;
  let isFirstLink = false;
  let scanned: Scanned | undefined;
  let scanBegunAt = now();
  const learner = createLearner(options);

  const settings = () => options.settings();
  const safetyScanMs = () => settings().catchUp.safetyScanMinutes * 60_000;
  const serverNow = () => rest.serverNow() ?? now();

  /** The served rooms that moved, and from where to read each: not what was written before the bot was invited. */
  async function listRooms(since: number): Promise<{ room: MovedRoom; from: number }[]> {
    const moved = await fetchMovedRooms(rest, since);
    await options.prepare();
    const served = moved.filter((room) => room.type === "d" || isRoomAllowed(settings(), room));
    const joins = served.length > 0 ? await fetchJoins(rest, since) : new Map<string, number>();
    return served.map((room) => ({ room, from: Math.max(since, (joins.get(room.id) ?? 0) - 1) }));
  }

  /** Reads what a room has missed. Answers how many events were newly stored. */
  async function readRoom(
    room: MovedRoom,
    { since, until, changesSince, gapFrom }: Reading,
  ): Promise<number> {
    const max = settings().catchUp.maxMessagesPerRoom;
    const place = placeOf(room);
    try {
      const { messages, cut } = await fetchHistory(rest, room, { since, max });
      let stored = 0;
      const origin: Origin = { kind: "missed", since, unheardSince: changesSince };
      for (const message of messages) {
        if (until === undefined || !isOnItsWay(message, until))
          stored += await options.admit({ message, room: place }, origin);
      }
      if (changesSince !== undefined) await readChanges(room, since, changesSince);
      // What lies before the gap was read when it came.
      const reached = messages[0] === undefined ? undefined : readInstant(messages[0], "ts");
      if (cut && gapFrom !== undefined && (reached ?? gapFrom + 1) > gapFrom)
        tellSkipped(`all but the newest ${max} messages in room ${room.id} since ${iso(since)}`);
      return stored;
    } catch (error) {
      if (!(error instanceof RestError) || error.status >= 500 || error.serverCode === undefined) throw error;
      log.warn("room cannot be read any more", { room: room.id, error });
      return 0;
    }
  }

  /** Sent just now; a message from the future is none of these, but from before the server's clock was set back. */
  function isOnItsWay(message: JsonObject, until: number): boolean {
    const sentAt = readInstant(message, "ts") ?? 0;
    return sentAt > until && sentAt <= serverNow() + CLOCK_GRAIN_MS;
  }

  /**
   * Reactions and deletions of messages that are remembered, edits and soft deletions of all. The server may refuse: it
   * is slow work.
   */
  async function readChanges(room: MovedRoom, since: number, unheardSince: number): Promise<void> {
    try {
      const { updated, deletedIds } = await fetchChanges(rest, room.id, since);
      const origin: Origin = { kind: "known", since, unheardSince };
      for (const message of updated) await options.admit({ message, room: placeOf(room) }, origin);
      await options.admitDeletions(room.id, deletedIds);
    } catch (error) {
      if (!(error instanceof RestError) || error.status >= 500) throw error;
      log.debug("changes of a room cannot be read", { room: room.id, error });
    }
  }

  function tellSkipped(what: string): void {
    const skipped = `${what} (catchUp bounds)`;
    log.warn("messages skipped", { skipped });
    options.report({ skipped });
  }

  /** One look for what was missed since the mark, room by room. Resolves with the server time at which it began. */
  async function readMissed(signal: AbortSignal): Promise<number> {
    const { catchUp } = settings();
    const asked = await askServerTime(rest, now);
    const noted = marker.current();
    const before = noted ?? marker.begin(asked - (now() - (firstOnlineAt ?? now())));
    // What was not delivered shortly before the gateway ended, nobody has looked for.
    const heardTo = Math.min(before.readTo, before.notedAt);
    scanned ??= { upTo: heardTo - safetyScanMs() - OVERLAP_MS, at: now() };
    if (noted === undefined && isFirstLink) {
      marker.caughtUp(asked);
      listed.resolve();
      return asked;
    }
    const oldest = asked - catchUp.maxAgeMinutes * 60_000;
    // A server whose clock was set back has sent what we missed under times that we had read to before.
    const readTo = Math.min(before.readTo, asked + CLOCK_GRAIN_MS - Math.max(0, now() - before.notedAt));
    if (readTo < oldest) tellSkipped(`messages sent from ${iso(readTo)} to ${iso(oldest)}`);
    // Or its clock was ahead then and is now, and was right in between.
    const since = Math.max(Math.min(readTo, before.notedAt) - OVERLAP_MS, oldest, before.startedAt);
    const rooms = await listRooms(since);
    for (const one of rooms) pending.set(one.room.id, { ...one, done: Promise.withResolvers() });
    listed.resolve();
    let stored = 0;
    for (let job = first(pending); job !== undefined; job = first(pending)) {
      signal.throwIfAborted();
      const { room, from, done } = job;
      stored += await readRoom(room, { since: from, changesSince: Math.max(readTo, from), gapFrom: readTo });
      pending.delete(room.id);
      done.resolve();
    }
    signal.throwIfAborted();
    learner.wasAwaySince(readTo);
    marker.caughtUp(asked);
    if (rooms.length > 0) log.info("caught up", { rooms: rooms.length, stored, since: iso(since) });
    return asked;
  }

  /** Looks for messages of a time in which the connection was up, lost and made anew in between or not. */
  async function scan({ upTo, at }: Scanned): Promise<Scanned> {
    const begunAt = now();
    const until = (await askServerTime(rest, now)) - OVERLAP_MS;
    const oldest = until - settings().catchUp.maxAgeMinutes * 60_000;
    // By a clock that was set back since, what was sent since is older than what was looked for then.
    const lookedTo = Math.min(upTo, until - (begunAt - at));
    const since = Math.max(lookedTo, oldest, marker.current()?.startedAt ?? oldest);
    let found = 0;
    for (const { room, from } of await listRooms(since))
      found += await readRoom(room, { since: from, until });
    if (found > 0) {
      undelivered += found;
      log.warn("found messages that the connection never delivered", { found, undelivered });
      options.report({ undelivered });
    }
    return { upTo: until, at: begunAt };
  }

  async function run(signal: AbortSignal): Promise<void> {
    for (let pause = RETRY_FLOOR_MS; ; pause = Math.min(2 * pause, RETRY_CEILING_MS)) {
      try {
        // A server's clocks may differ by some seconds; what was sent shortly before has been read if it was missed.
        void learner.learn((await readMissed(signal)) - OVERLAP_MS, signal);
        break;
      } catch (error) {
        if (signal.aborted) return;
        log.warn("catching up is interrupted", { error, retryInMs: pause });
        await options.sleep(pause, signal);
      }
    }
    for (;;) {
      await options.sleep(MARK_INTERVAL_MS, signal);
      marker.idle(serverNow() - SILENCE_MS);
      const interval = safetyScanMs();
      if (interval === 0 || scanned === undefined || Math.abs(now() - scanBegunAt) < interval) continue;
      scanBegunAt = now();
      try {
        scanned = await scan(scanned);
      } catch (error) {
        if (!signal.aborted) log.warn("safety scan failed", { error });
      }
    }
  }

  /** Waits for what a room has missed, which is read next then. */
  async function awaitRoom(roomId: string | undefined, signal: AbortSignal): Promise<void> {
    const turn = async (): Promise<void> => {
      await listed.promise;
      const job = roomId === undefined ? undefined : pending.get(roomId);
      if (job === undefined) return;
      putFirst(pending, job);
      await job.done.promise;
    };
    const over = new AbortController();
    const tooLong = options.sleep(TURN_WAIT_MS, AbortSignal.any([signal, over.signal])).catch(() => {});
    await Promise.race([turn(), tooLong]);
    over.abort();
  }

  return {
    online() {
      link = new AbortController();
      const { signal } = link;
      isFirstLink = firstOnlineAt === undefined;
      firstOnlineAt ??= now();
      marker.hold();
      run(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error("catching up ended", { error });
      });
    },

    offline() {
      link?.abort();
      link = undefined;
      marker.flush();
      for (const { done } of pending.values()) done.resolve();
      pending.clear();
      listed.resolve();
      listed = Promise.withResolvers();
    },

    awaitTurn({ message }) {
      if (link === undefined || !marker.held()) return undefined;
      return awaitRoom(isJsonObject(message) ? readText(message, "rid") : undefined, link.signal);
    },

    noteLive({ message }) {
      const sentAt = isJsonObject(message) ? readInstant(message, "ts") : undefined;
      if (sentAt !== undefined) marker.live(sentAt);
    },
  };
}

/** The stream's second argument for a message of this room. */
function placeOf({ type, name }: MovedRoom): JsonObject {
  return { roomParticipant: true, roomType: type, ...(name !== undefined && { roomName: name }) };
}

/** Reads the recent messages of an account's rooms by heart, once, so that the next change of each says what it is. */
function createLearner({ rest, prepare, settings, admit, log }: CatchUpOptions) {
  const learned = new Set<string>();
  let done = false;
  let until = 0;
  let unheardSince: number | undefined;

  async function learnRoom(room: MovedRoom): Promise<number> {
    const span = { since: 0, max: LEARNED_MESSAGES };
    const { messages } = await fetchHistory(rest, room, span, { background: true });
    const origin: Origin = { kind: "known", since: until, unheardSince };
    for (const message of messages) await admit({ message, room: placeOf(room) }, origin);
    return messages.length;
  }

  async function learnRooms(signal: AbortSignal): Promise<void> {
    const rooms = await fetchMovedRooms(rest, 0, { background: true });
    await prepare();
    const served = rooms.filter((room) => room.type === "d" || isRoomAllowed(settings(), room));
    const recent = served.sort((a, b) => b.movedAt - a.movedAt).slice(0, LEARNED_ROOMS);
    let messages = 0;
    for (const room of recent) {
      if (learned.has(room.id)) continue;
      signal.throwIfAborted();
      try {
        messages += await learnRoom(room);
      } catch (error) {
        if (!(error instanceof RestError) || error.status >= 500) throw error;
        log.debug("a room cannot be learned", { room: room.id, error });
      }
      learned.add(room.id);
    }
    done = true;
    log.info("recent messages learned", { rooms: recent.length, messages });
  }

  return {
    /** Edits and soft deletions from then on have not been told; the first absence counts, that of the gateway. */
    wasAwaySince(readTo: number): void {
      if (!done) unheardSince ??= readTo;
    },
    /**
     * Learns what was sent until `serverTime`: what is sent later comes by the stream. Goes on where a lost connection
     * ended it. Never rejects.
     */
    async learn(serverTime: number, signal: AbortSignal): Promise<void> {
      if (done) return;
      until = serverTime;
      try {
        await learnRooms(signal);
      } catch (error) {
        if (!signal.aborted)
          log.warn("recent messages are not known; their first change may not be told", { error });
      }
    },
  };
}

const iso = (instant: number): string => new Date(instant).toISOString();

/** Asks for nothing, to learn the server's time from the answer. */
async function askServerTime(rest: AccountClient, now: () => number): Promise<number> {
  await fetchMovedRooms(rest, rest.serverNow() ?? now());
  return rest.serverNow() ?? now();
}

function first(pending: ReadonlyMap<string, Job>): Job | undefined {
  return pending.values().next().value;
}

function putFirst(pending: Map<string, Job>, job: Job): void {
  const others = [...pending.values()].filter((one) => one !== job);
  pending.clear();
  for (const one of [job, ...others]) pending.set(one.room.id, one);
}

/** Moves the mark, and only forward past what was stored: on hold it stays where the gap begins. */
function createMarker({ mark, now, log }: CatchUpOptions) {
  let current = mark.read();
  let heard = 0;
  let holding = true;
  let written = Number.NEGATIVE_INFINITY;
  let dirty = false;

  function flush(): void {
    if (!dirty || current === undefined) return;
    try {
      mark.write(current);
      dirty = false;
      written = now();
    } catch (error) {
      log.warn("the mark of what was read cannot be stored", { error });
    }
  }

  function move(readTo: number): void {
    current = { startedAt: readTo, ...current, readTo, notedAt: now() };
    dirty = true;
    if (Math.abs(now() - written) >= MARK_WRITE_MS) flush();
  }

  return {
    current: () => current,
    flush,
    held: () => holding,
    hold(): void {
      holding = true;
      heard = 0;
    },
    /** A new account: what was sent before is never read. */
    begin(serverTime: number): Mark {
      log.info("first connection; messages from now on are read");
      current = { startedAt: serverTime, readTo: serverTime, notedAt: now() };
      dirty = true;
      flush();
      return current;
    },
    caughtUp(serverTime: number): void {
      holding = false;
      move(Math.max(serverTime, heard));
      flush();
    },
    live(sentAt: number): void {
      heard = Math.max(heard, sentAt);
      if (!holding && current !== undefined) move(Math.max(current.readTo, sentAt));
    },
    idle(serverTime: number): void {
      if (!holding && current !== undefined) move(Math.max(current.readTo, serverTime));
    },
  };
}
