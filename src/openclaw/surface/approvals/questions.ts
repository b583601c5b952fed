// Owns the questions for an approval that this channel posts by itself: their words, and how they are closed.

import {
  buildChannelApprovalExpiredText,
  buildChannelApprovalResolvedText,
  createChannelApprovalNativeRuntimeAdapter,
  type PendingApprovalView,
} from "openclaw/plugin-sdk/approval-handler-runtime";
import { buildChannelApprovalNativeTargetKey } from "openclaw/plugin-sdk/approval-native-runtime";
import { createSubsystemLogger } from "openclaw/plugin-sdk/logging-core";
import { createLog, type Log } from "../../../log.ts";
import { closeMessage } from "../../../outbound/close.ts";
import type { AccountSettings } from "../../../settings.ts";
import {
  askedIn,
  forgetApprovalPrompt,
  rememberApprovalPrompt,
} from "../../account/memory/approval-prompts.ts";
import { sendingFor } from "../../account/sending.ts";
import { inspectAccount, resolveAccount } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { secretForms } from "../../config/secrets.ts";
import { outbound } from "../message-adapter.ts";
import { ASKED_KINDS, asksOperators, shouldAsk } from "./policy.ts";

interface Place {
  readonly to: string;
  readonly threadId: string | number | null;
}

/** The last line is OpenClaw's own, which sending turns into the command and the reactions that decide here. */
export function formatQuestion(view: PendingApprovalView): string {
  const asked = view.approvalKind === "plugin" ? view.description : fence(view.commandText);
  const warning = view.approvalKind === "exec" ? view.warningText : undefined;
  const decisions = view.actions.flatMap(({ kind, decision }) => (kind === "command" ? [] : [decision]));
  const lines = view.metadata.map(({ label, value }) => `${label}: ${value}`);
  return [
    `**${view.approvalKind === "plugin" ? view.title : "Exec approval required"}**`,
    asked,
    warning,
    [
      ...lines,
      `ID: ${view.approvalId}`,
      `Reply with: /approve ${view.approvalId} ${decisions.join("|")}`,
    ].join("\n"),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** A code block that nothing in the text ends. */
function fence(text: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const ticks = "`".repeat(longest + 1);
  return `${ticks}\n${text}\n${ticks}`;
}

const logOf = ({ accountId, pat }: AccountSettings): Log =>
  createLog(createSubsystemLogger(CHANNEL_ID), { prefix: accountId, secrets: secretForms(pat) });

/** Asks in each place once, and adds to the question what was decided, by whomever and wherever. */
export const approvalQuestions = createChannelApprovalNativeRuntimeAdapter<
  string,
  Place,
  string,
  never,
  string
>({
  eventKinds: ASKED_KINDS,
  availability: {
    isConfigured: ({ cfg, accountId = null }) => asksOperators({ cfg, accountId }),
    shouldHandle: ({ cfg, accountId = null, request }) => shouldAsk({ cfg, accountId, request }),
  },
  presentation: {
    buildPendingPayload: ({ view }) => formatQuestion(view),
    buildResolvedResult: ({ request, resolved, view }) => ({
      kind: "update",
      payload: buildChannelApprovalResolvedText({ request, resolved, view }),
    }),
    buildExpiredResult: ({ request, view }) => ({
      kind: "update",
      payload: buildChannelApprovalExpiredText({ request, view }),
    }),
  },
  transport: {
    prepareTarget: ({ plannedTarget: { target } }) => ({
      dedupeKey: buildChannelApprovalNativeTargetKey(target),
      target: { to: target.to, threadId: target.threadId ?? null },
    }),
    async deliverPending({ cfg, accountId = null, preparedTarget, pendingPayload, view }) {
      const sent = await outbound.sendText({ cfg, accountId, text: pendingPayload, ...preparedTarget });
      const ids = "receipt" in sent ? sent.receipt.platformMessageIds : [];
      const place = askedIn(resolveAccount(cfg, accountId).accountId, preparedTarget.to);
      rememberApprovalPrompt(view.approvalId, ids, place);
      return ids.at(-1) ?? null;
    },
    async updateEntry({ cfg, accountId = null, entry, payload, request }) {
      forgetApprovalPrompt(request.id);
      const settings = resolveAccount(cfg, accountId);
      try {
        await closeMessage(sendingFor(settings).rest, entry, payload);
      } catch (error) {
        logOf(settings).warn("a question for an approval could not be closed", { error, message: entry });
      }
    },
  },
  observe: {
    onDeliveryError({ cfg, accountId = null, error, plannedTarget, request }) {
      const about = { error, approval: request.id, to: plannedTarget.target.to };
      logOf(inspectAccount(cfg, accountId)).warn("an approval could not be asked for", about);
    },
  },
});
