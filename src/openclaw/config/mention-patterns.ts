// Owns whether a text contains what the configuration counts as a mention besides the bot's name.

import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import type { MessageFacts } from "../../facts/message.ts";
import type { RoomFacts } from "../../facts/room.ts";
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
  /** What is known of a room. */
  findRoom: (roomId: string) => RoomFacts | undefined;
}): PatternMatcher {
  const { mentions, routing } = options.core.channel;
  let built: { cfg: OpenClawConfig; rooms: Map<string, RegExp[]> } | undefined;

  /** The agent that a message there goes to, as `resolveRoute` says; of a room that is not known yet, any that it may be. */
  function agentsOf(roomId: string, room: RoomFacts | undefined): readonly string[] {
    const cfg = options.readConfig();
    const { accountId } = options.readSettings();
    const all = Object.keys(cfg.agents?.entries ?? {});
    if (room === undefined && all.length > 1) return all;
    const kind = room?.chatType ?? "channel";
    const { agentId } = routing.resolveAgentRoute({
      cfg,
      channel: CHANNEL_ID,
      accountId,
      peer: { kind, id: roomId },
      ...(room?.parentId && { parentPeer: { kind, id: room.parentId } }),
    });
    return [agentId];
  }

  function patternsFor(roomId: string): RegExp[] {
    const cfg = options.readConfig();
    if (built?.cfg !== cfg || built.rooms.size >= MAX_ROOMS) built = { cfg, rooms: new Map() };
    const room = options.findRoom(roomId);
    const key = `${roomId} ${room?.chatType} ${room?.parentId}`;
    const kept = built.rooms.get(key);
    if (kept !== undefined) return kept;
    const { mentionPatterns } = options.readSettings();
    const patterns = agentsOf(roomId, room).flatMap((agentId) =>
      mentions.buildMentionRegexes(cfg, agentId, {
        provider: CHANNEL_ID,
        conversationId: roomId,
        ...(mentionPatterns && { providerPolicy: mentionPatterns }),
      }),
    );
    built.rooms.set(key, patterns);
    return patterns;
  }

  return {
    matches: ({ roomId, text }) => mentions.matchesMentionPatterns(text, patternsFor(roomId)),
    hearsVoices: (roomId) =>
      options.readConfig().tools?.media?.audio?.enabled !== false && patternsFor(roomId).length > 0,
  };
}
