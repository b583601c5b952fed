// Owns what is remembered of messages, so that the next document of one tells what happened to it.

import type { Revision } from "../facts/change.ts";

/**
 * Messages remembered per account; the one that changed longest ago goes first. Each takes less than a
 * kilobyte, so that an account's memory of messages stays below five megabytes.
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
  /** When the latest message was sent that was ever kept; epoch milliseconds of the server's clock. */
  newestSentAt(): number | undefined;
}

export function createKnownMessages(max: number = MAX_KNOWN_MESSAGES): KnownMessages {
  const known = new Map<string, Known>();
  let newest: number | undefined;
  return {
    find: (id) => known.get(id),
    list: () => known.values(),
    keep(entry) {
      const { id, sentAt } = entry.revision;
      known.delete(id);
      known.set(id, entry);
      newest = Math.max(newest ?? sentAt, sentAt);
      const oldest = known.size > max ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    },
    forget: (id) => void known.delete(id),
    newestSentAt: () => newest,
  };
}
