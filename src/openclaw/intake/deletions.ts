// Owns hearing of messages that are deleted for good: the one news that Rocket.Chat tells by room alone.

import type { Clock } from "../../connection/driver.ts";
import type { StreamEvent, StreamRequest } from "../../ddp/protocol.ts";
import type { Revision } from "../../facts/change.ts";
import { isJsonObject, readText } from "../../facts/json.ts";
import { decodePrune, isInThread, type Prune } from "../../facts/prune.ts";

/**
 * Rooms of an account in which deletions are heard of at once. In the rooms beyond, deletions are found when the
 * account has been away and catches up. A new socket listens to the rooms that were used last.
 */
export const MAX_DELETION_ROOMS = 200;

/** Rooms of which it is remembered when they were used last. */
const MAX_REMEMBERED = 10 * MAX_DELETION_ROOMS;

/** The server refuses the 41st subscription of a stream within 40 s (recording `subscriptions`). Milliseconds. */
const PACE_MS = 1500;

/** How long a room rests whose stream was refused. Milliseconds. */
const REFUSED_MS = 5 * 60_000;

const STREAM = "stream-notify-room";
/** One message; many at once, as by an administrator or the retention policy. */
const SINGLE = "/deleteMessage";
const BULK = "/deleteMessageBulk";

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

/** Rooms are listened to in the order in which they were seen, one stream every 1.5 seconds; each room has two. */
export function createDeletions({ listen, clock, onTooMany }: DeletionsOptions): Deletions {
  const rooms = new RecentRooms();
  /** Rooms that the present socket listens to, or is about to. */
  let taken = new Set<string>();
  let waiting: string[] = [];
  let isOnline = false;
  /** Counts sockets: what was asked on an earlier one is of no concern. */
  let generation = 0;
  let pausing = false;
  let told = false;
  const timers = new Timers(clock);

  function pump(): void {
    if (pausing || !isOnline) return;
    const eventName = waiting.shift();
    if (eventName === undefined) return;
    pausing = true;
    timers.after(PACE_MS, () => {
      pausing = false;
      pump();
    });
    const begun = generation;
    listen({ stream: STREAM, eventName }).catch(() => {
      if (begun !== generation) return;
      timers.after(REFUSED_MS, () => {
        waiting.push(eventName);
        pump();
      });
    });
  }

  return {
    online() {
      isOnline = true;
      generation += 1;
      taken = new Set(rooms.latest(MAX_DELETION_ROOMS));
      waiting = [SINGLE, BULK].flatMap((suffix) => [...taken].map((roomId) => `${roomId}${suffix}`));
      pump();
    },
    offline() {
      isOnline = false;
      generation += 1;
      pausing = false;
      timers.clear();
    },
    noteRoom(roomId) {
      rooms.note(roomId);
      if (taken.has(roomId)) return;
      if (taken.size >= MAX_DELETION_ROOMS) {
        if (!told) onTooMany();
        told = true;
        return;
      }
      taken.add(roomId);
      waiting.push(`${roomId}${SINGLE}`, `${roomId}${BULK}`);
      pump();
    },
  };
}

/** The rooms that were used last, within a bound. */
class RecentRooms {
  /** The one used longest ago first. */
  readonly #rooms = new Set<string>();

  note(roomId: string): void {
    const rooms = this.#rooms;
    rooms.delete(roomId);
    rooms.add(roomId);
    const oldest = rooms.size > MAX_REMEMBERED ? rooms.values().next().value : undefined;
    if (oldest !== undefined) rooms.delete(oldest);
  }

  latest(count: number): string[] {
    return [...this.#rooms].slice(-count);
  }
}

/** What is to be done later, and can be called off together. */
class Timers {
  readonly #clock: Clock;
  readonly #running = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, act: () => void): void {
    const cancel = this.#clock.setTimer(ms, () => {
      this.#running.delete(cancel);
      act();
    });
    this.#running.add(cancel);
  }

  clear(): void {
    for (const cancel of this.#running) cancel();
    this.#running.clear();
  }
}

/** What an event of these streams says is gone: a message, or what a rule takes; undefined for other events. */
export type Gone = { readonly roomId: string; readonly messageId: string } | { readonly prune: Prune };

/** Reads `[{_id}]` (recording `delete`) or the rule of a prune. */
export function readGone({ stream, eventName, args: [gone] }: StreamEvent): Gone | undefined {
  if (stream !== STREAM || !isJsonObject(gone)) return undefined;
  if (eventName.endsWith(BULK)) {
    const prune = decodePrune(gone);
    return prune && { prune };
  }
  const messageId = eventName.endsWith(SINGLE) ? readText(gone, "_id") : undefined;
  return messageId === undefined ? undefined : { roomId: eventName.slice(0, -SINGLE.length), messageId };
}

/** What is asked of the server about a pruned room. */
export interface PruneQuestions {
  readonly fetchMessage: (messageId: string) => Promise<Revision | undefined>;
  /** The ids of the room's pinned messages. */
  readonly fetchPinned: (roomId: string) => Promise<readonly string[]>;
}

/**
 * Which of the messages that a prune may have taken are gone. Unless its news names them, it does not say whether threads
 * were spared: one message of a thread is asked about, once. Where it spares what is pinned, that is asked about, since
 * 8.3 does not send a message again that was pinned (recording `pin-star`). What the server does not answer counts
 * as spared.
 */
export async function findPruned(
  prune: Prune,
  messages: readonly Revision[],
  { fetchMessage, fetchPinned }: PruneQuestions,
): Promise<readonly string[]> {
  const [some] = messages;
  if (some === undefined || prune.ids !== undefined) return messages.map(({ id }) => id);
  const pinned = prune.sparesPinned ? await orElse(fetchPinned(prune.roomId), undefined) : [];
  if (pinned === undefined) return [];
  const taken = messages.filter(({ id }) => !pinned.includes(id));
  const [probe] = taken.filter(isInThread);
  const root = probe && (await orElse(fetchMessage(probe.id), probe));
  const threadsStand = root !== undefined && !root.deleted;
  return taken.filter((message) => !threadsStand || !isInThread(message)).map(({ id }) => id);
}

async function orElse<Value, Other>(answer: Promise<Value>, other: Other): Promise<Value | Other> {
  try {
    return await answer;
  } catch {
    return other;
  }
}
