// Owns the keys that an account may have, as one schema, and what JSON schema makes of it.

import {
  AllowFromListSchema,
  buildChannelAccountSchemaParts,
  buildChannelAllowBotsSchema,
  buildChannelConfigSchema,
  ChannelBotLoopProtectionSchema,
  ChannelDangerouslyAllowNameMatchingSchema,
  ChannelImplicitMentionsSchema,
  ChannelPreviewStreamingConfigSchema,
  ContextVisibilityModeSchema,
  DmConfigSchema,
  DmPolicySchema,
  GroupPolicySchema,
  MentionPatternsPolicySchema,
  ReplyToModeSchema,
  ToolPolicySchema,
  UnifiedStreamingModeSchema,
} from "openclaw/plugin-sdk/channel-config-schema";
import { buildSecretInputSchema } from "openclaw/plugin-sdk/secret-input";
import { z } from "zod";
import { ADDRESS_PATTERN } from "../faults.ts";

const AllowBotsSchema = buildChannelAllowBotsSchema({ allowMentions: true });

/** By emoji: what the agent is asked. */
const ReactionTriggersSchema = z.record(z.string().min(1), z.string());

/** As on Slack. The prompt in characters. */
const PresenceEventsSchema = z.strictObject({
  mode: z.enum(["off", "auto", "on"]).optional(),
  prompt: z.string().max(20_000).optional(),
});

const RoomSchema = z.strictObject({
  enabled: z.boolean().optional(),
  requireMention: z.boolean().optional(),
  users: AllowFromListSchema,
  ignoreOtherMentions: z.boolean().optional(),
  allowBots: AllowBotsSchema,
  botLoopProtection: ChannelBotLoopProtectionSchema.optional(),
  reactionTriggers: ReactionTriggersSchema.optional(),
  presenceEvents: PresenceEventsSchema.optional(),
  replyToMode: ReplyToModeSchema.optional(),
  streamingMode: UnifiedStreamingModeSchema.optional(),
  tools: ToolPolicySchema,
  toolsBySender: z.record(z.string(), ToolPolicySchema).optional(),
  skills: z.array(z.string()).optional(),
  systemPrompt: z.string().optional(),
});

/** A number of messages; the reader applies the cap, so that a value saved for another purpose stays valid. */
const HistoryLimitSchema = z.int().min(0).optional();

const ThreadSchema = z.strictObject({
  historyScope: z.enum(["thread", "channel"]).optional(),
  inheritParent: z.boolean().optional(),
  initialHistoryLimit: HistoryLimitSchema,
});

const ReplyToModeByChatTypeSchema = z.strictObject({
  direct: ReplyToModeSchema.optional(),
  group: ReplyToModeSchema.optional(),
  channel: ReplyToModeSchema.optional(),
});

const StreamingModeByChatTypeSchema = z.strictObject({
  direct: UnifiedStreamingModeSchema.optional(),
  group: UnifiedStreamingModeSchema.optional(),
  channel: UnifiedStreamingModeSchema.optional(),
});

const DirectSchema = z.strictObject({
  enabled: z.boolean().optional(),
  groupEnabled: z.boolean().optional(),
  groupRooms: z.array(z.string()).optional(),
});

/** Below this, messages would be mostly code fences and half words. UTF-16 units. */
const MIN_CHUNK_UNITS = 200;

const MarkdownSchema = z.strictObject({ tables: z.enum(["off", "bullets", "code", "block"]).optional() });

const CatchUpSchema = z.strictObject({
  maxAgeMinutes: z.number().int().min(0).max(10_080).optional(),
  maxMessagesPerRoom: z.number().int().min(0).max(5_000).optional(),
  safetyScanMinutes: z.number().int().min(0).max(1_440).optional(),
});

/** Keys that OpenClaw reads by itself, in its own words. */
const { capabilities, configWrites, healthMonitor, heartbeatVisibility, responsePrefix } =
  buildChannelAccountSchemaParts().accountShape;

/** Who is asked are the operators; `auto` and true mean the same, as on Slack. */
const ExecApprovalsSchema = z.strictObject({
  enabled: z.union([z.boolean(), z.literal("auto")]).optional(),
  target: z.enum(["dm", "channel", "both"]).optional(),
  agentFilter: z.array(z.string()).optional(),
  sessionFilter: z.array(z.string()).optional(),
});

const ActionsSchema = z.strictObject({
  reactions: z.boolean().optional(),
  messages: z.boolean().optional(),
  pins: z.boolean().optional(),
  memberInfo: z.boolean().optional(),
  emojiList: z.boolean().optional(),
  search: z.boolean().optional(),
});

/** What a manifest can say of the address of a server; `schema.ts` says the rest, and in words. */
const ServerUrlSchema = z.string().meta({ pattern: ADDRESS_PATTERN });

export const AccountSchema = z.strictObject({
  enabled: z.boolean().optional(),
  name: z.string().optional(),
  serverUrl: ServerUrlSchema.optional(),
  userId: z.string().min(1).optional(),
  username: z.string().min(1).optional(),
  pat: buildSecretInputSchema().optional(),
  dm: DirectSchema.optional(),
  dmPolicy: DmPolicySchema.optional(),
  allowFrom: AllowFromListSchema,
  groupPolicy: GroupPolicySchema.optional(),
  groupAllowFrom: AllowFromListSchema,
  rooms: z.record(z.string(), RoomSchema).optional(),
  requireMention: z.boolean().optional(),
  allowBots: AllowBotsSchema,
  botLoopProtection: ChannelBotLoopProtectionSchema.optional(),
  reactionNotifications: z.enum(["off", "own", "all", "allowlist"]).optional(),
  reactionAllowlist: AllowFromListSchema,
  reactionTriggers: ReactionTriggersSchema.optional(),
  presenceEvents: PresenceEventsSchema.optional(),
  implicitMentions: ChannelImplicitMentionsSchema.optional(),
  mentionPatterns: MentionPatternsPolicySchema.optional(),
  ackReaction: z.string().optional(),
  removeAckAfterReply: z.boolean().optional(),
  typingReaction: z.string().optional(),
  actions: ActionsSchema.optional(),
  textChunkLimit: z.int().min(MIN_CHUNK_UNITS).optional(),
  streaming: ChannelPreviewStreamingConfigSchema.optional(),
  streamingModeByChatType: StreamingModeByChatTypeSchema.optional(),
  markdown: MarkdownSchema.optional(),
  unfurlLinks: z.boolean().optional(),
  unfurlMedia: z.boolean().optional(),
  responsePrefix,
  defaultTo: z.string().min(1).optional(),
  mediaMaxMb: z.int().min(1).max(2048).optional(),
  dangerouslyAllowNameMatching: ChannelDangerouslyAllowNameMatchingSchema,
  capabilities,
  configWrites,
  healthMonitor,
  heartbeatVisibility,
  credentialCheckSeconds: z.number().int().min(30).max(300).optional(),
  catchUp: CatchUpSchema.optional(),
  replyToMode: ReplyToModeSchema.optional(),
  replyToModeByChatType: ReplyToModeByChatTypeSchema.optional(),
  thread: ThreadSchema.optional(),
  historyLimit: HistoryLimitSchema,
  dmHistoryLimit: HistoryLimitSchema,
  dms: z.record(z.string(), DmConfigSchema.optional()).optional(),
  contextVisibility: ContextVisibilityModeSchema.optional(),
  joinPublicRooms: z.boolean().optional(),
  joinIntro: z.boolean().optional(),
  commandAllowFrom: AllowFromListSchema,
  execApprovals: ExecApprovalsSchema.optional(),
  commands: z.strictObject({ extra: z.boolean().optional() }).optional(),
  dangerouslyAllowInsecure: z.boolean().optional(),
  tls: z.strictObject({ caFile: z.string().min(1).optional() }).optional(),
  network: z.strictObject({ dangerouslyAllowPrivateNetwork: z.boolean().optional() }).optional(),
});

/** What one account, or the root that all accounts inherit from, may say. */
export type AccountConfig = z.infer<typeof AccountSchema>;

/** The schema as JSON schema. The package carries it finished (`rolldown.config.ts`), without the library that makes it. */
export const ACCOUNT_SHAPE = buildChannelConfigSchema(AccountSchema).schema;
