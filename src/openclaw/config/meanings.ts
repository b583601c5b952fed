// Owns reading the keys of an account's configuration into settings, group by group.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { BotLoopSettings, RoomSettings } from "../../settings.ts";
import { DEFAULTS } from "./defaults.ts";
import { canonicalAddress } from "./faults.ts";
import { withoutGaps } from "./gaps.ts";
import type { AccountConfig } from "./schema.ts";

/** The most messages that are read for one turn, as on Slack. */
const MAX_HISTORY = 200;

/** Which bot user of which server. */
export function identityOf({ name, serverUrl = "", userId = "", username = "" }: AccountConfig) {
  return { name, serverUrl: canonicalAddress(serverUrl), userId, username: username.replace(/^@/, "") };
}

/** Who may write to the agent, and command it. */
export function accessOf(config: AccountConfig) {
  return {
    dm: {
      enabled: config.dm?.enabled ?? DEFAULTS.dm.enabled,
      groupEnabled: config.dm?.groupEnabled ?? DEFAULTS.dm.groupEnabled,
      groupRooms: config.dm?.groupRooms,
    },
    dmPolicy: config.dmPolicy ?? DEFAULTS.dmPolicy,
    allowFrom: mapEntries(config.allowFrom),
    groupPolicy: config.groupPolicy ?? DEFAULTS.groupPolicy,
    groupAllowFrom: config.groupAllowFrom && mapEntries(config.groupAllowFrom),
    commandAllowFrom: mapEntries(config.commandAllowFrom),
    execApprovals: {
      enabled: (config.execApprovals?.enabled ?? DEFAULTS.execApprovals.enabled) !== false,
      target: config.execApprovals?.target ?? DEFAULTS.execApprovals.target,
      agentFilter: config.execApprovals?.agentFilter ?? [],
      sessionFilter: config.execApprovals?.sessionFilter ?? [],
    },
    commands: { extra: config.commands?.extra ?? DEFAULTS.commands.extra },
    dangerouslyAllowNameMatching:
      config.dangerouslyAllowNameMatching ?? DEFAULTS.dangerouslyAllowNameMatching,
  };
}

/** Which rooms are served, and what wakes the agent there. */
export function roomsOf(config: AccountConfig) {
  return {
    rooms: mapRooms(config.rooms ?? {}),
    allowBots: config.allowBots ?? DEFAULTS.allowBots,
    botLoopProtection: loopOf(config.botLoopProtection),
    bots: new Set<string>(),
    requireMention: config.requireMention ?? DEFAULTS.requireMention,
    mentionPatterns: config.mentionPatterns,
    reactionNotifications: config.reactionNotifications ?? DEFAULTS.reactionNotifications,
    reactionAllowlist: mapEntries(config.reactionAllowlist),
    reactionTriggers: config.reactionTriggers ?? {},
    presenceEvents: { ...DEFAULTS.presenceEvents, ...withoutGaps(config.presenceEvents ?? {}) },
    joinPublicRooms: config.joinPublicRooms ?? DEFAULTS.joinPublicRooms,
    pendingNames: new Set<string>(),
  };
}

/** What people see of the work, and what the agent may do by itself. */
export function feedbackOf(config: AccountConfig) {
  return {
    typingReaction: config.typingReaction ?? DEFAULTS.typingReaction,
    removeAckAfterReply: config.removeAckAfterReply ?? DEFAULTS.removeAckAfterReply,
    actions: { ...DEFAULTS.actions, ...withoutGaps(config.actions ?? {}) },
  };
}

/** How replies look, and where they go. */
export function repliesOf(config: AccountConfig) {
  return {
    text: {
      chunkLimit: config.textChunkLimit ?? DEFAULTS.textChunkLimit,
      chunkMode: config.streaming?.chunkMode ?? DEFAULTS.streaming.chunkMode,
      tables: config.markdown?.tables ?? DEFAULTS.markdown.tables,
      previews: {
        links: config.unfurlLinks ?? DEFAULTS.unfurlLinks,
        media: config.unfurlMedia ?? config.unfurlLinks ?? DEFAULTS.unfurlLinks,
      },
    },
    streaming: { ...config.streaming, mode: config.streaming?.mode ?? DEFAULTS.streaming.mode },
    streamingModeByChatType: config.streamingModeByChatType ?? {},
    mediaMaxMb: config.mediaMaxMb ?? DEFAULTS.mediaMaxMb,
    defaultTo: config.defaultTo,
    replyToMode: config.replyToMode ?? DEFAULTS.replyToMode,
    replyToModeByChatType: config.replyToModeByChatType ?? {},
  };
}

/** What the agent is shown of what was said before. */
export function historyOf(config: AccountConfig, { messages, channels }: OpenClawConfig) {
  const { thread } = config;
  const historyLimit = config.historyLimit ?? messages?.groupChat?.historyLimit;
  return {
    thread: {
      historyScope: thread?.historyScope ?? DEFAULTS.thread.historyScope,
      inheritParent: thread?.inheritParent ?? DEFAULTS.thread.inheritParent,
      initialHistoryLimit: readLimit(thread?.initialHistoryLimit, DEFAULTS.thread.initialHistoryLimit),
    },
    historyLimit: readLimit(historyLimit, DEFAULTS.historyLimit),
    dmHistoryLimit: readLimit(config.dmHistoryLimit, DEFAULTS.dmHistoryLimit),
    dmHistoryLimits: mapDirectLimits(config.dms ?? {}),
    contextVisibility:
      config.contextVisibility ?? channels?.defaults?.contextVisibility ?? DEFAULTS.contextVisibility,
  };
}

/** How the server is reached, and what is read after a gap. */
export function connectionOf(config: AccountConfig) {
  const { catchUp, network } = config;
  return {
    credentialCheckSeconds: config.credentialCheckSeconds ?? DEFAULTS.credentialCheckSeconds,
    catchUp: {
      maxAgeMinutes: catchUp?.maxAgeMinutes ?? DEFAULTS.catchUp.maxAgeMinutes,
      maxMessagesPerRoom: catchUp?.maxMessagesPerRoom ?? DEFAULTS.catchUp.maxMessagesPerRoom,
      safetyScanMinutes: catchUp?.safetyScanMinutes ?? DEFAULTS.catchUp.safetyScanMinutes,
    },
    dangerouslyAllowInsecure: config.dangerouslyAllowInsecure ?? DEFAULTS.dangerouslyAllowInsecure,
    caFile: config.tls?.caFile,
    allowPrivateNetwork:
      network?.dangerouslyAllowPrivateNetwork ?? DEFAULTS.network.dangerouslyAllowPrivateNetwork,
  };
}

function mapRooms(rooms: NonNullable<AccountConfig["rooms"]>): Map<string, RoomSettings> {
  return new Map(
    Object.entries(rooms).map(([id, room]) => [
      id,
      {
        ...room,
        users: room.users && mapEntries(room.users),
        botLoopProtection: loopOf(room.botLoopProtection),
      },
    ]),
  );
}

/** The entries as written: what they mean, `withIds` says. */
function mapEntries(entries: readonly (string | number)[] = []): string[] {
  return entries.map((entry) => String(entry).trim());
}

function mapDirectLimits(dms: NonNullable<AccountConfig["dms"]>): Map<string, number> {
  return new Map(
    Object.entries(dms).flatMap(([id, dm]) =>
      dm?.historyLimit === undefined ? [] : [[id, readLimit(dm.historyLimit, 0)]],
    ),
  );
}

/** The limits that are set: one that is absent lets through what comes after it. */
function loopOf(limits: AccountConfig["botLoopProtection"]): BotLoopSettings | undefined {
  return limits && withoutGaps(limits);
}

/** OpenClaw writes the largest integer where it means "unset". */
function readLimit(value: number | undefined, unset: number): number {
  return value === undefined || value === Number.MAX_SAFE_INTEGER ? unset : Math.min(value, MAX_HISTORY);
}
