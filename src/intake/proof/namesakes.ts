// Owns telling rooms apart whose ids differ by capitals alone, which OpenClaw's session keys do not keep.

import { ProtocolError } from "../../errors.ts";
import { oldestOf, type RoomFacts } from "../../facts/room.ts";
import type { Log } from "../../log.ts";

export interface Namesakes {
  /** The room, with the older one of the bot's rooms whose id differs by capitals alone. Rejects when that cannot be asked. */
  compare(room: RoomFacts): Promise<RoomFacts>;
}

const NOT_UNIQUE =
  "An older room of the bot user has the same id but for capitals, and OpenClaw cannot tell their sessions apart: this one is not " +
  "served. Whoever made it chose its id; make the room anew, or remove the bot user from it";

/** Lists the bot's rooms when the first is compared, and again for one that was not among them: it was joined since. */
export function createNamesakes(options: {
  readonly findRoom: (roomId: string) => Promise<RoomFacts | undefined>;
  readonly listJoined: () => Promise<readonly string[]>;
  readonly log: Log;
}): Namesakes {
  const { findRoom, listJoined, log } = options;
  let joined = new Map<string, Set<string>>();
  let listing: Promise<void> | undefined;
  const told = new Set<string>();

  const idsLike = (roomId: string): ReadonlySet<string> => joined.get(roomId.toLowerCase()) ?? new Set();

  function add(roomId: string): void {
    const folded = roomId.toLowerCase();
    joined.set(folded, new Set(joined.get(folded)).add(roomId));
  }

  async function list(): Promise<void> {
    const ids = await listJoined().catch((error: unknown) => {
      if (!(error instanceof ProtocolError) || error.reason !== "too-large") throw error;
      // More rooms than an answer may hold: that is no reason to serve none of them.
      log.warn("rooms cannot be told apart whose ids differ by capitals alone", { error });
      return [];
    });
    joined = new Map();
    for (const id of ids) add(id);
  }

  return {
    async compare(room) {
      if (room.chatType !== "channel") return room;
      if (!idsLike(room.id).has(room.id)) {
        listing ??= list().finally(() => {
          listing = undefined;
        });
        await listing;
        add(room.id);
      }
      const others = [...idsLike(room.id)].filter((id) => id !== room.id);
      const found = await Promise.all(others.map((id) => findRoom(id)));
      const oldest = oldestOf([room, ...found.filter((other) => other !== undefined)]);
      if (oldest === undefined || oldest.id === room.id) return room;
      if (!told.has(room.id))
        log.warn("room id not unique", { room: room.id, older: oldest.id, advice: NOT_UNIQUE });
      told.add(room.id);
      return { ...room, olderNamesakeId: oldest.id };
    },
  };
}
