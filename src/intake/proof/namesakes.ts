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
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
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

/** How long what was found of another room holds: it may be gone since, or be seen again. Milliseconds. */
const FOUND_MS = 10 * 60_000;

interface Found {
  readonly room: RoomFacts | undefined;
  readonly until: number;
}

/** The bot's rooms: they are listed when the first is compared, and again for one that was joined since. */
class Joined {
  readonly #options: NamesakesOptions;
  /** By their ids without capitals. */
  readonly #ids = new Map<string, Set<string>>();
  readonly #found = new Map<string, Found>();
  /** Those that were compared when the others had been listed. */
  readonly #compared = new Set<string>();
  #listing: Promise<void> | undefined;
  #isTooMany = false;

  constructor(options: NamesakesOptions) {
    this.#options = options;
  }

  async findOlder(room: RoomFacts): Promise<RoomFacts | undefined> {
    if (!this.#compared.has(room.id) && !this.#isTooMany) await this.#listFor(room.id);
    this.#keep(room.id, room);
    for (const id of this.#add(room.id)) {
      const other = id === room.id ? undefined : await this.#find(id);
      if (other !== undefined && isOlder(other, room)) return other;
    }
    return undefined;
  }

  #add(roomId: string): ReadonlySet<string> {
    const folded = roomId.toLowerCase();
    const ids = (this.#ids.get(folded) ?? new Set()).add(roomId);
    this.#ids.set(folded, ids);
    return ids;
  }

  #keep(roomId: string, room: RoomFacts | undefined): void {
    this.#found.set(roomId, { room, until: this.#options.now() + FOUND_MS });
  }

  async #find(roomId: string): Promise<RoomFacts | undefined> {
    const found = this.#found.get(roomId);
    if (found !== undefined && this.#options.now() < found.until) return found.room;
    const room = await this.#options.findRoom(roomId);
    this.#keep(roomId, room);
    return room;
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
      for (const id of await listJoined()) {
        this.#add(id);
        this.#compared.add(id);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.reason !== "too-large") throw error;
      // More rooms than an answer may hold: that is no reason to serve none of them, nor to ask again.
      this.#isTooMany = true;
      log.warn("not all rooms can be told apart whose ids differ by capitals alone", { error });
    }
  }
}
