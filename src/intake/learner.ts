// Owns reading the recent messages of an account by heart, once, so that the next change of each says what it is.

import { RestError } from "../errors.ts";
import { fetchHistory, fetchMovedRooms, type MovedRoom } from "../rest/history.ts";
import { type CatchUpOptions, mayBeServed, NO_QUESTIONS, placeOf } from "./catch-up.ts";
import type { Round } from "./round.ts";

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

export function createLearner(options: CatchUpOptions, round: Round): Learner {
  const { rest, log, now } = options;
  const learned = new Set<string>();
  let done = false;
  /** Edits from here on have not been told: the absence of the gateway. */
  const unheardSince = round.progress?.listedTo;

  async function learnRoom(room: MovedRoom): Promise<number> {
    const span = { since: 0, max: LEARNED_MESSAGES, pageSize: LEARNED_MESSAGES + 1, record: ONE_PAGE };
    const { messages } = await fetchHistory(rest, room, span, { background: true });
    for (const message of messages)
      await options.admit({ message, room: placeOf(room) }, { ...NO_QUESTIONS, unheardSince });
    return messages.length;
  }

  async function learnRooms(signal: AbortSignal): Promise<void> {
    const at = rest.serverNow() ?? now();
    const recent = await fetchMovedRooms(rest, at - RECENT_MS, { background: true });
    await options.prepare();
    const served = recent
      .filter(({ room }) => mayBeServed(room, options.settings()))
      .sort((a, b) => b.movedAt - a.movedAt)
      .slice(0, LEARNED_ROOMS);
    let messages = 0;
    for (const { room } of served) {
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
    log.info("recent messages learned", { rooms: served.length, messages });
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
