// Owns what `channels status` shows of an account.

import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";
import { buildPassiveProbedChannelStatusSummary } from "openclaw/plugin-sdk/extension-shared";
import { createLazyRuntimeModule } from "openclaw/plugin-sdk/lazy-runtime";
import {
  type ChannelAccountSnapshot,
  type ChannelStatusIssue,
  createAsyncComputedAccountStatusAdapter,
  createDefaultChannelRuntimeState,
} from "openclaw/plugin-sdk/status-helpers";
import { isJsonObject, readNumber, readObject, readText, readTexts } from "../../../facts/json.ts";
import type { AccountSettings } from "../../../settings.ts";
import { readHealth } from "../../account/health.ts";
import { noteServer } from "../../account/server-notes.ts";
import { isConfigured } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import type { Probe } from "./probe.ts";

const loadProbe = createLazyRuntimeModule(() => import("./probe.ts"));

/** Names in the configuration that mean nobody, as the running account found; its `audit` carries them. */
function readUnresolvedNames(audit: unknown): readonly string[] {
  return isJsonObject(audit) ? (readTexts(audit, "unresolvedNames") ?? []) : [];
}

function collectStatusIssues(accounts: ChannelAccountSnapshot[]): ChannelStatusIssue[] {
  return accounts.flatMap((account) => [
    ...readNameIssues(account),
    ...readGapIssues(account),
    ...readFailedIssues(account),
  ]);
}

/** Events that were tried and given up; they lie in the queue file until they are a month old. */
function readFailedIssues({ accountId, audit }: ChannelAccountSnapshot): ChannelStatusIssue[] {
  const failed = isJsonObject(audit) ? readObject(audit, "failedEvents") : undefined;
  const count = failed && readNumber(failed, "count");
  if (failed === undefined || count === undefined) return [];
  const message = `${count} received events could not be worked on and were given up; the latest: ${readText(failed, "reason") ?? "unknown"}`;
  const fix = "The log names each; ask again what should have been answered.";
  return [{ channel: CHANNEL_ID, accountId, kind: "runtime", message, fix }];
}

/** What the look for missed messages had to leave out, or found that the connection had not delivered. */
function readGapIssues({ accountId, audit }: ChannelAccountSnapshot): ChannelStatusIssue[] {
  const found = isJsonObject(audit) ? readObject(audit, "catchUp") : undefined;
  const [skipped, undelivered] = [readText(found ?? {}, "skipped"), readNumber(found ?? {}, "undelivered")];
  const issue = (message: string, fix: string): ChannelStatusIssue => ({
    channel: CHANNEL_ID,
    accountId,
    kind: "runtime",
    message,
    fix,
  });
  return [
    ...(skipped === undefined
      ? []
      : [
          issue(
            `Not answered: ${skipped}`,
            "Ask again, or raise catchUp.maxAgeMinutes or maxMessagesPerRoom.",
          ),
        ]),
    ...(undelivered === undefined
      ? []
      : [
          issue(
            `Rocket.Chat did not deliver ${undelivered} messages over the open connection; they were found and answered late.`,
            "Check that all instances of the server see each other's messages.",
          ),
        ]),
  ];
}

function readNameIssues({ accountId, audit }: ChannelAccountSnapshot): ChannelStatusIssue[] {
  const names = readUnresolvedNames(audit);
  if (names.length === 0) return [];
  const message = `No such user or room, so the entry matches nobody: ${names.join(", ")}`;
  const fix = "Correct the name, let the bot user see the room, or give the id.";
  return [{ channel: CHANNEL_ID, accountId, kind: "config" as const, message, fix }];
}

export const status = createAsyncComputedAccountStatusAdapter<AccountSettings, Probe>({
  defaultRuntime: createDefaultChannelRuntimeState(DEFAULT_ACCOUNT_ID, {
    connected: false,
    lastConnectedAt: null,
    lastDisconnect: null,
  }),
  probeAccount: async ({ account, timeoutMs }) => (await loadProbe()).probeAccount(account, timeoutMs),
  collectStatusIssues,
  buildChannelSummary: ({ snapshot }) =>
    buildPassiveProbedChannelStatusSummary(snapshot, {
      baseUrl: snapshot.baseUrl ?? null,
      connected: snapshot.connected ?? false,
    }),
  formatCapabilitiesProbe: ({ probe }) =>
    probe?.ok
      ? [
          { text: `Bot: @${probe.username} on Rocket.Chat ${probe.version ?? "(unknown version)"}` },
          { text: `Roles: ${probe.roles.join(", ")}` },
          ...noteServer(probe).map((text) => ({ text })),
        ]
      : [],
  resolveAccountSnapshot: async ({ account, runtime }) => ({
    accountId: account.accountId,
    enabled: account.enabled,
    configured: isConfigured(account),
    ...(account.name !== undefined && { name: account.name }),
    extra: {
      baseUrl: account.serverUrl,
      tokenStatus: account.patStatus,
      dmPolicy: account.dmPolicy,
      connected: runtime?.connected ?? false,
      ...(runtime?.audit !== undefined && { audit: runtime.audit }),
      health: await readHealth(account.accountId),
    },
  }),
});
