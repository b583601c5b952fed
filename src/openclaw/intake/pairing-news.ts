// Owns telling people in Rocket.Chat that they were approved, wherever the approval was given.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { Log } from "../../log.ts";
import { deriveMessageId } from "../../outbound/message-id.ts";
import { resolveTargetRoom, type Sending, sendMessage } from "../../outbound/send.ts";
import { openPairingMemory, type PairingMemory, type SentCode } from "../account/pairing-memory.ts";
import { sendingFor } from "../account/transport.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime } from "../runtime.ts";

const APPROVED_TEXT = "Access approved. You can write to me now.";

/** How often it is looked whether somebody with a code was approved; nothing is read while nobody waits. Milliseconds. */
const LOOK_INTERVAL_MS = 5000;

/** Tells one person, once: the message's id follows from the code, and a repeated post is none. */
async function announceApproval(
  { userId, code, roomId }: SentCode,
  { accountId, sending, pairings }: { accountId: string; sending: Sending; pairings: PairingMemory },
): Promise<void> {
  const id = deriveMessageId(accountId, "approved", userId, code);
  await sendMessage(sending, { id, roomId, text: APPROVED_TEXT });
  pairings.forget(userId);
}

/** Tells somebody on OpenClaw's request, who may have asked for the code long ago or by another way. */
export async function notifyApproved(approval: {
  readonly cfg: OpenClawConfig;
  readonly id: string;
  readonly accountId?: string | undefined;
}): Promise<void> {
  const settings = resolveAccount(approval.cfg, approval.accountId);
  const { accountId } = settings;
  const sending = sendingFor(settings);
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  const pairings = openPairingMemory(directory, accountId, Date.now);
  try {
    const waiting = pairings.waiting().find(({ userId }) => userId === approval.id);
    if (waiting !== undefined) return await announceApproval(waiting, { accountId, sending, pairings });
    const roomId = await resolveTargetRoom(sending.rest, { kind: "user", id: approval.id });
    await sendMessage(sending, { id: deriveMessageId(randomUUID()), roomId, text: APPROVED_TEXT });
  } finally {
    pairings.close();
  }
}

/**
 * Looks after the people who hold a code until `stop`. The command line approves in a process of its own that
 * knows nothing of this channel, so OpenClaw's list of paired people is read instead.
 */
export function watchApprovals(options: {
  readonly accountId: string;
  readonly sending: Sending;
  readonly pairings: PairingMemory;
  readonly readApproved: () => Promise<readonly string[]>;
  readonly log: Log;
}): { stop(): void } {
  const { pairings, log } = options;
  let looking = false;

  async function look(): Promise<void> {
    const waiting = pairings.waiting();
    if (waiting.length === 0) return;
    const approved = new Set(await options.readApproved());
    for (const person of waiting) if (approved.has(person.userId)) await announceApproval(person, options);
  }

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch((error: unknown) => log.warn("an approval could not be announced yet", { error }))
      .finally(() => {
        looking = false;
      });
  }, LOOK_INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
