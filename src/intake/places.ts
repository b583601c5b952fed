// Owns finding the parent room of a discussion, with at most one question to the server at a time.

import type { Log } from "../log.ts";
import type { RoomLookup } from "./lookups.ts";

/** How long an event waits in its lane for the answer; then it goes on undecided, to be judged in its turn. Milliseconds. */
export const PLACE_WAIT_MS = 10_000;

/** How long a room is not asked about again that the server did not show, or that could not be asked about. Milliseconds. */
const REST_MS = 60_000;

/** Rooms whose parent is remembered per account; the one learned longest ago goes first. */
const MAX_PARENTS = 20_000;

/** A turn's own questions come first where the server limits them. */
const QUESTION = { background: true, patienceMs: REST_MS };

/** Questions under way at once; the others wait for these. */
const MAX_QUESTIONS = 4;

export interface PlacesOptions {
  readonly rooms: Pick<RoomLookup, "room" | "known">;
  readonly log: Log;
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
  /** Runs `fire` once after so many milliseconds; the returned function cancels it. */
  readonly setTimer: (ms: number, fire: () => void) => () => void;
}

export interface Places {
  /** The room that a room was started in, undefined for none; `"unknown"` while that is open. */
  parentOf(roomId: string): string | undefined | "unknown";
  /**
   * Asks what a room is whose parent is unknown. Resolves with the answer, or when it is `PLACE_WAIT_MS` late; undefined
   * when it is, and when nothing came of a question just now. Never rejects.
   */
  learn(roomId: string): Promise<void> | undefined;
}

export function createPlaces({ rooms, log, now, setTimer }: PlacesOptions): Places {
  const parents = new Map<string, string | undefined>();
  /** Of rooms that are not shown, and of those that could not be asked about: until when they rest. */
  const unseen = new Map<string, number>();
  const failed = new Map<string, number>();
  const asking = new Map<string, { readonly answer: Promise<void>; readonly since: number }>();
  const waiting: (() => void)[] = [];
  let underWay = 0;

  async function ask(roomId: string): Promise<void> {
    if (underWay >= MAX_QUESTIONS) await new Promise<void>((resolve) => void waiting.push(resolve));
    underWay += 1;
    try {
      const room = await rooms.room(roomId, QUESTION);
      if (room === undefined) keep(unseen, roomId, now() + REST_MS);
      else keep(parents, roomId, room.parentId);
    } catch (error) {
      keep(failed, roomId, now() + REST_MS);
      log.warn("room could not be looked up", { room: roomId, error });
    } finally {
      underWay -= 1;
      waiting.shift()?.();
      asking.delete(roomId);
    }
  }

  const rests = (among: ReadonlyMap<string, number>, roomId: string): boolean => {
    const until = among.get(roomId);
    return until !== undefined && now() < until;
  };

  return {
    parentOf(roomId) {
      if (parents.has(roomId)) return parents.get(roomId);
      const room = rooms.known(roomId);
      return room !== undefined || rests(unseen, roomId) ? room?.parentId : "unknown";
    },
    learn(roomId) {
      if (rests(failed, roomId)) return undefined;
      const question = asking.get(roomId) ?? { answer: ask(roomId), since: now() };
      asking.set(roomId, question);
      const left = question.since + PLACE_WAIT_MS - now();
      if (left <= 0) return undefined;
      const late = Promise.withResolvers<void>();
      const cancel = setTimer(left, late.resolve);
      return Promise.race([question.answer, late.promise]).finally(cancel);
    },
  };
}

function keep<Value>(among: Map<string, Value>, roomId: string, value: Value): void {
  among.delete(roomId);
  among.set(roomId, value);
  const oldest = among.size > MAX_PARENTS ? among.keys().next().value : undefined;
  if (oldest !== undefined) among.delete(oldest);
}
