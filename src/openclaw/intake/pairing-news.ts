// Owns telling people in Rocket.Chat that they were approved, wherever the approval was given.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { Log } from "../../log.ts";
import { deriveMessageId } from "../../outbound/message-id.ts";
import { withPatience } from "../../outbound/patience.ts";
import { resolveTargetRoom, type Sending, sendMessage } from "../../outbound/send.ts";
import { adviseRetry } from "../../retry.ts";
import { openPairingMemory, type PairingMemory, type SentCode } from "../account/memory/pairing-memory.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime } from "../runtime.ts";

const APPROVED_TEXT = "Access approved. You can write to me now.";

/** How often it is looked whether somebody with a code was approved; nothing is read while nobody waits. Milliseconds. */
const LOOK_INTERVAL_MS = 5000;

/** Somebody who could not be told is tried again after 1, 2, 4 … looks, and at least so often: every five minutes. */
const MAX_LOOKS_BETWEEN = 60;

/** Tells one person, once: the message's id follows from the code, which is a secret, and a repeated post is none. */
async function announceApproval(
  { userId, code, roomId }: SentCode,
  { accountId, sending, pairings }: { accountId: string; sending: Sending; pairings: PairingMemory },
): Promise<void> {
  const id = deriveMessageId(accountId, "approved", userId, code);
  await sendMessage(sending, { id, roomId, text: APPROVED_TEXT });
  pairings.forget(userId);
}

function openPairings(accountId: string): ReturnType<typeof openPairingMemory> {
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  return openPairingMemory(directory, accountId, Date.now);
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
  const pairings = openPairings(accountId);
  try {
    const waiting = pairings.waiting().find(({ userId }) => userId === approval.id);
    if (waiting !== undefined) return await announceApproval(waiting, { accountId, sending, pairings });
    const person = { kind: "user", id: approval.id } as const;
    const roomId = await withPatience(sending, () => resolveTargetRoom(sending.rest, person));
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
  /** By user id: how often telling somebody has failed, and when it is tried again; absent: it was not tried yet. */
  const failed = new Map<string, { readonly times: number; readonly dueAt: number }>();
  const telling = new Set<string>();
  let looks = 0;

  async function look(): Promise<void> {
    looks += 1;
    const waiting = pairings.waiting();
    const ids = new Set(waiting.map(({ userId }) => userId));
    for (const userId of failed.keys()) if (!ids.has(userId)) failed.delete(userId);
    if (waiting.length === 0) return;
    const approved = new Set(await options.readApproved());
    for (const person of waiting) if (approved.has(person.userId)) void tell(person);
  }

  /** Tells one person, whose trouble is no other's. Never rejects. */
  async function tell(person: SentCode): Promise<void> {
    const { userId: user, username: name } = person;
    const { times, dueAt } = failed.get(user) ?? { times: 0, dueAt: 0 };
    if (telling.has(user) || looks < dueAt) return;
    telling.add(user);
    try {
      await announceApproval(person, options);
    } catch (error) {
      if (adviseRetry(error).kind === "blocked") {
        log.warn("an approval cannot be announced: the server refuses it", { user, name, error });
        pairings.forget(user);
      } else {
        log.warn("an approval could not be announced yet", { user, name, error });
        failed.set(user, { times: times + 1, dueAt: looks + Math.min(2 ** times, MAX_LOOKS_BETWEEN) });
      }
    } finally {
      telling.delete(user);
    }
  }

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch((error: unknown) => log.warn("it is not known who was approved", { error }))
      .finally(() => {
        looking = false;
      });
  }, LOOK_INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
