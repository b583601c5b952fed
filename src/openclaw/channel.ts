// Owns the channel as OpenClaw sees it: its surfaces put together, the gateway loaded when an account starts.

import { type ChannelPlugin, createChatChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import type { AccountSettings } from "../settings.ts";
import { normalizeTarget } from "./account/named-places.ts";
import { normalizeAllowEntry } from "./config/account.ts";
import { groups } from "./config/room-tools.ts";
import { CHANNEL_ID } from "./config/schema.ts";
import { setupBase } from "./setup/plugin.ts";
import { actions } from "./surface/actions.ts";
import { approvalCapability } from "./surface/approvals/capability.ts";
import { messageToolHints } from "./surface/broadcast.ts";
import { directory } from "./surface/directory.ts";
import { allowlist, doctor } from "./surface/lists.ts";
import { messageAdapter, outbound } from "./surface/message-adapter.ts";
import { security } from "./surface/security.ts";
import {
  resolveDeliveryTarget,
  resolveOutboundSessionRoute,
  resolveSessionConversation,
} from "./surface/session-route.ts";
import type { Probe } from "./surface/status/probe.ts";
import { lookUpTarget, readTarget, resolveNames, TARGET_HINT } from "./surface/targets.ts";
import { threading } from "./surface/threading.ts";
import { heartbeat } from "./turn/heartbeat.ts";
import { formattingHints } from "./turn/reply/formatting-hints.ts";

/** The socket and all that hangs on it load when an account starts, not when the plugin is looked at. */
const loadGateway = createLazyRuntimeModule(() => import("./gateway.ts"));
const loadApprovals = createLazyRuntimeModule(() => import("./intake/pairing-news.ts"));

export const rocketchatPlugin: ChannelPlugin<AccountSettings, Probe> = createChatChannelPlugin<
  AccountSettings,
  Probe
>({
  base: {
    ...setupBase,
    agentPrompt: {
      messageToolHints,
      inboundFormattingHints: formattingHints,
    },
    groups,
    approvalCapability,
    actions,
    directory,
    doctor,
    heartbeat,
    allowlist,
    resolver: { resolveTargets: resolveNames },
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
