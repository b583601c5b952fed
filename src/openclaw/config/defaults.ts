// Owns the default values of the configuration, as one table.

import { DEFAULT_GROUP_HISTORY_LIMIT } from "openclaw/plugin-sdk/reply-history";
import type { AccountConfig } from "./schema.ts";

/** Keys without an entry have none: they are empty, another key's or OpenClaw's. */
export const DEFAULTS = {
  enabled: true,
  dm: { enabled: true, groupEnabled: false },
  dmPolicy: "pairing",
  groupPolicy: "allowlist",
  requireMention: true,
  allowBots: false,
  reactionNotifications: "own",
  presenceEvents: { mode: "off" },
  implicitMentions: { replyToBot: true, quotedBot: true, threadParticipation: true },
  removeAckAfterReply: false,
  typingReaction: "",
  actions: { reactions: true, messages: true, pins: true, memberInfo: true, emojiList: true, search: true },
  textChunkLimit: 4000,
  streaming: { mode: "off", chunkMode: "length" },
  markdown: { tables: "block" },
  unfurlLinks: false,
  mediaMaxMb: 20,
  replyToMode: "off",
  /** As on Slack. */
  thread: { historyScope: "thread", inheritParent: false, initialHistoryLimit: 20 },
  historyLimit: DEFAULT_GROUP_HISTORY_LIMIT,
  dmHistoryLimit: 0,
  contextVisibility: "all",
  joinPublicRooms: false,
  execApprovals: { enabled: false, target: "dm" },
  commands: { extra: false },
  dangerouslyAllowNameMatching: false,
  credentialCheckSeconds: 240,
  catchUp: { maxAgeMinutes: 60, maxMessagesPerRoom: 200, safetyScanMinutes: 10 },
  dangerouslyAllowInsecure: false,
  network: { dangerouslyAllowPrivateNetwork: false },
} as const satisfies AccountConfig;
