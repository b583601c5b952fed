// Owns what is remembered of rooms between messages, so that an ordinary answer costs no look-up.

import type { RoomFacts } from "../facts/room.ts";

/** Rooms remembered per account; the least recently used one goes first. */
const MAX_ROOMS = 1000;

/** How long a room's title and member count may be out of date. Milliseconds. */
const ROOM_AGE_MS = 10 * 60_000;

export interface RoomLookup {
  /** Undefined when the room is not visible to the bot; that answer is not remembered. */
  room(roomId: string): Promise<RoomFacts | undefined>;
}

export function createRoomLookup(options: {
  fetchRoom: (roomId: string) => Promise<RoomFacts | undefined>;
  now: () => number;
}): RoomLookup {
  const known = new Map<string, { facts: RoomFacts; readAt: number }>();

  return {
    async room(roomId) {
      const entry = known.get(roomId);
      if (entry !== undefined && options.now() - entry.readAt < ROOM_AGE_MS) {
        known.delete(roomId);
        known.set(roomId, entry);
        return entry.facts;
      }
      const facts = await options.fetchRoom(roomId);
      known.delete(roomId);
      if (facts === undefined) return undefined;
      known.set(roomId, { facts, readAt: options.now() });
      const oldest = known.size > MAX_ROOMS ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      return facts;
    },
  };
}
