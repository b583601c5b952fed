// Owns the ChannelPlugin object: what the Rocket.Chat channel is, declared to OpenClaw.

import { describeAccountSnapshot } from "openclaw/plugin-sdk/account-helpers";
import { createScopedChannelConfigAdapter } from "openclaw/plugin-sdk/channel-config-helpers";
import { type ChannelPlugin, createChatChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import { formatTarget, parseTarget } from "../outbound/target.ts";
import type { AccountSettings } from "../settings.ts";
import { actions } from "./actions.ts";
import { messageToolHints } from "./broadcast.ts";
import {
  inspectAccount,
  isConfigured,
  listAccountIds,
  normalizeAllowEntry,
  resolveAccount,
  resolveDefaultAccountId,
} from "./config/account.ts";
import { LIVE_KEYS } from "./config/live-keys.ts";
import { CHANNEL_ID, rocketchatConfigSchema } from "./config/schema.ts";
import { directory } from "./directory.ts";
import { messageAdapter, outbound } from "./message-adapter.ts";
import { groups } from "./room-tools.ts";
import { secrets } from "./secrets.ts";
import { security } from "./security.ts";
import {
  resolveDeliveryTarget,
  resolveOutboundSessionRoute,
  resolveSessionConversation,
} from "./session-route.ts";
import { setupContract } from "./setup/contract.ts";
import { setupWizard } from "./setup/wizard.ts";
import { type Probe, status } from "./status.ts";
import { lookUpTarget, readTarget, TARGET_HINT } from "./targets.ts";
import { threading } from "./threading.ts";

/** The socket and all that hangs on it load when an account starts, not when the plugin is looked at. */
const loadGateway = createLazyRuntimeModule(() => import("./gateway.ts"));
const loadApprovals = createLazyRuntimeModule(() => import("./approvals.ts"));

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

function normalizeTarget(text: string): string | undefined {
  const target = parseTarget(text);
  return target && formatTarget(target);
}

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
    setupWizard,
    agentPrompt: {
      messageToolHints,
      inboundFormattingHints: () => ({
        text_markup: "markdown",
        rules: [
          "Write standard Markdown; it is converted to Rocket.Chat's dialect.",
          "@name is plain text and notifies nobody; write <@username> at the beginning of a word to address somebody.",
        ],
      }),
    },
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
    groups,
    actions,
    directory,
    message: messageAdapter,
    messaging: {
      targetPrefixes: [CHANNEL_ID],
      targetIdComparison: "case-sensitive",
      normalizeTarget,
      inferTargetChatType: ({ to }) => (readTarget(to)?.kind.startsWith("user") ? "direct" : "channel"),
      targetResolver: {
        looksLikeId: (text) => readTarget(text) !== undefined,
        hint: TARGET_HINT,
        resolveTarget: lookUpTarget,
      },
      resolveSessionConversation,
      resolveOutboundSessionRoute,
      resolveDeliveryTarget,
      directTargetStyle: "user-prefixed",
    },
    status,
    gateway: { startAccount: async (ctx) => (await loadGateway()).startAccount(ctx) },
  },
  pairing: {
    text: {
      idLabel: "rocketchatUserId",
      message: "Access approved. You can write to me now.",
      normalizeAllowEntry,
      notify: async (approval) => (await loadApprovals()).notifyApproved(approval),
    },
  },
  security,
  threading,
  outbound,
});
