// Owns looking at what is stored for an account on disk: in the plugin's own queue, and in the host's, which newer versions of OpenClaw open to it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

export interface EventName {
  readonly accountId: string;
  readonly id: string;
}

/** The state of an event, whose folder of OpenClaw's state is given; undefined when neither queue has it. */
export function readStatus(state: string, { accountId, id }: EventName): string | undefined {
  const [own, ofHost] = [ownQueue(state, accountId), hostQueue(state)];
  const status =
    read(own, "SELECT status AS value FROM event WHERE id = ?", [id]) ??
    read(ofHost, `SELECT status AS value FROM ${HOST_EVENTS} AND event_id = ?`, [accountId, id]);
  return status === undefined ? undefined : String(status);
}

/** How many events of an account wait, or are being handed over, in both queues. */
export function countWaiting(state: string, accountId: string): number {
  const own = read(ownQueue(state, accountId), `SELECT count(*) AS value FROM event WHERE ${WAITS}`, []);
  const ofHost = read(hostQueue(state), `SELECT count(*) AS value FROM ${HOST_EVENTS} AND ${WAITS}`, [
    accountId,
  ]);
  return Number(own ?? 0) + Number(ofHost ?? 0);
}

/** The plugin's own queue. */
export const ownQueue = (state: string, accountId: string): string =>
  join(state, "rocketchat", `ingress-${accountId}.sqlite`);

const hostQueue = (state: string): string => join(state, "state", "openclaw.sqlite");

/**
 * Lets OpenClaw go on at its next start with what a killed gateway was sending; by itself it waits a minute for that one
 * to come back.
 */
export function giveUpSending(state: string): void {
  const db = new DatabaseSync(hostQueue(state));
  try {
    db.exec("UPDATE delivery_queue_entries SET entry_json = json_set(entry_json, '$.availableAt', 0)");
  } finally {
    db.close();
  }
}

const WAITS = "status IN ('pending', 'claimed')";
const HOST_EVENTS = "channel_ingress_events WHERE channel_id = 'rocketchat' AND account_id = ?";

function read(file: string, sql: string, values: readonly string[]): SQLOutputValue | undefined {
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare(sql).get(...values)?.value;
  } finally {
    db.close();
  }
}
