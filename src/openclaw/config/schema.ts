// Owns the keys of `channels.rocketchat`, as one schema; the manifest's JSON schema is generated from it.

import {
  AllowFromListSchema,
  buildChannelAccountSchemaParts,
  buildChannelAllowBotsSchema,
  buildChannelConfigSchema,
  buildMultiAccountChannelSchema,
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
  refineChannelDmPolicy,
  ToolPolicySchema,
  UnifiedStreamingModeSchema,
} from "openclaw/plugin-sdk/channel-config-schema";
import { buildSecretInputSchema } from "openclaw/plugin-sdk/secret-input";
import { z } from "zod";
import {
  ADDRESS_PATTERN,
  judgeAddress,
  judgeCredential,
  judgeEncryption,
  judgeUsername,
  type ValueFault,
} from "./faults.ts";
import { channelUiHints } from "./ui-hints.ts";

export const CHANNEL_ID = "rocketchat";

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

/** What a manifest can say of the address of a server; `refineValues` says the rest, and in words. */
const ServerUrlSchema = z.string().meta({ pattern: ADDRESS_PATTERN });

const AccountSchema = z.strictObject({
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

const SectionSchema = buildMultiAccountChannelSchema(AccountSchema, { optionalAccount: true });

const OPEN = { required: ["dmPolicy"], properties: { dmPolicy: { const: "open" } } };
const LISTS_SOMEBODY = { required: ["allowFrom"] };
const LISTS_EVERYBODY = {
  required: ["allowFrom"],
  properties: { allowFrom: { type: "array", contains: { const: "*" } } },
};

/**
 * The rule that `dmPolicy: "open"` needs `allowFrom: ["*"]`, an account's own or else the root's, as JSON schema:
 * before any code of ours runs, OpenClaw asks the manifest alone.
 */
const OPEN_MEANS_EVERYBODY = {
  allOf: [
    implies(OPEN, LISTS_EVERYBODY),
    everyAccount(implies({ allOf: [OPEN, LISTS_SOMEBODY] }, LISTS_EVERYBODY)),
    { anyOf: [LISTS_EVERYBODY, everyAccount({ not: { allOf: [OPEN, { not: LISTS_SOMEBODY }] } })] },
  ],
};

function implies(condition: object, consequence: object): object {
  return { anyOf: [{ not: condition }, consequence] };
}

function everyAccount(rule: object): object {
  return { properties: { accounts: { additionalProperties: rule } } };
}

/** The section with the rules that concern several keys at once. */
const ConfigSchema = SectionSchema.superRefine((value, ctx) => {
  const accounts = Object.entries(value.accounts ?? {});
  const policies = {
    ...dmPolicyOf(value),
    accounts: Object.fromEntries(accounts.map(([id, account]) => [id, account && dmPolicyOf(account)])),
  };
  refineChannelDmPolicy({ channelId: CHANNEL_ID, value: policies, ctx });
  refineValues({ path: [], account: value, root: value, ctx });
  for (const [accountId, account] of accounts) {
    refineChannelDmPolicy({ channelId: CHANNEL_ID, value: policies, accountId, ctx });
    if (account) refineValues({ path: ["accounts", accountId], account, root: value, ctx });
  }
}).meta(OPEN_MEANS_EVERYBODY);

interface RefinedScope {
  readonly path: readonly string[];
  readonly account: AccountConfig;
  readonly root: AccountConfig;
  readonly ctx: z.RefinementCtx;
}

/** Asks the checks that wizard, flags, doctor and start ask, too; a SecretRef is judged when it is resolved. */
function refineValues({ path, account, root, ctx }: RefinedScope): void {
  const { serverUrl, userId, username, pat } = account;
  const insecure = account.dangerouslyAllowInsecure ?? root.dangerouslyAllowInsecure ?? false;
  const judged: [string, ValueFault | undefined][] = [
    ["serverUrl", serverUrl === undefined ? undefined : judgeAddress(serverUrl)],
    ["serverUrl", judgeEncryption(serverUrl ?? "", insecure)],
    ["userId", userId === undefined ? undefined : judgeCredential(userId)],
    ["username", username === undefined ? undefined : judgeUsername(username)],
    ["pat", typeof pat === "string" ? judgeCredential(pat) : undefined],
  ];
  for (const [key, fault] of judged) {
    if (fault === undefined) continue;
    ctx.addIssue({ code: "custom", path: [...path, key], message: `${fault.problem}. ${fault.remedy}` });
  }
}

function dmPolicyOf({ dmPolicy, allowFrom }: AccountConfig) {
  return { ...(dmPolicy && { dmPolicy }), ...(allowFrom && { allowFrom }) };
}

/** What one account, or the root that all accounts inherit from, may say. */
export type AccountConfig = z.infer<typeof AccountSchema>;

/** The section `channels.rocketchat`. */
export type ChannelConfig = AccountConfig & {
  accounts?: Record<string, AccountConfig | undefined> | undefined;
  defaultAccount?: string | undefined;
};

/** The schema as OpenClaw takes it: JSON schema for the manifest and editors, runtime check with refinements. */
export const rocketchatConfigSchema = buildChannelConfigSchema(ConfigSchema, { uiHints: channelUiHints });

/**
 * Reads the section; undefined when it is absent or of wrong shape, which the host refuses before. What values
 * mean is not asked here: an account with a wrong one must not take the others with it.
 */
export function readChannelConfig(section: unknown): ChannelConfig | undefined {
  return SectionSchema.safeParse(section).data;
}
