// Owns the memory of teams, bots and threads that judging a message needs, so that judging asks no server.

import type { MessageFacts } from "../facts/message.ts";
import type { Knowledge } from "../policy/activation.ts";
import type { UserProfile } from "../rest/users.ts";
import type { Places } from "./places.ts";

/** How long it may take until a changed team membership shows. Milliseconds. */
const TEAMS_AGE_MS = 10 * 60_000;

/** How long somebody may be taken for a person or a bot after that changed. Milliseconds. */
const PROFILE_AGE_MS = 60 * 60_000;

/** People remembered per account; the one asked about longest ago goes first. */
const MAX_PROFILES = 5000;

/** Which threads the bot user had a part in, over restarts. */
export interface ThreadMemory {
  role(threadId: string): "author" | "participant" | undefined;
  /** A message of the bot user's own: a reply in a thread, or one that may become a thread's root. */
  noteOwnMessage(message: { readonly id: string; readonly threadId: string | undefined }): void;
}

export interface KnowledgeOptions {
  readonly places: Pick<Places, "parentOf">;
  readonly threads: ThreadMemory;
  readonly matchesPattern: (message: MessageFacts) => boolean;
  /** Absent: no voice is listened to. */
  readonly hearsVoices?: (roomId: string) => boolean;
  /** Ids of the teams that the bot user belongs to. */
  readonly fetchTeams: () => Promise<readonly string[]>;
  /** Undefined when there is no such user. */
  readonly fetchProfile: (userId: string) => Promise<UserProfile | undefined>;
  /** User ids that accounts of this gateway logged in as. */
  readonly siblings: ReadonlySet<string>;
  readonly now: () => number;
}

export interface LearnedKnowledge extends Knowledge {
  /** Users known to be bots by now. */
  readonly bots: Pick<ReadonlySet<string>, "has">;
  /** Asks the server whatever `isOwnTeam` needs to answer for this message. Rejects when it cannot be asked. */
  learnTeams(message: MessageFacts): Promise<void>;
  /** Whether a sender is a bot, after asking the server if need be. Rejects when it cannot be asked. */
  isBot(userId: string): Promise<boolean>;
}

/** Creates the memory of one account; empty but for the threads. */
export function createKnowledge(options: KnowledgeOptions): LearnedKnowledge {
  const { places, threads, siblings, now } = options;
  const profiles = new Map<string, { bot: boolean; readAt: number }>();
  let teams: { ids: ReadonlySet<string>; readAt: number } | undefined;

  const currentTeams = (): ReadonlySet<string> | undefined =>
    teams !== undefined && now() - teams.readAt < TEAMS_AGE_MS ? teams.ids : undefined;

  return {
    matchesPattern: options.matchesPattern,
    hearsVoices: options.hearsVoices ?? (() => false),
    threadRole: (threadId) => threads.role(threadId),
    isOwnTeam: (teamId) => currentTeams()?.has(teamId),
    parentOf: places.parentOf,
    bots: { has: (userId) => siblings.has(userId) || (profiles.get(userId)?.bot ?? false) },

    async learnTeams(message) {
      const asked = message.mentions.some(({ kind }) => kind === "team");
      if (!asked || currentTeams() !== undefined) return;
      teams = { ids: new Set(await options.fetchTeams()), readAt: now() };
    },

    async isBot(userId) {
      if (siblings.has(userId)) return true;
      const known = profiles.get(userId);
      if (known !== undefined && now() - known.readAt < PROFILE_AGE_MS) return known.bot;
      const bot = (await options.fetchProfile(userId))?.isBot ?? false;
      profiles.delete(userId);
      profiles.set(userId, { bot, readAt: now() });
      const oldest = profiles.size > MAX_PROFILES ? profiles.keys().next().value : undefined;
      if (oldest !== undefined) profiles.delete(oldest);
      return bot;
    },
  };
}
