// Owns putting many small happenings of one kind into one line, so that they do not push each other out of what the agent reads.

import type { Announcement } from "./host.ts";

/** Happenings of one kind that follow each other within this time belong together. Milliseconds. */
const BURST_GAP_MS = 30_000;

/** Sentences of one burst that are told in full; OpenClaw keeps the latest 20 lines of a session. */
const MAX_SENTENCES = 20;

interface Burst {
  readonly identity: string;
  readonly sentences: string[];
  /** Those that were left out, beyond `MAX_SENTENCES`. */
  more: number;
  lastAt: number;
}

/** One line for a session's agent; it replaces the pending line with the same key. */
export interface Line {
  readonly key: string;
  readonly text: string;
}

export interface Bursts {
  /** The line in which this is to be told now: of its own, or the burst's so far. */
  add(sessionKey: string, announcement: Announcement): Line;
  /** The session's agent is reading its lines; what follows is told in new ones. */
  close(sessionKey: string): void;
  /** Sessions with a burst that is remembered. */
  size(): number;
}

export function createBursts({ now }: { now: () => number }): Bursts {
  const sessions = new Map<string, Map<string, Burst>>();
  let forgotAt = now();

  /** What is over needs no place in memory: most sessions never have a turn that would close them. */
  function forgetOver(): void {
    if (now() - forgotAt < BURST_GAP_MS) return;
    forgotAt = now();
    for (const [sessionKey, bursts] of sessions) {
      for (const [key, burst] of bursts) if (now() - burst.lastAt > BURST_GAP_MS) bursts.delete(key);
      if (bursts.size === 0) sessions.delete(sessionKey);
    }
  }

  function openBurst(sessionKey: string, { group, identity }: Announcement): Burst {
    const bursts = sessions.get(sessionKey) ?? new Map<string, Burst>();
    sessions.set(sessionKey, bursts);
    for (const [key, burst] of bursts) if (now() - burst.lastAt > BURST_GAP_MS) bursts.delete(key);
    const burst = bursts.get(group) ?? { identity, sentences: [], more: 0, lastAt: now() };
    bursts.set(group, burst);
    burst.lastAt = now();
    return burst;
  }

  return {
    add(sessionKey, announcement) {
      forgetOver();
      const burst = openBurst(sessionKey, announcement);
      if (burst.sentences.length < MAX_SENTENCES) burst.sentences.push(announcement.text);
      else burst.more += 1;
      const more = burst.more > 0 ? [`and ${burst.more} more`] : [];
      return { key: burst.identity, text: [...burst.sentences, ...more].join("; ") };
    },
    close: (sessionKey) => void sessions.delete(sessionKey),
    size: () => sessions.size,
  };
}
