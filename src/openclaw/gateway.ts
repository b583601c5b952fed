// Owns one running account, from its start to its end.

import { setTimeout as sleep } from "node:timers/promises";
import { CHANNEL_APPROVAL_NATIVE_RUNTIME_CONTEXT_CAPABILITY } from "openclaw/plugin-sdk/approval-handler-adapter-runtime";
import { createAccountStatusSink } from "openclaw/plugin-sdk/channel-outbound";
import { registerChannelRuntimeContext } from "openclaw/plugin-sdk/channel-runtime-context";
import { channelBlockedPatch, channelStoppedPatch } from "openclaw/plugin-sdk/gateway-runtime";
import { createSubsystemLogger } from "openclaw/plugin-sdk/logging-core";
import { type Connection, type ConnectionChange, systemClock } from "../connection/driver.ts";
import { ConfigError, StorageError } from "../errors.ts";
import type { CatchUp } from "../intake/catch-up.ts";
import { createDropCounter, createLog, createRedactor, type DropCounter } from "../log.ts";
import { createTyping, readTypingName, type Typing } from "../outbound/typing.ts";
import type { AccountClient, RestClient } from "../rest/client.ts";
import { backoff } from "../retry.ts";
import { abortAfter } from "./account/farewell.ts";
import { HealthRecord, shareHealth } from "./account/health.ts";
import { type LinkOptions, openConnection, runLink, TokenNews } from "./account/link.ts";
import { openMessageIds } from "./account/memory/id-secret.ts";
import { createNotices } from "./account/notices.ts";
import { createMeeting, INSECURE, noteCertificate, noteLimit } from "./account/observe.ts";
import { createWriterWatch, type WriterWatch } from "./account/other-writer.ts";
import { withdrawLeftovers } from "./account/previews/leftovers.ts";
import { type AccountScope, reportState, type StartContext, type StatusSink } from "./account/scope.ts";
import { type AccountSending, shareSending } from "./account/sending.ts";
import { refreshServerFacts } from "./account/server-facts.ts";
import { openSocketFor } from "./account/sockets.ts";
import { assertServerAllowed, openRestClient } from "./account/transport.ts";
import { assertOnlyOne, resolveEndpoints } from "./config/account.ts";
import { CHANNEL_ID } from "./config/schema.ts";
import { secretForms } from "./config/secrets.ts";
import { type Arrivals, createArrivals, STREAMS } from "./intake/arrivals.ts";
import { openCatchUp } from "./intake/catch-up.ts";
import { createDeletions, type Deletions, MAX_DELETION_ROOMS } from "./intake/deletions.ts";
import { createIngress, type Ingress } from "./intake/ingress.ts";
import { openCooldown } from "./presence/cooldown.ts";
import { createPresence, type Presence } from "./presence/presence.ts";

/**
 * Runs an account until `abortSignal` aborts. An account that cannot work is reported as `blocked` with what
 * to do, and waits for its configuration to change.
 */
export async function startAccount(ctx: StartContext): Promise<void> {
  const settings = ctx.account;
  const secrets = secretForms(settings.pat);
  const report = redactStatus(ctx, secrets);
  let found: Readonly<Record<string, unknown>> = {};
  const audit = (findings: typeof found): void => {
    found = { ...found, ...findings };
    report({ audit: found });
  };
  // Not `ctx.log`: that is named "channels/rocketchat", which `openclaw channels logs --channel rocketchat` does not find.
  const log = createLog(createSubsystemLogger(CHANNEL_ID), { prefix: ctx.accountId, secrets });
  if (settings.dangerouslyAllowInsecure) log.warn("transport insecure", { advice: INSECURE });
  report({ baseUrl: settings.serverUrl, dmPolicy: settings.dmPolicy, lifecycle: "starting", running: true });
  try {
    const endpoints = resolveEndpoints(settings);
    await assertServerAllowed(settings);
    assertOnlyOne(ctx.cfg, settings);
    const health = new HealthRecord();
    const notices = createNotices(log);
    const base = { ctx, settings, report, audit, log, health, notices };
    await startThroughLocks(() => runAccount(base, endpoints.socket), base);
  } catch (error) {
    const cause = explanationOf(error);
    if (cause === undefined) throw error;
    log.error("account cannot start", { error: cause });
    report(channelBlockedPatch(cause.message));
    await aborted(ctx.abortSignal);
  } finally {
    report(channelStoppedPatch());
  }
}

/** A file that another process holds is free again by itself: what could not start for that alone tries again. */
async function startThroughLocks(
  run: () => Promise<void>,
  { ctx, log, report }: Pick<AccountScope, "ctx" | "log" | "report">,
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const cause = explanationOf(error);
      if (!(cause instanceof StorageError) || !cause.passing || ctx.abortSignal.aborted) throw error;
      const retryInMs = backoff(attempt, Math.random());
      log.warn("account cannot start yet", {
        error: cause,
        retryInSeconds: Math.round(retryInMs / 100) / 10,
      });
      report({ ...channelBlockedPatch(cause.message), lifecycle: "recovering" });
      await sleep(retryInMs, undefined, { signal: ctx.abortSignal }).catch(() => {});
    }
  }
}

/** What an operator has to mend; OpenClaw wraps an unavailable queue in an error of its own. */
function explanationOf(error: unknown): Error | undefined {
  if (error instanceof ConfigError || error instanceof StorageError) return error;
  return error instanceof Error && error.cause instanceof StorageError ? error.cause : undefined;
}

/** What there is of an account before it has a connection. */
type AccountBase = Omit<AccountScope, "typing">;

async function runAccount(base: AccountBase, socketUrl: string): Promise<void> {
  const { ctx, settings, log, health } = base;
  const drops = createDropCounter(log);
  const writers = createWriterWatch(settings.userId);
  const token = new TokenNews();
  const rest = writers.observe(openRest(base, token));
  const connection = openConnection(settings, {
    url: socketUrl,
    openSocket: openSocketFor(settings, (validUntil) => noteCertificate(base, validUntil)),
    streams: STREAMS,
    clock: systemClock,
    random: Math.random,
  });
  const scope: AccountScope = { ...base, typing: openTyping(connection, rest) };
  const sending = openSending(scope, rest);
  const presence = createPresence({ scope, connection, cooldown: openCooldown(settings) });
  const ingress = createIngress({ scope, sending, drops, onTurn: presence.note });
  const catchUp = openCatchUp(scope, rest, ingress);
  const deletions = openDeletions(scope, connection);
  registerChannelRuntimeContext({
    ...(ctx.channelRuntime && { channelRuntime: ctx.channelRuntime }),
    channelId: CHANNEL_ID,
    accountId: ctx.accountId,
    capability: CHANNEL_APPROVAL_NATIVE_RUNTIME_CONTEXT_CAPABILITY,
    context: {},
    abortSignal: ctx.abortSignal,
  });
  const unshare = [
    shareSending(ctx.accountId, { ...sending, readSettings: ingress.settings }),
    shareHealth(ctx.accountId, health),
  ];
  const parts = { scope, connection, rest, token, ingress, catchUp, deletions, presence, writers, drops };
  try {
    await Promise.all([runLink(linkOf(parts)), ingress.prepare()]);
  } finally {
    for (const end of unshare) end();
    await ingress.stop();
  }
}

/** Not bound to the abort signal: a reply on its way when the account is restarted must still arrive. */
function openRest(base: AccountBase, token: TokenNews): AccountClient {
  return openRestClient(base.settings, {
    onUnauthorized: token.tell,
    onRefused: base.notices.refused,
    onLimited: (endpoint, waitMs) => noteLimit(base, endpoint, waitMs),
  });
}

function openTyping(connection: Connection, rest: RestClient): Typing {
  return createTyping({
    call: connection.call,
    readName: () => readTypingName(rest),
    now: systemClock.now,
  });
}

function openSending(
  { ctx, settings, report, log, typing }: AccountScope,
  rest: AccountClient,
): AccountSending {
  const ids = openMessageIds(settings);
  // What makes ids impossible is to be told now, and not by the first answer.
  ids.derive();
  return {
    rest,
    typing,
    ids,
    patience: ctx.abortSignal,
    onPosted: () => report({ lastOutboundAt: Date.now() }),
    onTaken: ({ id, authorId }) => log.warn("message id taken", { message: id, by: authorId, advice: TAKEN }),
  };
}

const TAKEN =
  "Somebody else's message stands under the id of one that was to be posted, which is posted under another id";

function openDeletions({ log, audit }: AccountScope, { listen }: Connection): Deletions {
  return createDeletions({
    listen,
    clock: systemClock,
    onTooMany: () => {
      const note = `deletions are heard of at once in ${MAX_DELETION_ROOMS} rooms, in the others after an absence`;
      log.warn(note);
      audit({ deletions: note });
    },
  });
}

/** All parts of an account that runs. */
interface AccountParts {
  readonly scope: AccountScope;
  readonly connection: Connection;
  readonly rest: AccountClient;
  readonly token: TokenNews;
  readonly ingress: Ingress;
  readonly catchUp: CatchUp;
  readonly deletions: Deletions;
  readonly presence: Presence;
  readonly writers: WriterWatch;
  readonly drops: DropCounter;
}

/** What its link means to each part of an account. */
function linkOf(parts: AccountParts): LinkOptions {
  const { scope, connection, rest, token, ingress, drops } = parts;
  const { settings, log, health } = scope;
  const meet = createMeeting(scope, rest);
  const arrivals = createArrivals(parts);
  return {
    settings,
    connection,
    rest,
    token,
    ingress,
    onEvent: arrivals.take,
    glance: arrivals.glance,
    onConfirmed(me) {
      health.checked(Date.now());
      meet(me);
    },
    onCheckFailed: (error) => log.warn("credential check failed", { error }),
    onUnconfirmed: () =>
      log.warn("processing held", { reason: "the server has not confirmed the token in time" }),
    onState: (change) => follow({ ...parts, arrivals }, change),
    onDrop(reason, detail) {
      health.dropped(`frame ${reason}`);
      drops.count(`frame ${reason}`, { detail });
    },
    clock: systemClock,
    random: Math.random,
    signal: abortAfter(() => scope.typing.hideAll(), scope.ctx.abortSignal),
  };
}

function follow(
  { scope, rest, catchUp, deletions, presence, arrivals }: AccountParts & { readonly arrivals: Arrivals },
  change: ConnectionChange,
): void {
  const online = change.state === "online";
  if (online) arrivals.renew();
  // What changed while the connection was down was not pushed.
  if (online) void refreshServerFacts(scope.settings.accountId, rest);
  if (online) void withdrawLeftovers(scope, rest);
  reportState(scope, change);
  for (const part of [catchUp, deletions, presence]) {
    if (online) part.online();
    else part.offline();
  }
}

/** Texts in a status come from errors, of which a part may come from the server. */
function redactStatus({ accountId, setStatus }: StartContext, secrets: readonly string[]): StatusSink {
  const report = createAccountStatusSink({ accountId, setStatus });
  const redact = createRedactor(secrets);
  return ({ lastError, lastDisconnect, ...patch }) => {
    const ended = typeof lastDisconnect === "object" && lastDisconnect !== null ? lastDisconnect : undefined;
    report({
      ...patch,
      ...(lastError !== undefined && { lastError: lastError && redact(lastError) }),
      ...(ended && { lastDisconnect: { ...ended, error: redact(ended.error ?? "") } }),
    });
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
