// Owns asking the server for rooms and people, and keeping its answers for a while.

import type { UserFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { CallOptions } from "../rest/client.ts";

/** Rooms, and people, remembered per account; the least recently used one goes first. */
const MAX_ENTRIES = 1000;

/** How long a room's title and member count may be out of date. Milliseconds. */
const ROOM_AGE_MS = 10 * 60_000;

/** How long a username may be taken for the person who had it. Milliseconds. */
const USER_AGE_MS = 60_000;

export interface RoomLookup {
  /** Undefined when the room is not visible to the bot; that answer is not remembered. */
  room(roomId: string, call?: CallOptions): Promise<RoomFacts | undefined>;
  /** What was last heard of a room, however long ago; for what never changes. */
  known(roomId: string): RoomFacts | undefined;
  /** The same for an id whose case was lost; undefined where two of them differ by that alone. */
  find(roomId: string): RoomFacts | undefined;
}

export interface UserLookup {
  /**
   * The person with this username, as of a minute ago at most, or as of now where much depends on who it is; undefined
   * when there is none, which is not remembered.
   */
  named(username: string, asOf?: "now"): Promise<UserFacts | undefined>;
}

export function createRoomLookup(options: {
  fetchRoom: (roomId: string, call?: CallOptions) => Promise<RoomFacts | undefined>;
  now: () => number;
}): RoomLookup {
  const rooms = remember(options.fetchRoom, { ageMs: ROOM_AGE_MS, now: options.now });
  return { room: rooms.read, known: rooms.peek, find: rooms.find };
}

export function createUserLookup(options: {
  findUser: (username: string) => Promise<UserFacts | undefined>;
  now: () => number;
}): UserLookup {
  const users = remember(options.findUser, { ageMs: USER_AGE_MS, now: options.now });
  return { named: (username, asOf) => (asOf === "now" ? users.fetch(username) : users.read(username)) };
}

function remember<Facts>(
  fetch: (key: string, call?: CallOptions) => Promise<Facts | undefined>,
  { ageMs, now }: { ageMs: number; now: () => number },
) {
  const known = new Map<string, { facts: Facts; readAt: number }>();

  async function fetchNow(key: string, call?: CallOptions): Promise<Facts | undefined> {
    const facts = await fetch(key, call);
    known.delete(key);
    if (facts === undefined) return undefined;
    known.set(key, { facts, readAt: now() });
    const oldest = known.size > MAX_ENTRIES ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return facts;
  }

  return {
    find(key: string): Facts | undefined {
      const wanted = key.toLowerCase();
      const found = [...known].filter(([id]) => id.toLowerCase() === wanted);
      return found.length === 1 ? found[0]?.[1].facts : undefined;
    },

    peek: (key: string): Facts | undefined => known.get(key)?.facts,

    async read(key: string, call?: CallOptions): Promise<Facts | undefined> {
      const entry = known.get(key);
      if (entry !== undefined && now() - entry.readAt < ageMs) {
        known.delete(key);
        known.set(key, entry);
        return entry.facts;
      }
      return fetchNow(key, call);
    },

    fetch: fetchNow,
  };
}
