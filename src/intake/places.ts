// Owns finding out what a room is, as far as that decides about it: its parent, and whether it can be told from others.

import type { Log } from "../log.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchJoinedIds } from "../rest/history.ts";
import { holdsDiscussion } from "../rest/rooms.ts";
import type { RoomLookup } from "./lookups.ts";
import { createDiscussions, type Discussions, keep } from "./proof/discussions.ts";
import { createNamesakes } from "./proof/namesakes.ts";

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
  /** Rooms as their own documents tell of them, which may say anything about a parent. */
  readonly rooms: RoomLookup;
  readonly rest: RestClient;
  /** Whether the configuration says something about a room, and so about the discussions in it. */
  readonly decides: (roomId: string) => boolean;
  readonly log: Log;
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
  /** Runs `fire` once after so many milliseconds; the returned function cancels it. */
  readonly setTimer: (ms: number, fire: () => void) => () => void;
}

/** Rooms as a `RoomLookup` has them, but for what is not proven: the parent, and that the id is the room's alone. */
export interface Places extends RoomLookup {
  /**
   * The room that a room was started in, undefined for none; `"unknown"` while that is open. A parent about which nothing is
   * configured need not have confirmed it.
   */
  parentOf(roomId: string): string | undefined | "unknown";
  /**
   * Asks what a room is whose parent is unknown. Resolves with the answer, or when it is `PLACE_WAIT_MS` late; undefined
   * when it is, and when nothing came of a question just now. Never rejects.
   */
  learn(roomId: string): Promise<void> | undefined;
}

export function createPlaces(options: PlacesOptions): Places {
  const { rooms, rest, log, now } = options;
  const discussions = createDiscussions({
    isHeld: (room, call) => holdsDiscussion(rest, room, call),
    log,
    now,
  });
  const namesakes = createNamesakes({
    findRoom: rooms.room,
    listJoined: () => fetchJoinedIds(rest),
    log,
    now,
  });
  return {
    ...createParents(options, discussions),
    async room(roomId, call) {
      const room = await rooms.room(roomId, call);
      return room && namesakes.compare(await discussions.confirm(room, call));
    },
    known: (roomId) => discussions.known(rooms.known(roomId)),
    find: (roomId) => discussions.known(rooms.find(roomId)),
  };
}

function createParents(
  { rooms, decides, log, now, setTimer }: PlacesOptions,
  discussions: Discussions,
): Pick<Places, "parentOf" | "learn"> {
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
      if (room === undefined) keep(unseen, roomId, now() + REST_MS, MAX_PARENTS);
      else {
        keep(parents, roomId, room.parentId, MAX_PARENTS);
        if (room.parentId !== undefined && decides(room.parentId)) await discussions.confirm(room, QUESTION);
      }
    } catch (error) {
      keep(failed, roomId, now() + REST_MS, MAX_PARENTS);
      log.warn("room could not be looked up", { room: roomId, error });
    } finally {
      underWay -= 1;
      waiting.shift()?.();
      asking.delete(roomId);
    }
  }

  const rests = (among: ReadonlyMap<string, number>, roomId: string): boolean =>
    now() < (among.get(roomId) ?? Number.NEGATIVE_INFINITY);

  function namedParentOf(roomId: string): string | undefined | "unknown" {
    if (parents.has(roomId)) return parents.get(roomId);
    const room = rooms.known(roomId);
    return room !== undefined || rests(unseen, roomId) ? room?.parentId : "unknown";
  }

  return {
    parentOf(roomId) {
      const parentId = namedParentOf(roomId);
      if (parentId === undefined || parentId === "unknown" || !decides(parentId)) return parentId;
      const verdict = discussions.verdict(roomId);
      return verdict === undefined ? "unknown" : verdict === "confirmed" ? parentId : undefined;
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
