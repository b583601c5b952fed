// Owns deciding, at OpenClaw's gateway, about what waits for approval.

import { resolveApprovalOverGateway } from "openclaw/plugin-sdk/approval-gateway-runtime";
import { isApprovalNotFoundError } from "openclaw/plugin-sdk/error-runtime";
import type { Approval } from "../../commands/approval.ts";
import type { ApprovalOutcome } from "../../commands/replies.ts";
import { forgetApprovalPrompt } from "../account/memory/approval-prompts.ts";
import type { TurnScope } from "./scope.ts";

/** A question does not say of which kind it is; its id belongs to one of them. */
const KINDS = ["exec", "plugin"] as const;

/**
 * Hands the decision of somebody who may decide to the gateway, under the whole id or its first characters, as
 * OpenClaw's own `/approve` does.
 */
export async function resolveApproval(
  { cfg, input }: TurnScope,
  { id, decision }: Approval,
): Promise<ApprovalOutcome> {
  const { sender } = input.message;
  const clientDisplayName = `Rocket.Chat (${sender.username ?? sender.id})`;
  for (const resolveMethod of KINDS) {
    try {
      await resolveApprovalOverGateway({ cfg, approvalId: id, decision, resolveMethod, clientDisplayName });
      forgetApprovalPrompt(id);
      return { kind: "decided" };
    } catch (error) {
      if (isApprovalNotFoundError(error)) continue;
      return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return { kind: "not-found" };
}
