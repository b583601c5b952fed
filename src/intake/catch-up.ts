// Owns finding what was sent while the account could not listen, and bringing it in through the usual way.

import { ProtocolError, RateLimitedError, RestError } from "../errors.ts";
import { isJsonObject, type JsonObject, readInstant, readText } from "../facts/json.ts";
import type { Log } from "../log.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { AccountClient } from "../rest/client.ts";
import {
  fetchChanges,
  fetchHistory,
  fetchMemberships,
  fetchMovedRooms,
  type Membership,
  type MovedRoom,
  type PageRecord,
  type RoomNews,
} from "../rest/history.ts";
import { fetchLongestPage } from "../rest/server.ts";
import type { AccountSettings } from "../settings.ts";
import { createLearner } from "./learner.ts";
import type { RawMessageEvent } from "./receive.ts";
import {
  type Failure,
  type ListedRoom,
  OVERLAP_MS,
  type Reading,
  Round,
  type RoundAction,
  type RoundEvent,
  type RoundMemory,
} from "./round.ts";
import type { Origin } from "./watch.ts";

/** What a look for missed messages left out or found, for the account's status. */
export interface CatchUpReport {
  /** Messages in these spans were not read: older than the bound, or more than the bound in one room. */
  readonly skipped: string;
  /** Messages that the connection never delivered while it was up, since the account started. */
  readonly undelivered: number;
  /** Rooms that cannot be read at present, and why; empty when there are none. */
  readonly waiting: string;
}

export interface CatchUpOptions {
  readonly rest: AccountClient;
  /** Resolves when names in the configuration were looked up; a room is judged only after that. */
  prepare(): Promise<void> | undefined;
  readonly settings: () => AccountSettings;
  /** Brings in a document that was asked for; answers how many events were newly stored. Rejects when it could not be stored. */
  admit(event: RawMessageEvent, origin: Origin): Promise<number> | number;
  admitDeletions(roomId: string, messageIds: readonly string[]): Promise<number> | number;
  /** What is known of earlier rounds, and how the round's steps are written down. May throw. */
  readonly memory: RoundMemory;
  save(change: Omit<Extract<RoundAction, { type: "save" }>, "type">): void;
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
  /** The connection is gone; a look in progress ends, and goes on with the next `online`. */
  offline(): void;
  /**
   * Resolves when a live document may be stored: not before what its room has missed, unless that takes long.
   * Undefined when it may at once.
   */
  awaitTurn(event: RawMessageEvent): Promise<void> | undefined;
  /** Where it is asked whether all that came by the connection is stored or judged. */
  follow(isSettled: () => boolean): void;
}

/** What is read for what happened to messages: none of them is judged by that. */
export const NO_QUESTIONS: Origin = { since: Number.POSITIVE_INFINITY };

/** How long a live message waits for what its room has missed. */
const TURN_WAIT_MS = 10_000;

/** The longest sleep: settings may change meanwhile, and clocks be set. */
const LOOK_MS = 30_000;

/** A silent connection is found dead after 45 s at the latest; what was sent later may not have been delivered. */
const SILENCE_MS = 60_000;

/** Less than this is no message from the future: the server's time comes in whole seconds. */
const CLOCK_GRAIN_MS = 2_000;

export function createCatchUp(options: CatchUpOptions): CatchUp {
  const { log, now } = options;
  const round = new Round(options.memory, () => {
    const { maxAgeMinutes, safetyScanMinutes } = options.settings().catchUp;
    return { maxAgeMs: maxAgeMinutes * 60_000, checkMs: safetyScanMinutes * 60_000 };
  });
  const reader = createReader(options);
  const learner = createLearner(options, round);
  const gates = createGates(options);
  let link: AbortController | undefined;
  let wake = Promise.withResolvers<void>();
  let undelivered = 0;
  let stored = 0;
  let isSettled = (): boolean => true;

  function step(event: RoundEvent): void {
    for (const action of round.step(event)) perform(action);
    wake.resolve();
  }

  function perform(action: RoundAction): void {
    switch (action.type) {
      case "list":
        list(action.token, link?.signal);
        break;
      case "read":
        read(action.reading, link?.signal);
        break;
      case "save":
        save(action);
        break;
      case "passed":
        gates.pass((roomId) => !round.holds(roomId));
        break;
      case "skipped":
        tellSkipped(options, `messages sent from ${iso(action.from)} to ${iso(action.to)}`);
        break;
      case "failing":
        options.report({ waiting: describeFailing(action.rooms) });
        break;
      case "caught-up":
        noteCaughtUp(action.rooms);
    }
  }

  /** What could not be written down is read again after a restart, and judged to the same result. */
  function save({ type: _, ...change }: Extract<RoundAction, { type: "save" }>): void {
    try {
      options.save(change);
    } catch (error) {
      log.warn("how far rooms were read cannot be stored", { error });
    }
  }

  function noteCaughtUp(rooms: number): void {
    if (rooms > 0) log.info("caught up", { rooms, stored });
    stored = 0;
    if (link !== undefined) void learner.learn(link.signal);
  }

  function list(token: number, signal: AbortSignal | undefined): void {
    reader
      .list((at) => round.since(at, now()))
      .then(
        ({ at, rooms }) => {
          if (signal?.aborted === false) step({ type: "listed", token, at, rooms, now: now() });
        },
        (error: unknown) => {
          if (signal?.aborted !== false) return;
          log.warn("catching up is interrupted", { error });
          step({ type: "list-failed", token, failure: failureOf(error), now: now() });
        },
      );
  }

  function read(reading: Reading, signal: AbortSignal | undefined): void {
    const { token, missed } = reading;
    reader.read(reading, signal).then(
      ({ at, found }) => {
        stored += found;
        if (!missed && found > 0) tellUndelivered(found);
        if (signal?.aborted === false) step({ type: "read", token, at, now: now() });
      },
      (error: unknown) => {
        if (signal?.aborted !== false) return;
        const failure = failureOf(error);
        if (failure.kind !== "limited") logFailure(failure, reading.room, error);
        step({ type: "read-failed", token, failure, now: now() });
      },
    );
  }

  function logFailure({ kind }: Failure, room: MovedRoom, error: unknown): void {
    if (kind === "passing") log.warn("catching up is interrupted", { room: room.id, error });
    else if (kind === "gone") log.warn("room cannot be read any more", { room: room.id, error });
    else log.warn("an answer is too large", { room: room.id, error });
  }

  function tellUndelivered(found: number): void {
    undelivered += found;
    log.warn("found messages that the connection never delivered", { found, undelivered });
    options.report({ undelivered });
  }

  async function run(signal: AbortSignal): Promise<void> {
    step({ type: "online", now: now() });
    while (!signal.aborted) {
      wake = Promise.withResolvers();
      const over = new AbortController();
      const at = round.wakeAt() ?? Number.POSITIVE_INFINITY;
      const ms = Math.min(LOOK_MS, Math.max(0, at - now()));
      await Promise.race([
        options.sleep(ms, AbortSignal.any([signal, over.signal])).catch(() => {}),
        wake.promise,
      ]);
      over.abort();
      if (!signal.aborted) lookOn();
    }
  }

  function lookOn(): void {
    const isUnchecked = options.settings().catchUp.safetyScanMinutes === 0 && isSettled();
    if (isUnchecked) step({ type: "delivered", at: serverNow(options) - SILENCE_MS, now: now() });
    else step({ type: "due", now: now() });
  }

  return {
    online() {
      link = new AbortController();
      const { signal } = link;
      run(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error("catching up ended", { error });
      });
    },

    offline() {
      link?.abort();
      link = undefined;
      step({ type: "offline", now: now() });
      gates.pass(() => true);
    },

    awaitTurn({ message }) {
      const roomId = isJsonObject(message) ? readText(message, "rid") : undefined;
      if (link === undefined || !round.holds(roomId)) return undefined;
      const waiting = gates.wait(roomId, link.signal);
      if (roomId !== undefined) step({ type: "wanted", roomId, now: now() });
      return waiting;
    },

    follow(settled) {
      isSettled = settled;
    },
  };
}

/** Live messages that wait for what their rooms have missed. */
function createGates({ sleep }: CatchUpOptions) {
  const waiting = new Map<string | undefined, PromiseWithResolvers<void>>();
  return {
    pass(may: (roomId: string | undefined) => boolean): void {
      for (const [roomId, gate] of waiting) {
        if (!may(roomId)) continue;
        waiting.delete(roomId);
        gate.resolve();
      }
    },
    async wait(roomId: string | undefined, signal: AbortSignal): Promise<void> {
      const gate = waiting.get(roomId) ?? Promise.withResolvers<void>();
      waiting.set(roomId, gate);
      const over = new AbortController();
      const tooLong = sleep(TURN_WAIT_MS, AbortSignal.any([signal, over.signal])).catch(() => {});
      await Promise.race([gate.promise, tooLong]);
      over.abort();
    },
  };
}

/** Asks the server what the round wants to know, and brings the answers in. */
function createReader(options: CatchUpOptions) {
  const { rest } = options;
  let record: Promise<PageRecord> | undefined;

  /** A server that does not say how long its pages are is found out page by page. */
  function longestPage(): Promise<PageRecord> {
    record ??= fetchLongestPage(rest).then(
      (longest) => ({ longest }),
      () => ({ longest: 0 }),
    );
    return record;
  }

  async function readMessages(reading: Reading, signal: AbortSignal | undefined) {
    const { room, from, missed, changesSince } = reading;
    const max = options.settings().catchUp.maxMessagesPerRoom;
    const at = serverNow(options);
    const until = missed ? Number.POSITIVE_INFINITY : at - OVERLAP_MS;
    const span = { since: from, max, record: await longestPage() };
    const { messages, cut, unreadable } = await fetchHistory(rest, room, span, {
      patienceMs: 0,
      background: !missed,
    });
    const origin: Origin = { since: from, unheardSince: changesSince };
    let found = 0;
    for (const message of messages) {
      signal?.throwIfAborted();
      const sentAt = readInstant(message, "ts") ?? 0;
      // Sent just now; a message from the future is none of these, but from before the server's clock was set back.
      const isOnItsWay = sentAt > until && sentAt <= serverNow(options) + CLOCK_GRAIN_MS;
      if (!isOnItsWay) found += await options.admit({ message, room: placeOf(room) }, origin);
    }
    const reached = messages[0] === undefined ? undefined : readInstant(messages[0], "ts");
    if (cut && (reached ?? 0) > reading.gapFrom)
      tellSkipped(
        options,
        `all but the newest ${messages.length} messages in room ${room.id} since ${iso(from)}`,
      );
    if (unreadable > 0) tellUnreadable(options, `${unreadable} in room ${room.id} since ${iso(from)}`);
    return { at: Math.min(at, until), found };
  }

  /**
   * Reactions and deletions of messages that are remembered, edits and soft deletions of all. The server may refuse: it
   * is slow work.
   */
  async function readNews({ room, from, changesSince = 0 }: Reading, signal: AbortSignal | undefined) {
    const at = serverNow(options);
    const query = { roomId: room.id, since: Math.min(from, changesSince) };
    const { updated, deletedIds } = await fetchChanges(rest, query, { patienceMs: 0, background: true });
    for (const message of updated) {
      signal?.throwIfAborted();
      await options.admit({ message, room: placeOf(room) }, { ...NO_QUESTIONS, unheardSince: changesSince });
    }
    await options.admitDeletions(room.id, deletedIds);
    return { at, found: 0 };
  }

  return {
    /** Asks for nothing first, to learn the server's time from the answer. */
    async list(sinceOf: (at: number) => number): Promise<{ at: number; rooms: ListedRoom[] }> {
      await fetchMovedRooms(rest, serverNow(options) + CLOCK_GRAIN_MS);
      const at = serverNow(options);
      const since = sinceOf(at);
      const memberships = await fetchMemberships(rest, since);
      const moved = await listMoved(options, since);
      await options.prepare();
      return { at, rooms: chooseRooms({ moved, memberships, since }, options.settings()) };
    },
    read: (reading: Reading, signal: AbortSignal | undefined) =>
      reading.what === "messages" ? readMessages(reading, signal) : readNews(reading, signal),
  };
}

/** The rooms that moved; all there are when the answer of those that moved is too large, since it holds whole messages. */
async function listMoved({ rest, log }: CatchUpOptions, since: number): Promise<readonly RoomNews[]> {
  try {
    return await fetchMovedRooms(rest, since);
  } catch (error) {
    if (failureOf(error).kind !== "too-large") throw error;
    log.warn("the list of rooms is too large; every room is read", { error });
    const all = await fetchMemberships(rest, 0);
    return all.map(({ room }) => ({ room, movedAt: 0, mentions: [] }));
  }
}

interface Lists {
  readonly moved: readonly RoomNews[];
  /** Those that changed. */
  readonly memberships: readonly Membership[];
  readonly since: number;
}

/** The rooms that may be served, and which of them call for the bot. */
function chooseRooms({ moved, memberships, since }: Lists, settings: AccountSettings): ListedRoom[] {
  const changed = new Map(memberships.map((membership) => [membership.room.id, membership]));
  return moved.flatMap(({ room, mentions }) => {
    if (!mayBeServed(room, settings)) return [];
    const membership = changed.get(room.id);
    const joinedAt = membership?.joinedAt;
    const calls = room.type === "d" || mentions.includes(settings.userId) || membership?.mentioned === true;
    return [{ room, calls, joinedAt: joinedAt !== undefined && joinedAt >= since ? joinedAt : undefined }];
  });
}

/** A direct message may be one of several people, which only a look-up tells. */
export function mayBeServed(room: MovedRoom, settings: AccountSettings): boolean {
  if (room.type === "d") return settings.dm.enabled || settings.dm.groupEnabled;
  return isRoomAllowed(settings, room);
}

/** The stream's second argument for a message of this room. */
export function placeOf({ type, name }: MovedRoom): JsonObject {
  return { roomParticipant: true, roomType: type, ...(name !== undefined && { roomName: name }) };
}

export function failureOf(error: unknown): Failure {
  if (error instanceof RateLimitedError) return { kind: "limited", waitMs: error.waitMs };
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof ProtocolError && error.reason === "too-large") return { kind: "too-large", reason };
  const refused = error instanceof RestError && error.status < 500 && error.serverCode !== undefined;
  return { kind: refused ? "gone" : "passing", reason };
}

/** Rooms that are named in the status; the others are counted. */
const MAX_NAMED = 3;

function describeFailing(rooms: ReadonlyMap<string, string>): string {
  const named = [...rooms].slice(0, MAX_NAMED).map(([id, reason]) => `room ${id}: ${reason}`);
  const more = rooms.size > MAX_NAMED ? [`and ${rooms.size - MAX_NAMED} more`] : [];
  return [...named, ...more].join("; ");
}

function tellSkipped(options: CatchUpOptions, what: string): void {
  tell(options, `${what} (catchUp bounds)`);
}

function tellUnreadable(options: CatchUpOptions, which: string): void {
  tell(
    options,
    `messages of more than 16 MiB each: ${which}; whoever needs an answer has to ask in fewer words`,
  );
}

function tell({ log, report }: CatchUpOptions, skipped: string): void {
  log.warn("messages skipped", { skipped });
  report({ skipped });
}

const serverNow = ({ rest, now }: Pick<CatchUpOptions, "rest" | "now">): number => rest.serverNow() ?? now();

const iso = (instant: number): string => new Date(instant).toISOString();
