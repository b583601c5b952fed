// Owns what setup needs of the channel: its account's configuration, secrets, status and policies, without a conversation.

import { describeAccountSnapshot } from "openclaw/plugin-sdk/account-helpers";
import { createScopedChannelConfigAdapter } from "openclaw/plugin-sdk/channel-config-helpers";
import { type ChannelPlugin, createChatChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import type { AccountSettings } from "../../settings.ts";
import {
  inspectAccount,
  isConfigured,
  listAccountIds,
  normalizeAllowEntry,
  resolveAccount,
  resolveDefaultAccountId,
} from "../config/account.ts";
import { LIVE_KEYS } from "../config/live-keys.ts";
import { CHANNEL_ID, rocketchatConfigSchema } from "../config/schema.ts";
import { secrets } from "../config/secrets.ts";
import { security } from "../surface/security.ts";
import type { Probe } from "../surface/status/probe.ts";
import { status } from "../surface/status/status.ts";
import { setupContract } from "./contract.ts";
import { setupWizard } from "./wizard/wizard.ts";

const config = createScopedChannelConfigAdapter<AccountSettings>({
  sectionKey: CHANNEL_ID,
  listAccountIds,
  resolveAccount,
  inspectAccount,
  defaultAccountId: resolveDefaultAccountId,
  clearBaseFields: ["serverUrl", "userId", "username", "pat", "name"],
  resolveDefaultTo: (account) => account.defaultTo,
  resolveAllowFrom: (account) => [...account.allowFrom],
  formatAllowFrom: (entries) => entries.map(normalizeAllowEntry).filter((entry) => entry !== ""),
});

/** What both entries declare alike. */
export const setupBase = {
  id: CHANNEL_ID,
  meta: {
    id: CHANNEL_ID,
    label: "Rocket.Chat",
    selectionLabel: "Rocket.Chat (plugin)",
    detailLabel: "Rocket.Chat bot user",
    // OpenClaw's page of all channels: it has none of ours.
    docsPath: "/channels",
    docsLabel: "channels",
    blurb: "self-hosted team chat; one bot user per agent.",
    order: 66,
    markdownCapable: true,
    preferSessionLookupForAnnounceTarget: true,
  },
  setupContract,
  setupWizard,
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
    noopPrefixes: [
      "messages.inbound",
      "messages.ackReactionScope",
      ...LIVE_KEYS.flatMap((key) => [
        `channels.${CHANNEL_ID}.${key}`,
        `channels.${CHANNEL_ID}.accounts.*.${key}`,
      ]),
    ],
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
  status,
} satisfies Partial<ChannelPlugin<AccountSettings, Probe>>;

/** The channel as OpenClaw sees it before it is configured, or while it is disabled. */
export const rocketchatSetupPlugin: ChannelPlugin<AccountSettings, Probe> = createChatChannelPlugin<
  AccountSettings,
  Probe
>({ base: setupBase, security });
