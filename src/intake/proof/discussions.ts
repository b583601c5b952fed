// Owns asking the parent of a discussion whether it is one: whoever makes a room may choose its `prid`.

import type { RoomFacts } from "../../facts/room.ts";
import type { Log } from "../../log.ts";
import type { CallOptions } from "../../rest/client.ts";

/** How long a parent is not asked again that did not confirm a room. Milliseconds. */
const REST_MS = 10_000;

/** Rooms remembered per account; the one learned longest ago goes first. */
const MAX_ROOMS = 20_000;

const ADVICE =
  "The room that it names as its parent holds no message for it, or the bot user is not in that room: nothing that is configured " +
  "for the parent lets anybody speak here. If it is a discussion, invite the bot user to the parent, or give it an entry of its own under `rooms`";

export interface DiscussionsOptions {
  /** Whether the room's parent holds the message that stands for it. */
  readonly isHeld: (room: RoomFacts & { readonly parentId: string }, call?: CallOptions) => Promise<boolean>;
  readonly log: Log;
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
}

export interface Discussions {
  /** What the parent of a room said of it; undefined when that has to be asked. */
  verdict(roomId: string): "confirmed" | "denied" | undefined;
  /** The room with its parent only where that confirms it, which is asked once. Rejects when it cannot be asked. */
  confirm(room: RoomFacts, call?: CallOptions): Promise<RoomFacts>;
  /** The same by what is known; undefined when that has to be asked. */
  known(room: RoomFacts | undefined): RoomFacts | undefined;
}

export function createDiscussions({ isHeld, log, now }: DiscussionsOptions): Discussions {
  const confirmed = new Map<string, string>();
  /** Until when a room is not asked about again. */
  const denied = new Map<string, number>();

  const isConfirmed = (room: RoomFacts): boolean => confirmed.get(room.id) === sealOf(room);
  const isDenied = (roomId: string): boolean => now() < (denied.get(roomId) ?? Number.NEGATIVE_INFINITY);

  function deny({ id, parentId }: RoomFacts): void {
    if (!denied.has(id)) log.warn("discussion not confirmed", { room: id, parent: parentId, advice: ADVICE });
    confirmed.delete(id);
    keep(denied, id, now() + REST_MS, MAX_ROOMS);
  }

  return {
    verdict: (roomId) => (confirmed.has(roomId) ? "confirmed" : isDenied(roomId) ? "denied" : undefined),
    async confirm(room, call) {
      const { parentId } = room;
      if (parentId === undefined || isConfirmed(room)) return room;
      if (!isDenied(room.id)) {
        if (await isHeld({ ...room, parentId }, call)) {
          denied.delete(room.id);
          keep(confirmed, room.id, sealOf(room), MAX_ROOMS);
          return room;
        }
        deny(room);
      }
      return withoutParent(room);
    },
    known(room) {
      if (room?.parentId === undefined || isConfirmed(room)) return room;
      return denied.has(room.id) ? withoutParent(room) : undefined;
    },
  };
}

/** A room that was deleted may be made again with the same id, but not at the same time. */
const sealOf = ({ parentId, createdAt }: RoomFacts): string => `${parentId} ${createdAt}`;

const withoutParent = (room: RoomFacts): RoomFacts => ({
  ...room,
  parentId: undefined,
  unconfirmedParentId: room.parentId,
});

/** Remembers a value as the latest, and of more than `max` forgets the earliest. */
export function keep<Value>(among: Map<string, Value>, key: string, value: Value, max: number): void {
  among.delete(key);
  among.set(key, value);
  const oldest = among.size > max ? among.keys().next().value : undefined;
  if (oldest !== undefined) among.delete(oldest);
}
