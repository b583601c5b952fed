// Owns which messages of the bot ask for an approval, so that a reaction to one decides about it.

import { getExecApprovalReplyMetadata } from "openclaw/plugin-sdk/approval-client-runtime";

/** Messages that are remembered; what OpenClaw asks waits for half an hour at most, and not over its own restart. */
const MAX_PROMPTS = 1000;

/** By message id: the id of what is asked. */
const prompts = new Map<string, string>();

/** Remembers a message that was posted for a payload, if OpenClaw, and no text of the agent's, asks for an approval in it. */
export function noteApprovalPrompt(
  payload: Parameters<typeof getExecApprovalReplyMetadata>[0],
  messageIds: readonly string[],
): void {
  const asked = getExecApprovalReplyMetadata(payload);
  if (asked === null) return;
  for (const id of messageIds) prompts.set(id, asked.approvalId);
  for (const id of prompts.keys()) if (prompts.size > MAX_PROMPTS) prompts.delete(id);
}

/** What was decided is asked by no message any more. */
export function forgetApprovalPrompt(approvalId: string): void {
  for (const [messageId, asked] of prompts) if (asked === approvalId) prompts.delete(messageId);
}

/** The id of what a message asks; undefined when it asks nothing. */
export const findApprovalPrompt = (messageId: string): string | undefined => prompts.get(messageId);
