// Owns which turns of an account are under way, by conversation, and what a stop ends of them.

/** Conversations whose last stop is remembered; the one stopped longest ago goes first. */
const MAX_STOPS = 1000;

/**
 * How long after a stop a message may be received that was sent before it, as one is that was found in a room's history.
 * One that comes later bears a time that says nothing: the server's clock was set back. Milliseconds.
 */
export const LATE_MS = 60_000;

/** A turn on its way, from its admission to its last reply. */
export interface Run {
  /** Aborts when somebody stops the conversation. */
  readonly signal: AbortSignal;
  end(): void;
}

/** When a message came to be. */
export interface Moment {
  /** In epoch milliseconds of the server's clock. */
  readonly sentAt: number;
  /** When it was stored, in epoch milliseconds of this machine's clock. */
  readonly receivedAt: number;
}

/** What a turn was about. */
export interface RunOrigin extends Moment {
  /** Whoever wrote the message, as people call them. */
  readonly sender: string;
}

/** A stop, by the id of its message. */
export interface Stop extends Moment {
  readonly id: string;
}

export interface Runs {
  /** Undefined when a stop was sent after the message: then its turn must not begin. */
  begin(conversation: string, origin: RunOrigin): Run | undefined;
  /** What is under way in a conversation, oldest first. */
  list(conversation: string): readonly RunOrigin[];
  /**
   * Ends what was sent or received before the stop, and what comes later out of the queue and was sent before it;
   * answers with what ran. A stop that is tried again answers with what it ended before as well.
   */
  stop(conversation: string, stop: Stop): readonly RunOrigin[];
}

interface Entry {
  readonly origin: RunOrigin;
  readonly abort: AbortController;
}

/** `now`: epoch milliseconds of this machine's clock. */
export function createRuns(now: () => number = Date.now): Runs {
  const running = new Map<string, Set<Entry>>();
  /** By conversation: what was sent until then, by the server's clock, and received until then, by ours, is over. */
  const stops = new Map<string, Stop & { readonly ended: readonly RunOrigin[] }>();
  const entriesOf = (conversation: string): Entry[] => [...(running.get(conversation) ?? [])];

  return {
    begin(conversation, origin) {
      const over = stops.get(conversation);
      if (over !== undefined && origin.sentAt <= over.sentAt && origin.receivedAt <= over.receivedAt)
        return undefined;
      const entry = { origin, abort: new AbortController() };
      const entries = running.get(conversation) ?? new Set();
      running.set(conversation, entries.add(entry));
      return {
        signal: entry.abort.signal,
        end() {
          entries.delete(entry);
          if (entries.size === 0 && running.get(conversation) === entries) running.delete(conversation);
        },
      };
    },

    list: (conversation) => entriesOf(conversation).map(({ origin }) => origin),

    stop(conversation, { id, sentAt, receivedAt }) {
      const before = stops.get(conversation);
      const running = entriesOf(conversation).filter(
        ({ origin }) => origin.sentAt <= sentAt || origin.receivedAt <= receivedAt,
      );
      for (const { abort } of running) abort.abort();
      const ended = [...(before?.id === id ? before.ended : []), ...running.map(({ origin }) => origin)];
      stops.delete(conversation);
      stops.set(conversation, {
        id,
        sentAt: Math.max(sentAt, before?.sentAt ?? sentAt),
        receivedAt: now() + LATE_MS,
        ended,
      });
      const oldest = stops.size > MAX_STOPS ? stops.keys().next().value : undefined;
      if (oldest !== undefined) stops.delete(oldest);
      return ended;
    },
  };
}
