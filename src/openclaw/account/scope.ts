// Owns what the parts of one running account share, and how its connection is reported to OpenClaw.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import type { createAccountStatusSink } from "openclaw/plugin-sdk/channel-outbound";
import type { ConnectionChange } from "../../connection/driver.ts";
import { describe, type Log } from "../../log.ts";
import type { Typing } from "../../outbound/typing.ts";
import type { AccountSettings } from "../../settings.ts";
import type { HealthRecord } from "./health.ts";
import type { Notices } from "./notices.ts";

export type StartContext = Parameters<
  NonNullable<NonNullable<ChannelPlugin<AccountSettings>["gateway"]>["startAccount"]>
>[0];
export type StatusSink = ReturnType<typeof createAccountStatusSink>;

/** User ids that accounts of this process logged in as. A configured id alone proves nothing about its user. */
export const botUserIds = new Set<string>();

export interface AccountScope {
  readonly ctx: StartContext;
  readonly settings: AccountSettings;
  readonly report: StatusSink;
  /** Adds what a part has found to the account's status; later findings of the same name take its place. */
  readonly audit: (findings: Readonly<Record<string, unknown>>) => void;
  readonly log: Log;
  readonly health: HealthRecord;
  readonly notices: Notices;
  readonly typing: Typing;
}

const inSeconds = (ms: number | undefined): number | undefined => ms && Math.round(ms / 100) / 10;

export function reportState(scope: AccountScope, change: ConnectionChange): void {
  const { log, report, settings, health } = scope;
  const { lifecycle, error, retryInMs, attempt } = change;
  if (lifecycle !== "ready") health.disconnected();
  if (lifecycle === "ready") {
    health.connected(Date.now());
    botUserIds.add(settings.userId);
    log.info("connected");
    const lastConnectedAt = Date.now();
    report({
      lifecycle,
      running: true,
      connected: true,
      lastConnectedAt,
      lastError: null,
      reconnectAttempts: 0,
    });
    return;
  }
  const lastError = error === undefined ? {} : { lastError: error.message };
  if (lifecycle === "blocked") {
    if (error !== undefined) log.error("account blocked", { error, retryInSeconds: inSeconds(retryInMs) });
    report({ lifecycle, connected: false, ...lastError });
    return;
  }
  if (error !== undefined) {
    log.warn("connection lost", { error, attempt, retryInSeconds: inSeconds(retryInMs) });
    report({ lastDisconnect: { at: Date.now(), error: describe(error) } });
  }
  report({ lifecycle, connected: false, reconnectAttempts: attempt, ...lastError });
}
