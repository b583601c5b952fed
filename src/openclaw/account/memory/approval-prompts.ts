// Owns which messages of the bot ask for an approval, and where: who may decide is asked in the place of the question.

import { setTimeout as sleep } from "node:timers/promises";
import { getExecApprovalReplyMetadata } from "openclaw/plugin-sdk/approval-client-runtime";
import { formatTarget, parseTarget, type Target } from "../../../outbound/target.ts";

/** Messages that are remembered; what OpenClaw asks waits for half an hour at most, and not over its own restart. */
const MAX_PROMPTS = 1000;

/** Where something was asked: by which account, and the room or person that it was sent to, as targets by id. */
export interface AskedPlace {
  readonly accountId: string;
  readonly targets: readonly string[];
}

interface Prompt extends AskedPlace {
  /** The id of what is asked. */
  readonly approvalId: string;
  /** OpenClaw asked, and says in the same place what was decided. */
  readonly isForwarded: boolean;
}

/** By message id. */
const prompts = new Map<string, Prompt>();

/** A place by what OpenClaw and the message call it. */
export function askedIn(accountId: string, ...targets: readonly (Target | string)[]): AskedPlace {
  const read = targets.map((one) => (typeof one === "string" ? parseTarget(one) : one));
  return { accountId, targets: read.flatMap((target) => (target === undefined ? [] : formatTarget(target))) };
}

/** Remembers a message that was posted for a payload, if OpenClaw, and no text of the agent's, asks for an approval in it. */
export function noteApprovalPrompt(
  payload: Parameters<typeof getExecApprovalReplyMetadata>[0],
  messageIds: readonly string[],
  place: AskedPlace,
): void {
  const asked = getExecApprovalReplyMetadata(payload);
  if (asked === null) return;
  remember({ ...place, approvalId: asked.approvalId, isForwarded: true }, messageIds);
}

/** Remembers messages in which this channel itself asks for an approval. */
export function rememberApprovalPrompt(
  approvalId: string,
  messageIds: readonly string[],
  place: AskedPlace,
): void {
  remember({ ...place, approvalId, isForwarded: false }, messageIds);
}

function remember(prompt: Prompt, messageIds: readonly string[]): void {
  for (const id of messageIds) prompts.set(id, prompt);
  for (const id of prompts.keys()) if (prompts.size > MAX_PROMPTS) prompts.delete(id);
}

/** What was decided is asked by no message any more. */
export function forgetApprovalPrompt(approvalId: string): void {
  for (const [messageId, asked] of prompts) if (asked.approvalId === approvalId) prompts.delete(messageId);
}

/** Whether OpenClaw will say in this place what was decided. */
export function isToldIn(approvalId: string, { accountId, targets }: AskedPlace): boolean {
  return [...prompts.values()].some(
    (asked) =>
      asked.isForwarded &&
      asked.approvalId === approvalId &&
      asked.accountId === accountId &&
      asked.targets.some((target) => targets.includes(target)),
  );
}

/** The id of what a message of an account asks; undefined when it asks nothing. */
export function findApprovalPrompt(accountId: string, messageId: string): string | undefined {
  const asked = prompts.get(messageId);
  return asked?.accountId === accountId ? asked.approvalId : undefined;
}

/** How long the answer to a post is waited for, and how often it is looked for. Milliseconds. */
const [ANSWER_MS, LOOK_MS] = [3_000, 50];

/**
 * Looks until something is found, and no longer than the answer to a post takes: people see a question, and decide about
 * it, before the bot knows that it stands.
 */
export async function awaitPrompt<T>(look: () => T | undefined): Promise<T | undefined> {
  for (let left = ANSWER_MS; left > 0 && look() === undefined; left -= LOOK_MS) await sleep(LOOK_MS);
  return look();
}

/** Whoever decides, as far as it says about which questions. */
export interface Decider extends AskedPlace {
  /** About all of the account's; else only about those that were asked where he writes. */
  readonly isListed: boolean;
}

/** The form of a whole id. Nobody guesses one: whoever writes it was shown the question, here or in OpenClaw's own apps. */
const WHOLE = /^(?:plugin:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Which approval somebody means by a whole id or its first characters, among those that he may decide about; several are
 * `"ambiguous"`. OpenClaw itself would complete the beginning of any id, of another account, channel or person.
 */
export function chooseApproval(id: string, decider: Decider): string | "ambiguous" | undefined {
  const meant = [...prompts.values()].filter(({ approvalId }) => approvalId.startsWith(id));
  const own = new Set(meant.filter((asked) => mayDecide(asked, decider)).map(({ approvalId }) => approvalId));
  if (own.has(id)) return id;
  const [only] = own;
  if (own.size > 0) return own.size === 1 ? only : "ambiguous";
  return meant.length === 0 && decider.isListed && WHOLE.test(id) ? id : undefined;
}

function mayDecide(asked: AskedPlace, { accountId, targets, isListed }: Decider): boolean {
  if (asked.accountId !== accountId) return false;
  return isListed || asked.targets.some((target) => targets.includes(target));
}
