// Owns which turns of an account are under way, by conversation, and what a stop ends of them.

/** Conversations whose last stop is remembered; the one stopped longest ago goes first. */
const MAX_STOPS = 1000;

/** A turn on its way, from its admission to its last reply. */
export interface Run {
  /** Aborts when somebody stops the conversation. */
  readonly signal: AbortSignal;
  end(): void;
}

/** What a turn was about. */
export interface RunOrigin {
  /** Whoever wrote the message, as people call them. */
  readonly sender: string;
  /** When the message was sent, in epoch milliseconds of the server's clock. */
  readonly sentAt: number;
}

export interface Runs {
  /** Undefined when a stop came after the message was sent: then its turn must not begin. */
  begin(conversation: string, origin: RunOrigin): Run | undefined;
  /** What is under way in a conversation, oldest first. */
  list(conversation: string): readonly RunOrigin[];
  /** Ends what was sent until `sentAt`, now and when it comes later out of the queue; answers with what ran. */
  stop(conversation: string, sentAt: number): readonly RunOrigin[];
}

interface Entry {
  readonly origin: RunOrigin;
  readonly abort: AbortController;
}

export function createRuns(): Runs {
  const running = new Map<string, Set<Entry>>();
  const stops = new Map<string, number>();
  const entriesOf = (conversation: string): Entry[] => [...(running.get(conversation) ?? [])];

  return {
    begin(conversation, origin) {
      if (origin.sentAt <= (stops.get(conversation) ?? Number.NEGATIVE_INFINITY)) return undefined;
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

    stop(conversation, sentAt) {
      const until = Math.max(sentAt, stops.get(conversation) ?? sentAt);
      stops.delete(conversation);
      stops.set(conversation, until);
      const oldest = stops.size > MAX_STOPS ? stops.keys().next().value : undefined;
      if (oldest !== undefined) stops.delete(oldest);
      const ended = entriesOf(conversation).filter(({ origin }) => origin.sentAt <= sentAt);
      for (const { abort } of ended) abort.abort();
      return ended.map(({ origin }) => origin);
    },
  };
}
