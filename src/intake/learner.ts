// Owns reading the recent messages of an account's rooms once after a start, so that a later change of one can be told.

import { RestError } from "../errors.ts";
import { fetchHistory, fetchMovedRooms, type MovedRoom } from "../rest/history.ts";
import { mayBeServed, NO_QUESTIONS, placeOf, type ReaderOptions, serverNow } from "./reader.ts";

/** What is learned: rooms, the most recently used first, and messages of each. */
const LEARNED_ROOMS = 100;
const LEARNED_MESSAGES = 50;

/** Rooms in which nothing happened for longer are not learned. Milliseconds. */
const RECENT_MS = 7 * 24 * 60 * 60_000;

/** What a shorter page leaves out is not learned. */
const ONE_PAGE = { longest: Number.POSITIVE_INFINITY };

export interface Learner {
  /** Learns what is not learned yet. Never rejects. */
  learn(signal: AbortSignal): Promise<void>;
}

/** Edits from `unheardSince` on have not been told: the absence of the gateway. */
export function createLearner(options: ReaderOptions, unheardSince: number | undefined): Learner {
  const { rest, log } = options;
  const learned = new Set<string>();
  let done = false;

  async function learnRoom(room: MovedRoom): Promise<number> {
    const span = { since: 0, max: LEARNED_MESSAGES, pageSize: LEARNED_MESSAGES + 1, record: ONE_PAGE };
    const { messages } = await fetchHistory(rest, room, span, { background: true });
    for (const message of messages)
      await options.admit({ message, room: placeOf(room) }, { ...NO_QUESTIONS, unheardSince });
    return messages.length;
  }

  /** How many messages of the room were learned; none where it cannot be read. */
  async function tryRoom(room: MovedRoom): Promise<number> {
    try {
      return await learnRoom(room);
    } catch (error) {
      if (!(error instanceof RestError) || error.status >= 500) throw error;
      log.debug("a room cannot be learned", { room: room.id, error });
      return 0;
    }
  }

  async function learnRooms(signal: AbortSignal): Promise<void> {
    const rooms = await listRecent(options);
    let messages = 0;
    for (const room of rooms) {
      if (learned.has(room.id)) continue;
      signal.throwIfAborted();
      messages += await tryRoom(room);
      learned.add(room.id);
    }
    done = true;
    log.info("recent messages learned", { rooms: rooms.length, messages });
  }

  return {
    async learn(signal) {
      if (done) return;
      try {
        await learnRooms(signal);
      } catch (error) {
        if (!signal.aborted)
          log.warn("recent messages are not known; their first change may not be told", { error });
      }
    },
  };
}

/** The rooms to be learned, the most recently used first. */
async function listRecent(options: ReaderOptions): Promise<MovedRoom[]> {
  const since = serverNow(options) - RECENT_MS;
  const recent = await fetchMovedRooms(options.rest, since, { background: true });
  await options.prepare();
  return recent
    .filter(({ room }) => mayBeServed(room, options.settings()))
    .sort((a, b) => b.movedAt - a.movedAt)
    .slice(0, LEARNED_ROOMS)
    .map(({ room }) => room);
}
