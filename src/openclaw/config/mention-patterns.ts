// Owns whether a text contains what the configuration counts as a mention besides the bot's name.

import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { MessageFacts } from "../../facts/message.ts";
import type { AccountSettings } from "../../settings.ts";
import { CHANNEL_ID } from "./schema.ts";

/** Rooms whose patterns are kept; beyond, all are built again. */
const MAX_ROOMS = 1000;

export interface PatternMatcher {
  matches(message: MessageFacts): boolean;
  /** Whether a voice message of a room may hold a pattern: there are some, and OpenClaw may transcribe. */
  hearsVoices(roomId: string): boolean;
}

/**
 * Matches OpenClaw's `mentionPatterns` of the agent that a room's messages go to, built once per room and
 * configuration.
 */
export function createPatternMatcher(options: {
  core: {
    readonly channel: {
      readonly mentions: Pick<
        PluginRuntime["channel"]["mentions"],
        "buildMentionRegexes" | "matchesMentionPatterns"
      >;
      readonly routing: Pick<PluginRuntime["channel"]["routing"], "resolveAgentRoute">;
    };
  };
  readConfig: () => OpenClawConfig;
  readSettings: () => AccountSettings;
}): PatternMatcher {
  const { mentions, routing } = options.core.channel;
  let built: { cfg: OpenClawConfig; rooms: Map<string, RegExp[]> } | undefined;

  function patternsFor(roomId: string): RegExp[] {
    const cfg = options.readConfig();
    if (built?.cfg !== cfg || built.rooms.size >= MAX_ROOMS) built = { cfg, rooms: new Map() };
    const kept = built.rooms.get(roomId);
    if (kept !== undefined) return kept;
    const { accountId, mentionPatterns } = options.readSettings();
    const peer = { kind: "channel" as const, id: roomId };
    const { agentId } = routing.resolveAgentRoute({ cfg, channel: CHANNEL_ID, accountId, peer });
    const patterns = mentions.buildMentionRegexes(cfg, agentId, {
      provider: CHANNEL_ID,
      conversationId: roomId,
      ...(mentionPatterns && { providerPolicy: mentionPatterns }),
    });
    built.rooms.set(roomId, patterns);
    return patterns;
  }

  return {
    matches: ({ roomId, text }) => mentions.matchesMentionPatterns(text, patternsFor(roomId)),
    hearsVoices: (roomId) =>
      options.readConfig().tools?.media?.audio?.enabled !== false && patternsFor(roomId).length > 0,
  };
}
