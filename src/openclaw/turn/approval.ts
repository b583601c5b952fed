// Owns deciding, at OpenClaw's gateway, about what waits for approval.

import { resolveApprovalOverGateway } from "openclaw/plugin-sdk/approval-gateway-runtime";
import { isApprovalNotFoundError } from "openclaw/plugin-sdk/error-runtime";
import type { Approval } from "../../commands/approval.ts";
import type { ApprovalOutcome } from "../../commands/replies.ts";
import {
  askedIn,
  awaitPrompt,
  chooseApproval,
  type Decider,
  forgetApprovalPrompt,
  isToldIn,
} from "../account/memory/approval-prompts.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { TurnScope } from "./scope.ts";

/** A question does not say of which kind it is; its id belongs to one of them. */
const KINDS = ["exec", "plugin"] as const;

/**
 * Hands the decision of somebody who may decide to the gateway, under the whole id or its first characters, as
 * OpenClaw's own `/approve` does; but about nothing else than he may decide about.
 */
export async function resolveApproval(
  scope: Pick<TurnScope, "cfg" | "accountId" | "settings" | "input">,
  { id, decision }: Approval,
): Promise<ApprovalOutcome> {
  const decider = deciderOf(scope);
  const approvalId = await awaitPrompt(() => chooseApproval(id, decider));
  if (approvalId === undefined) return { kind: "not-found" };
  if (approvalId === "ambiguous")
    return { kind: "refused", reason: "several ids begin so; write the whole id." };
  const { sender } = scope.input.message;
  // Not "Rocket.Chat", which is shown as a link to a site of that name.
  const clientDisplayName = `${sender.username ?? sender.id} (${CHANNEL_ID})`;
  for (const resolveMethod of KINDS) {
    try {
      await resolveApprovalOverGateway({
        cfg: scope.cfg,
        approvalId,
        decision,
        resolveMethod,
        clientDisplayName,
      });
      const isTold = isToldIn(approvalId, decider);
      forgetApprovalPrompt(approvalId);
      return { kind: "decided", isTold };
    } catch (error) {
      if (isApprovalNotFoundError(error)) continue;
      return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return { kind: "not-found" };
}

/** Who is an operator in a direct message for want of a list decides about what was asked there. */
function deciderOf({
  accountId,
  settings,
  input,
}: Pick<TurnScope, "accountId" | "settings" | "input">): Decider {
  const { room, message } = input;
  const person = room.chatType === "direct" ? ([{ kind: "user", id: message.sender.id }] as const) : [];
  return {
    ...askedIn(accountId, { kind: "room", id: room.id }, ...person),
    isListed: settings.commandAllowFrom.length > 0,
  };
}
