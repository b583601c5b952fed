// Owns the account that unit tests start from.

import type { AccountSettings } from "../../src/settings.ts";

/** Where the keys of an account at the root stand. */
const ROOT_PATHS = {
  account: "channels.rocketchat",
  serverUrl: "channels.rocketchat.serverUrl",
  userId: "channels.rocketchat.userId",
  username: "channels.rocketchat.username",
  pat: "channels.rocketchat.pat",
  caFile: "channels.rocketchat.tls.caFile",
  insecure: "channels.rocketchat.dangerouslyAllowInsecure",
  privateNetwork: "channels.rocketchat.network.dangerouslyAllowPrivateNetwork",
};

/** A configured account with the defaults, for the bot user `bot` named `labbot`; `changes` are laid over it. */
export function accountSettings(changes: Partial<AccountSettings> = {}): AccountSettings {
  return {
    accountId: "default",
    enabled: true,
    name: undefined,
    serverUrl: "https://chat.example.org",
    userId: "bot",
    username: "labbot",
    pat: "a-token",
    patStatus: "available",
    dm: { enabled: true, groupEnabled: false, groupRooms: undefined },
    dmPolicy: "pairing",
    allowFrom: [],
    groupPolicy: "allowlist",
    groupAllowFrom: undefined,
    rooms: new Map(),
    requireMention: true,
    allowBots: false,
    botLoopProtection: undefined,
    reactionNotifications: "own",
    reactionAllowlist: [],
    implicitMentions: { replyToBot: true, quotedBot: true, threadParticipation: true },
    mentionPatterns: undefined,
    commandAllowFrom: [],
    commands: { extra: false },
    bots: new Set(),
    typingReaction: "",
    removeAckAfterReply: false,
    actions: { reactions: true, messages: true, pins: true, memberInfo: true, emojiList: true, search: true },
    text: {
      chunkLimit: 4000,
      chunkMode: "length",
      tables: "block",
      previews: { links: false, media: false },
    },
    mediaMaxMb: 20,
    defaultTo: undefined,
    replyToMode: "off",
    replyToModeByChatType: {},
    thread: { historyScope: "thread", inheritParent: false, initialHistoryLimit: 20 },
    historyLimit: 50,
    dmHistoryLimit: 0,
    dmHistoryLimits: new Map(),
    contextVisibility: "all",
    joinPublicRooms: false,
    pendingNames: new Set(),
    dangerouslyAllowNameMatching: false,
    credentialCheckSeconds: 240,
    catchUp: { maxAgeMinutes: 60, maxMessagesPerRoom: 200, safetyScanMinutes: 10 },
    dangerouslyAllowInsecure: false,
    caFile: undefined,
    allowPrivateNetwork: false,
    keyPaths: ROOT_PATHS,
    environmentNote: undefined,
    ...changes,
  };
}
