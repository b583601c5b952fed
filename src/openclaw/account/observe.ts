// Owns noting, in log and health, what a running account meets: its bot user, certificate, limits, another writer.

import { fetchServerVersion, type OwnUserFacts } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountScope } from "./scope.ts";
import { noteServer } from "./server-notes.ts";

export const INSECURE =
  "dangerouslyAllowInsecure is on: http is allowed and no certificate is checked, so others on the network can read the token or pose as the server. For local development only";

/** A certificate with fewer days left is worth a warning. */
const FEW_DAYS = 14;

const DAY_MS = 24 * 60 * 60 * 1000;

type Sinks = Pick<AccountScope, "health" | "log">;

/** Meets the server when the bot user is first confirmed. */
export function createMeeting(scope: AccountScope, rest: RestClient): (me: OwnUserFacts) => void {
  let met = false;
  return (me) => {
    if (!met) void meetServer(scope, rest, me);
    met = true;
  };
}

/** Asks what the server is and tells what could be better. Never rejects. */
async function meetServer(scope: AccountScope, rest: RestClient, me: OwnUserFacts): Promise<void> {
  const version = await fetchServerVersion(rest).catch(() => undefined);
  const server = { version, roles: me.roles };
  scope.health.met(server);
  for (const advice of noteServer(server)) scope.log.warn("server noted", { advice });
}

export function noteCertificate({ health, log }: Sinks, validUntil: number): void {
  health.certified(validUntil);
  const days = Math.floor((validUntil - Date.now()) / DAY_MS);
  if (days < FEW_DAYS) log.warn("certificate expires soon", { days, advice: "Renew it on the server" });
}

export function noteLimit({ health, log }: Sinks, endpoint: string, waitMs: number): void {
  health.limited(waitMs);
  log.info("rate limited", { endpoint, waitMs: Math.round(waitMs) });
}

export function noteOtherWriter({ health, notices }: AccountScope): void {
  health.sawOtherWriter(Date.now());
  notices.otherWriter();
}
