// Owns telling rooms apart whose ids differ by capitals alone, which OpenClaw's session keys do not keep.

import { ProtocolError } from "../../errors.ts";
import { isOlder, type RoomFacts } from "../../facts/room.ts";
import type { Log } from "../../log.ts";

export interface Namesakes {
  /** The room, with an older one of the bot's rooms whose id differs by capitals alone. Rejects when that cannot be asked. */
  compare(room: RoomFacts): Promise<RoomFacts>;
}

const NOT_UNIQUE =
  "An older room of the bot user has the same id but for capitals, and OpenClaw cannot tell their sessions apart: this one is not " +
  "served. Whoever made it chose its id; make the room anew, or remove the bot user from it";

export interface NamesakesOptions {
  readonly findRoom: (roomId: string) => Promise<RoomFacts | undefined>;
  readonly listJoined: () => Promise<readonly string[]>;
  readonly log: Log;
}

export function createNamesakes(options: NamesakesOptions): Namesakes {
  const joined = new Joined(options);
  const told = new Set<string>();
  return {
    async compare(room) {
      const older = room.chatType === "channel" ? await joined.findOlder(room) : undefined;
      if (older === undefined) return room;
      if (!told.has(room.id))
        options.log.warn("room id not unique", { room: room.id, older: older.id, advice: NOT_UNIQUE });
      told.add(room.id);
      return { ...room, olderNamesakeId: older.id };
    },
  };
}

/** The bot's rooms: they are listed when the first is compared, and again for one that was joined since. */
class Joined {
  readonly #options: NamesakesOptions;
  /** By their ids without capitals. */
  #ids = new Map<string, readonly string[]>();
  /** What was found of a room; it holds until the next list, since when a room was made does not change. */
  #found = new Map<string, RoomFacts | undefined>();
  /** Those that were listed, or compared though they are in no list. */
  readonly #compared = new Set<string>();
  #listing: Promise<void> | undefined;
  #isTooMany = false;

  constructor(options: NamesakesOptions) {
    this.#options = options;
  }

  async findOlder(room: RoomFacts): Promise<RoomFacts | undefined> {
    if (!this.#compared.has(room.id) && !this.#isTooMany) await this.#listFor(room.id);
    for (const id of this.#ids.get(room.id.toLowerCase()) ?? []) {
      const other = id === room.id ? undefined : await this.#findOnce(id);
      if (other !== undefined && isOlder(other, room)) return other;
    }
    return undefined;
  }

  async #listFor(roomId: string): Promise<void> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
    this.#compared.add(roomId);
  }

  async #list(): Promise<void> {
    const { listJoined, log } = this.#options;
    try {
      const ids = await listJoined();
      this.#ids = Map.groupBy(ids, (id) => id.toLowerCase());
      this.#found = new Map();
      for (const id of ids) this.#compared.add(id);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.reason !== "too-large") throw error;
      // More rooms than an answer may hold: that is no reason to serve none of them, nor to ask again.
      this.#isTooMany = true;
      log.warn("rooms cannot be told apart whose ids differ by capitals alone", { error });
    }
  }

  async #findOnce(roomId: string): Promise<RoomFacts | undefined> {
    if (!this.#found.has(roomId)) this.#found.set(roomId, await this.#options.findRoom(roomId));
    return this.#found.get(roomId);
  }
}
