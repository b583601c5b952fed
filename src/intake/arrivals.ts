// Owns the waiting line before the store: each arrival in the lane of its room, all of them bounded in number.

import { ConnectionClosedError } from "../errors.ts";
import { createLanes } from "./lanes.ts";

/**
 * Arrivals that may wait, and the characters of their frames together; beyond, the link is given up, so that memory is
 * bounded: the server keeps the messages, and the next connection looks for them.
 */
export const MAX_WAITING = 10_000;
export const MAX_WAITING_CHARACTERS = 32 * 1024 * 1024;

/** One thing that the connection delivered. */
export interface Arrival {
  readonly roomId: string;
  /** The length of its frame. */
  readonly characters: number;
  /** What has to be waited for before it is stored, which may fail; undefined when that is nothing. */
  ready(): Promise<void> | undefined;
  /** Stores it, or sees that there is nothing to store. Rejects when it could not be stored. */
  admit(): Promise<unknown> | unknown;
}

export interface ArrivalLanes {
  /**
   * Undefined when the arrival is done with, or waits in its lane, where it holds up only what follows in its room. A
   * promise while it is being stored; rejects when it could not be, or when too much waits.
   */
  take(arrival: Arrival): Promise<void> | undefined;
  /** Whether something waits in the lane of a room. */
  isBusy(roomId: string): boolean;
  /** Whether everything that was taken since `renew` is stored. */
  isSettled(): boolean;
  /** There is a new link: what was lost with the one before is looked for. */
  renew(): void;
}

/** `onLost`: told when something that waited could not be stored. */
export function createArrivalLanes(onLost: (error: unknown) => void): ArrivalLanes {
  const lanes = createLanes();
  let waiting = 0;
  let characters = 0;
  let lost = false;

  function lose(error: unknown): void {
    lost = true;
    onLost(error);
  }

  function wait(arrival: Arrival, ready: Promise<void> | undefined): Promise<void> | undefined {
    if (waiting >= MAX_WAITING || (waiting > 0 && characters + arrival.characters > MAX_WAITING_CHARACTERS)) {
      lost = true;
      const message = `${waiting} events (${characters} characters) wait for what their rooms are or have missed`;
      return Promise.reject(new ConnectionClosedError(message));
    }
    waiting += 1;
    characters += arrival.characters;
    const done = async (): Promise<void> => {
      await (ready ?? arrival.ready());
      await arrival.admit();
    };
    Promise.resolve(lanes.run(arrival.roomId, done))
      .catch(lose)
      .finally(() => {
        waiting -= 1;
        characters -= arrival.characters;
      });
    return undefined;
  }

  return {
    take(arrival) {
      if (lanes.isBusy(arrival.roomId)) return wait(arrival, undefined);
      const ready = arrival.ready();
      if (ready !== undefined) return wait(arrival, ready);
      const admitted = arrival.admit();
      return admitted instanceof Promise ? admitted.then(() => {}) : undefined;
    },
    isBusy: lanes.isBusy,
    isSettled: () => waiting === 0 && !lost,
    renew() {
      lost = false;
    },
  };
}
