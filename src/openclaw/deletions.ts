// Owns hearing of messages that are deleted for good: the one news that Rocket.Chat tells by room alone.

import type { Clock } from "../connection/driver.ts";
import type { StreamEvent, StreamRequest } from "../ddp/protocol.ts";
import { isJsonObject, readText } from "../facts/json.ts";

/**
 * Rooms of an account in which deletions are heard of at once. In the rooms beyond, deletions are found when the
 * account has been away and catches up.
 */
export const MAX_DELETION_ROOMS = 200;

/** The server refuses the 41st subscription of a stream within 40 s (recording `subscriptions`). Milliseconds. */
const PACE_MS = 1500;

/** How long a room rests whose stream was refused. Milliseconds. */
const REFUSED_MS = 5 * 60_000;

const STREAM = "stream-notify-room";
const SUFFIX = "/deleteMessage";

export interface DeletionsOptions {
  /** Subscribes on the present socket; rejects when it is refused or there is none. */
  readonly listen: (request: StreamRequest) => Promise<void>;
  readonly clock: Clock;
  /** Told once when there are more rooms than `MAX_DELETION_ROOMS`. */
  readonly onTooMany: () => void;
}

export interface Deletions {
  /** The connection stands; what is live on a socket is gone with it. */
  online(): void;
  offline(): void;
  /** A message of a served room was seen: of its messages deletions are to be heard. */
  noteRoom(roomId: string): void;
}

/** Rooms are listened to in the order in which they were seen, one every 1.5 seconds. */
export function createDeletions({ listen, clock, onTooMany }: DeletionsOptions): Deletions {
  const rooms = new Set<string>();
  let waiting: string[] = [];
  let isOnline = false;
  /** Counts sockets: what was asked on an earlier one is of no concern. */
  let generation = 0;
  let pausing = false;
  let told = false;
  const timers = new Set<() => void>();

  function after(ms: number, act: () => void): void {
    const cancel = clock.setTimer(ms, () => {
      timers.delete(cancel);
      act();
    });
    timers.add(cancel);
  }

  function pump(): void {
    if (pausing || !isOnline) return;
    const roomId = waiting.shift();
    if (roomId === undefined) return;
    pausing = true;
    after(PACE_MS, () => {
      pausing = false;
      pump();
    });
    const begun = generation;
    listen({ stream: STREAM, eventName: `${roomId}${SUFFIX}` }).catch(() => {
      if (begun !== generation) return;
      after(REFUSED_MS, () => {
        waiting.push(roomId);
        pump();
      });
    });
  }

  return {
    online() {
      isOnline = true;
      generation += 1;
      waiting = [...rooms];
      pump();
    },
    offline() {
      isOnline = false;
      generation += 1;
      pausing = false;
      for (const cancel of timers) cancel();
      timers.clear();
    },
    noteRoom(roomId) {
      if (rooms.has(roomId)) return;
      if (rooms.size >= MAX_DELETION_ROOMS) {
        if (!told) onTooMany();
        told = true;
        return;
      }
      rooms.add(roomId);
      waiting.push(roomId);
      pump();
    },
  };
}

/** The id of the message that an event says is gone: `[{_id}]` (recording `delete`); undefined for other events. */
export function readDeletedId({ stream, eventName, args: [gone] }: StreamEvent): string | undefined {
  if (stream !== STREAM || !eventName.endsWith(SUFFIX) || !isJsonObject(gone)) return undefined;
  return readText(gone, "_id");
}
