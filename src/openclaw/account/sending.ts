// Owns with what each account sends: the running account's own client, or one for a process in which it does not run.

import type { Sending } from "../../outbound/send.ts";
import type { Typing } from "../../outbound/typing.ts";
import type { AccountClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { openMessageIds } from "./memory/id-secret.ts";
import { openRestClient } from "./transport.ts";

/** Sending with a client that can do all. */
export interface AccountSending extends Sending {
  readonly rest: AccountClient;
  /** Of the running account alone. */
  readonly typing?: Typing;
  /** Of the running account alone: its settings in force, with ids in place of names. */
  readonly readSettings?: () => AccountSettings;
}

const running = new Map<string, AccountSending>();

/**
 * Lets sends of this process use the running account's client, so that its 401 ends the account's connection,
 * and its patience, so that they wait for a server that is away.
 */
export function shareSending(accountId: string, sending: AccountSending): () => void {
  running.set(accountId, sending);
  return () => {
    if (running.get(accountId) === sending) running.delete(accountId);
  };
}

/** The settings in force of an account that runs in this process, with ids in place of names. */
export const runningSettings = (accountId: string): AccountSettings | undefined =>
  running.get(accountId)?.readSettings?.();

/** The same, whose patience with a server that is away ends with a stop as well. */
export function untilStopped(sending: AccountSending, stop: AbortSignal | undefined): AccountSending {
  const { patience } = sending;
  return patience && stop ? { ...sending, patience: AbortSignal.any([patience, stop]) } : sending;
}

/** As the running account sends, or with a client of its own and no patience where it does not run (the command line). */
export function sendingFor(settings: AccountSettings): AccountSending {
  const known = running.get(settings.accountId);
  if (known !== undefined) return known;
  const rest = openRestClient(settings, { onUnauthorized: () => {} });
  return { rest, ids: openMessageIds(settings) };
}
