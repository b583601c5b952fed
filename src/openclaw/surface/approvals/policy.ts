// Owns which approvals this channel asks its operators for by itself, and whom it asks.

import {
  getExecApprovalReplyMetadata,
  matchesApprovalRequestFilters,
} from "openclaw/plugin-sdk/approval-client-runtime";
import { doesApprovalRequestSelectChannelAccount } from "openclaw/plugin-sdk/approval-native-runtime";
import type { ChannelOutboundAdapter } from "openclaw/plugin-sdk/channel-contract";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { formatTarget } from "../../../outbound/target.ts";
import { isNameEntry } from "../../../policy/names.ts";
import { runningSettings } from "../../account/sending.ts";
import { inspectAccount, normalizeAllowEntry, resolveDefaultAccountId } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";

interface AccountRef {
  readonly cfg: OpenClawConfig;
  readonly accountId?: string | null | undefined;
}

type Request = Parameters<typeof doesApprovalRequestSelectChannelAccount>[0]["request"];

/** What OpenClaw asks for and `!approve` decides about; changes of OpenClaw itself are for its own apps. */
export const ASKED_KINDS = ["exec", "plugin"] as const;

const isPerson = (entry: string): boolean => entry !== "*" && !entry.startsWith("accessGroup:");

/**
 * Where each operator is asked. Whoever is listed by name is known by the id that the name was looked up for, so that
 * nobody is asked who took the name since; a name that was not looked up is nobody's.
 */
export function operatorTargets({ cfg, accountId }: AccountRef): { to: string }[] {
  const written = inspectAccount(cfg, accountId);
  const { commandAllowFrom } = runningSettings(written.accountId) ?? written;
  const ids = commandAllowFrom.filter((entry) => isPerson(entry) && !isNameEntry(entry));
  return ids.map((id) => ({ to: formatTarget({ kind: "user", id: normalizeAllowEntry(id) }) }));
}

/** Whether an account asks at all: it is told to, and there is somebody to ask. */
export function asksOperators({ cfg, accountId }: AccountRef): boolean {
  const settings = inspectAccount(cfg, accountId);
  return settings.enabled && settings.execApprovals.enabled && settings.commandAllowFrom.some(isPerson);
}

/** Whether an account asks its operators for this approval: it comes from this channel, or from none such as a reminder. */
export function shouldAsk({
  cfg,
  accountId = null,
  request,
}: AccountRef & { readonly request: Request }): boolean {
  const { turnSourceChannel } = request.request;
  if (turnSourceChannel && turnSourceChannel !== CHANNEL_ID) return false;
  if (!asksOperators({ cfg, accountId }) || !passesFilters({ cfg, accountId }, request.request)) return false;
  const own = inspectAccount(cfg, accountId).accountId;
  return doesApprovalRequestSelectChannelAccount({
    cfg,
    request,
    channel: CHANNEL_ID,
    accountId: own,
    defaultAccountId: resolveDefaultAccountId(cfg),
    eligibleAccountIds: [own],
  });
}

/** The account's filters by agent and session; an approval that names no agent has the one that its session names. */
function passesFilters(
  { cfg, accountId }: AccountRef,
  { agentId, sessionKey }: { readonly agentId?: string | null; readonly sessionKey?: string | null },
): boolean {
  const { agentFilter, sessionFilter } = inspectAccount(cfg, accountId).execApprovals;
  return matchesApprovalRequestFilters({
    request: { agentId: agentId ?? null, sessionKey: sessionKey ?? null },
    agentFilter,
    sessionFilter,
    fallbackAgentIdFromSessionKey: true,
  });
}

type Prompt = Parameters<NonNullable<ChannelOutboundAdapter["shouldSuppressLocalPayloadPrompt"]>>[0];

/** Whether the operators are asked elsewhere for what a reply would ask for in the conversation. */
export function isAskedElsewhere({ cfg, accountId = null, payload, hint }: Prompt): boolean {
  if (hint?.kind !== "approval-pending" || hint.nativeRouteActive !== true) return false;
  const asked = getExecApprovalReplyMetadata(payload);
  return asked !== null && asksOperators({ cfg, accountId }) && passesFilters({ cfg, accountId }, asked);
}
