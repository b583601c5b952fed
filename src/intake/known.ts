// Owns the memory of messages: from the last document of one and the next it tells what happened to it.

import type { Revision } from "../facts/change.ts";

/**
 * Messages remembered per account at most; those that changed longest ago go first, half of all at once. Each takes
 * less than a kilobyte, so that an account's memory of messages stays below five megabytes.
 */
export const MAX_KNOWN_MESSAGES = 5000;

export interface Known {
  readonly revision: Revision;
  /** Whether any document of it named the bot, so that it may have been answered. */
  readonly mentioned: boolean;
  /** The stream's second argument, as it came with the message. */
  readonly room: unknown;
}

export interface KnownMessages {
  find(id: string): Known | undefined;
  /** All messages that are remembered, the one that changed longest ago first. */
  list(): Iterable<Known>;
  keep(known: Known): void;
  forget(id: string): void;
}

export function createKnownMessages(max: number = MAX_KNOWN_MESSAGES): KnownMessages {
  // A map that loses its first entry with each new one takes ever longer to find the next first one.
  let recent = new Map<string, Known>();
  let earlier = new Map<string, Known>();

  function forget(id: string): void {
    recent.delete(id);
    earlier.delete(id);
  }

  return {
    find: (id) => recent.get(id) ?? earlier.get(id),
    list: () => [...earlier.values(), ...recent.values()],
    keep(entry) {
      const { id } = entry.revision;
      forget(id);
      if (recent.size >= max / 2) {
        earlier = recent;
        recent = new Map();
      }
      recent.set(id, entry);
    },
    forget,
  };
}
