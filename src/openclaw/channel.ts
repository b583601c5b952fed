// Owns the ChannelPlugin object: what the Rocket.Chat channel is, declared to OpenClaw.

import { randomUUID } from "node:crypto";
import { describeAccountSnapshot } from "openclaw/plugin-sdk/account-helpers";
import { createScopedChannelConfigAdapter } from "openclaw/plugin-sdk/channel-config-helpers";
import {
  buildChannelOutboundSessionRoute,
  buildThreadAwareOutboundSessionRoute,
  type ChannelPlugin,
  createChatChannelPlugin,
} from "openclaw/plugin-sdk/channel-core";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import { deriveMessageId } from "../outbound/message-id.ts";
import { resolveTargetRoom, sendMessage } from "../outbound/send.ts";
import { formatTarget, parseTarget } from "../outbound/target.ts";
import type { AccountSettings } from "../settings.ts";
import { actions } from "./actions.ts";
import {
  inspectAccount,
  isConfigured,
  listAccountIds,
  normalizeAllowEntry,
  resolveAccount,
  resolveDefaultAccountId,
} from "./config/account.ts";
import { CHANNEL_ID, rocketchatConfigSchema } from "./config/schema.ts";
import { messageAdapter, outbound, TARGET_HINT } from "./message-adapter.ts";
import { secrets } from "./secrets.ts";
import { security } from "./security.ts";
import { setupContract } from "./setup/contract.ts";
import { type Probe, status } from "./status.ts";
import { sendingFor } from "./transport.ts";

/** The socket and all that hangs on it load when an account starts, not when the plugin is looked at. */
const loadGateway = createLazyRuntimeModule(() => import("./gateway.ts"));

const config = createScopedChannelConfigAdapter<AccountSettings>({
  sectionKey: CHANNEL_ID,
  listAccountIds,
  resolveAccount,
  inspectAccount,
  defaultAccountId: resolveDefaultAccountId,
  clearBaseFields: ["serverUrl", "userId", "username", "pat", "name"],
  resolveAllowFrom: (account) => [...account.allowFrom],
  formatAllowFrom: (entries) => entries.map(normalizeAllowEntry).filter((entry) => entry !== ""),
});

/** Read anew for every message, so that a change needs no reconnect. */
const LIVE_KEYS = [
  "dm",
  "dmPolicy",
  "allowFrom",
  "groupPolicy",
  "groupAllowFrom",
  "rooms",
  "requireMention",
  "allowBots",
  "reactionNotifications",
  "reactionAllowlist",
  "implicitMentions",
  "mentionPatterns",
  "actions",
  "textChunkLimit",
  "streaming",
  "markdown",
  "unfurlLinks",
  "dangerouslyAllowNameMatching",
];

type Messaging = NonNullable<ChannelPlugin["messaging"]>;

function normalizeTarget(text: string): string | undefined {
  const target = parseTarget(text);
  return target && formatTarget(target);
}

const resolveOutboundSessionRoute: Messaging["resolveOutboundSessionRoute"] = (params) => {
  const target = parseTarget(params.target);
  if (target === undefined) return null;
  const direct = target.kind === "user";
  const chatType = direct ? "direct" : "channel";
  const route = buildChannelOutboundSessionRoute({
    cfg: params.cfg,
    agentId: params.agentId,
    channel: CHANNEL_ID,
    ...(params.accountId != null && { accountId: params.accountId }),
    recipientSessionExact: direct,
    peer: { kind: chatType, id: target.id },
    chatType,
    from: direct ? `${CHANNEL_ID}:${target.id}` : `${CHANNEL_ID}:channel:${target.id}`,
    to: formatTarget(target),
  });
  return buildThreadAwareOutboundSessionRoute({
    route,
    ...(params.replyToId != null && { replyToId: params.replyToId }),
    ...(params.threadId != null && { threadId: params.threadId }),
    ...(params.currentSessionKey !== undefined && { currentSessionKey: params.currentSessionKey }),
  });
};

export const rocketchatPlugin: ChannelPlugin<AccountSettings, Probe> = createChatChannelPlugin<
  AccountSettings,
  Probe
>({
  base: {
    id: CHANNEL_ID,
    meta: {
      id: CHANNEL_ID,
      label: "Rocket.Chat",
      selectionLabel: "Rocket.Chat (plugin)",
      detailLabel: "Rocket.Chat bot user",
      docsPath: "/channels/rocketchat",
      docsLabel: CHANNEL_ID,
      blurb: "self-hosted team chat; one bot user per agent.",
      order: 66,
      markdownCapable: true,
    },
    setupContract,
    capabilities: {
      chatTypes: ["direct", "group", "channel", "thread"],
      threads: true,
      reactions: true,
      edit: true,
      unsend: true,
      media: false,
    },
    reload: {
      configPrefixes: [`channels.${CHANNEL_ID}`],
      noopPrefixes: LIVE_KEYS.flatMap((key) => [
        `channels.${CHANNEL_ID}.${key}`,
        `channels.${CHANNEL_ID}.accounts.*.${key}`,
      ]),
      accountScopedRestart: true,
    },
    configSchema: rocketchatConfigSchema,
    config: {
      ...config,
      isConfigured,
      describeAccount: (account) =>
        describeAccountSnapshot({
          account,
          configured: isConfigured(account),
          extra: { tokenStatus: account.patStatus, baseUrl: account.serverUrl },
        }),
    },
    secrets,
    actions,
    message: messageAdapter,
    messaging: {
      targetPrefixes: [CHANNEL_ID],
      targetIdComparison: "case-sensitive",
      normalizeTarget,
      inferTargetChatType: ({ to }) => (parseTarget(to)?.kind === "user" ? "direct" : "channel"),
      targetResolver: { looksLikeId: (text) => parseTarget(text) !== undefined, hint: TARGET_HINT },
      resolveOutboundSessionRoute,
    },
    status,
    gateway: { startAccount: async (ctx) => (await loadGateway()).startAccount(ctx) },
  },
  pairing: {
    text: {
      idLabel: "rocketchatUserId",
      message: "Access approved. You can write to me now.",
      normalizeAllowEntry,
      notify: async ({ cfg, id, accountId, message }) => {
        const sending = sendingFor(resolveAccount(cfg, accountId));
        const roomId = await resolveTargetRoom(sending.rest, { kind: "user", id });
        await sendMessage(sending, { id: deriveMessageId(randomUUID()), roomId, text: message });
      },
    },
  },
  security,
  outbound,
});
