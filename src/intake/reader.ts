// Owns asking the server which rooms moved and what was written in one, and bringing the answers in.

import { ProtocolError, RateLimitedError, RestError } from "../errors.ts";
import { type JsonObject, readInstant } from "../facts/json.ts";
import type { Log } from "../log.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { AccountClient } from "../rest/client.ts";
import {
  fetchChanges,
  fetchHistory,
  fetchMemberships,
  fetchMovedRooms,
  type History,
  type Membership,
  type MovedRoom,
  type PageRecord,
  type RoomNews,
} from "../rest/history.ts";
import { fetchLongestPage } from "../rest/server.ts";
import type { AccountSettings } from "../settings.ts";
import type { Teller } from "./catch-up-report.ts";
import type { RawMessageEvent } from "./receive.ts";
import { type Failure, type ListedRoom, OVERLAP_MS, type Reading } from "./round.ts";
import type { Origin } from "./watch.ts";

export interface ReaderOptions {
  readonly rest: AccountClient;
  /** Resolves when names in the configuration were looked up; a room is judged only after that. */
  prepare(): Promise<void> | undefined;
  readonly settings: () => AccountSettings;
  /** Brings in a document that was asked for; answers how many events were newly stored. Rejects when it could not be stored. */
  admit(event: RawMessageEvent, origin: Origin): Promise<number> | number;
  admitDeletions(roomId: string, messageIds: readonly string[]): Promise<number> | number;
  readonly log: Log;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
}

/** What is read for what happened to messages: none of them is judged by that. */
export const NO_QUESTIONS: Origin = { since: Number.POSITIVE_INFINITY };

/** Less than this is no message from the future: the server's time comes in whole seconds. */
const CLOCK_GRAIN_MS = 2_000;

/** `at` is the server's clock when it was asked. */
interface Listed {
  readonly at: number;
  readonly rooms: ListedRoom[];
}

/** Up to `at` the room is read; `found` events were newly stored. */
interface Read {
  readonly at: number;
  readonly found: number;
}

/** Asks what the round wants to know. Its calls reject when the server refuses, or an answer could not be stored. */
export class RoomReader {
  readonly #options: ReaderOptions;
  readonly #teller: Teller;
  #record: Promise<PageRecord> | undefined;

  constructor(options: ReaderOptions, teller: Teller) {
    this.#options = options;
    this.#teller = teller;
  }

  /** The rooms that moved since an instant, which is chosen by the server's clock. Asks for nothing first, to learn it. */
  async list(sinceOf: (at: number) => number): Promise<Listed> {
    const { rest, prepare, settings } = this.#options;
    await fetchMovedRooms(rest, serverNow(this.#options) + CLOCK_GRAIN_MS);
    const at = serverNow(this.#options);
    const since = sinceOf(at);
    const memberships = await fetchMemberships(rest, since);
    const moved = await listMoved(this.#options, since);
    await prepare();
    return { at, rooms: chooseRooms({ moved, memberships, since }, settings()) };
  }

  read(reading: Reading, signal: AbortSignal | undefined): Promise<Read> {
    return reading.what === "messages"
      ? this.#readMessages(reading, signal)
      : this.#readNews(reading, signal);
  }

  async #readMessages(reading: Reading, signal: AbortSignal | undefined): Promise<Read> {
    const { room, from, missed } = reading;
    const max = this.#options.settings().catchUp.maxMessagesPerRoom;
    const at = serverNow(this.#options);
    const until = missed ? Number.POSITIVE_INFINITY : at - OVERLAP_MS;
    const span = { since: from, max, record: await this.#longestPage() };
    const calls = { patienceMs: 0, background: !missed };
    const history = await fetchHistory(this.#options.rest, room, span, calls);
    const found = await this.#admitSent(history, { reading, until, signal });
    this.#tellLeftOut(history, reading);
    return { at: Math.min(at, until), found };
  }

  async #admitSent({ messages }: History, { reading, until, signal }: Intake): Promise<number> {
    const origin: Origin = { since: reading.from, unheardSince: reading.changesSince };
    const room = placeOf(reading.room);
    let found = 0;
    for (const message of messages) {
      signal?.throwIfAborted();
      const sentAt = readInstant(message, "ts") ?? 0;
      // Sent just now; a message from the future is none of these, but from before the server's clock was set back.
      const isOnItsWay = sentAt > until && sentAt <= serverNow(this.#options) + CLOCK_GRAIN_MS;
      if (!isOnItsWay) found += await this.#options.admit({ message, room }, origin);
    }
    return found;
  }

  #tellLeftOut({ messages, cut, unreadable }: History, { room, from, gapFrom }: Reading): void {
    const reached = messages[0] === undefined ? undefined : readInstant(messages[0], "ts");
    if (cut && (reached ?? 0) > gapFrom) this.#teller.tooMany(room.id, messages.length, from);
    if (unreadable > 0) this.#teller.unreadable(room.id, unreadable, from);
  }

  /**
   * Reactions and deletions of messages that are remembered, edits and soft deletions of all. The server may refuse: it
   * is slow work.
   */
  async #readNews({ room, from, changesSince = 0 }: Reading, signal: AbortSignal | undefined): Promise<Read> {
    const { rest, admit, admitDeletions } = this.#options;
    const at = serverNow(this.#options);
    const query = { roomId: room.id, since: Math.min(from, changesSince) };
    const { updated, deletedIds } = await fetchChanges(rest, query, { patienceMs: 0, background: true });
    for (const message of updated) {
      signal?.throwIfAborted();
      await admit({ message, room: placeOf(room) }, { ...NO_QUESTIONS, unheardSince: changesSince });
    }
    await admitDeletions(room.id, deletedIds);
    return { at, found: 0 };
  }

  /** A server that does not say how long its pages are is found out page by page. */
  #longestPage(): Promise<PageRecord> {
    this.#record ??= fetchLongestPage(this.#options.rest).then(
      (longest) => ({ longest }),
      () => ({ longest: 0 }),
    );
    return this.#record;
  }
}

/** How the messages of a room are brought in: those of the last moments, after `until`, still come by the connection. */
interface Intake {
  readonly reading: Reading;
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

/** The rooms that moved; all there are when the answer of those that moved is too large, since it holds whole messages. */
async function listMoved({ rest, log }: ReaderOptions, since: number): Promise<readonly RoomNews[]> {
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

/** What a failed question means for the round. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RateLimitedError) return { kind: "limited", waitMs: error.waitMs };
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof ProtocolError && error.reason === "too-large") return { kind: "too-large", reason };
  const refused = error instanceof RestError && error.status < 500 && error.serverCode !== undefined;
  return { kind: refused ? "gone" : "passing", reason };
}

/** By the server's clock, as far as that is known. Epoch milliseconds. */
export const serverNow = ({ rest, now }: Pick<ReaderOptions, "rest" | "now">): number =>
  rest.serverNow() ?? now();
