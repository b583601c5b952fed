// Owns what unit tests let an account remember.

import type { LearnedKnowledge } from "../../src/intake/knowledge.ts";

/** An account that remembers nothing and finds nothing out: no threads, teams, patterns, discussions or bots. */
export function knowing(changes: Partial<LearnedKnowledge> = {}): LearnedKnowledge {
  return {
    matchesPattern: () => false,
    hearsVoices: () => false,
    threadRole: () => undefined,
    isOwnTeam: () => false,
    parentOf: () => undefined,
    bots: new Set(),
    learnTeams: async () => {},
    isBot: async () => false,
    ...changes,
  };
}
