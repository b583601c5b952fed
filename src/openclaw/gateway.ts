// Owns one running account, from its start to its end.

import { createAccountStatusSink } from "openclaw/plugin-sdk/channel-outbound";
import { channelBlockedPatch, channelStoppedPatch } from "openclaw/plugin-sdk/gateway-runtime";
import { systemClock } from "../connection/driver.ts";
import type { StreamEvent } from "../ddp/protocol.ts";
import { ConfigError, StorageError } from "../errors.ts";
import type { CatchUp } from "../intake/catch-up.ts";
import type { RawMessageEvent } from "../intake/receive.ts";
import { createDropCounter, createLog, createRedactor } from "../log.ts";
import type { Sending } from "../outbound/send.ts";
import { createTyping, readTypingName } from "../outbound/typing.ts";
import type { RestClient } from "../rest/client.ts";
import { abortAfter } from "./account/farewell.ts";
import { HealthRecord, shareHealth } from "./account/health.ts";
import { startLink } from "./account/link.ts";
import { createNotices } from "./account/notices.ts";
import { INSECURE, meetServer, noteCertificate, noteLimit, noteOtherWriter } from "./account/observe.ts";
import { createWriterWatch } from "./account/other-writer.ts";
import { type AccountScope, reportState, type StartContext, type StatusSink } from "./account/scope.ts";
import { noteSettingChange, refreshServerFacts, SETTINGS_STREAM } from "./account/server-facts.ts";
import { openSocketFor } from "./account/sockets.ts";
import { assertServerAllowed, openRestClient, shareSending } from "./account/transport.ts";
import { assertOnlyOne, resolveEndpoints } from "./config/account.ts";
import { secretForms } from "./config/secrets.ts";
import { openCatchUp } from "./intake/catch-up.ts";
import {
  createDeletions,
  type Deletions,
  type Gone,
  MAX_DELETION_ROOMS,
  readGone,
} from "./intake/deletions.ts";
import { createIngress, type Ingress } from "./intake/ingress.ts";
import { toRawEvent } from "./intake/raw-event.ts";

/** All messages of all rooms that the bot user may see, by one subscription (recording `subscriptions`). */
const MESSAGE_STREAM = { stream: "stream-room-messages", eventName: "__my_messages__" };

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
  const sink = ctx.log ?? { info: () => {}, warn: () => {}, error: () => {} };
  const log = createLog(sink, { prefix: ctx.accountId, secrets });
  if (settings.dangerouslyAllowInsecure) log.warn("transport insecure", { advice: INSECURE });
  report({ baseUrl: settings.serverUrl, dmPolicy: settings.dmPolicy, lifecycle: "starting", running: true });
  try {
    const endpoints = resolveEndpoints(settings);
    await assertServerAllowed(settings);
    assertOnlyOne(ctx.cfg, settings);
    const health = new HealthRecord();
    await runAccount({
      ctx,
      settings,
      report,
      audit,
      log,
      health,
      notices: createNotices(log),
      socketUrl: endpoints.socket,
    });
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

/** What an operator has to mend; OpenClaw wraps an unavailable queue in an error of its own. */
function explanationOf(error: unknown): Error | undefined {
  if (error instanceof ConfigError || error instanceof StorageError) return error;
  return error instanceof Error && error.cause instanceof StorageError ? error.cause : undefined;
}

async function runAccount(started: Omit<AccountScope, "typing">): Promise<void> {
  const { ctx, settings, report, log, health, notices } = started;
  const typing = createTyping({
    call: (method, params) => connection.call(method, params),
    readName: () => readTypingName(rest),
    now: systemClock.now,
  });
  const deletions = createDeletions({
    listen: (request) => connection.listen(request),
    clock: systemClock,
    onTooMany: () => {
      const note = `deletions are heard of at once in ${MAX_DELETION_ROOMS} rooms, in the others after an absence`;
      log.warn(note);
      started.audit({ deletions: note });
    },
  });
  const scope: AccountScope = { ...started, typing };
  const drops = createDropCounter(log);
  const writers = createWriterWatch(settings.userId);
  let ingress: Ingress | undefined;
  let catchUp: CatchUp | undefined;
  let met = false;
  const sendingOf = (client: RestClient): Sending => ({
    rest: client,
    patience: ctx.abortSignal,
    onPosted: () => report({ lastOutboundAt: Date.now() }),
  });
  const { connection, rest } = startLink({
    settings,
    url: started.socketUrl,
    openSocket: openSocketFor(settings, (validUntil) => noteCertificate(scope, validUntil)),
    streams: [MESSAGE_STREAM, SETTINGS_STREAM],
    // Not bound to the abort signal: a reply on its way when the account is restarted must still arrive.
    openRest: (onUnauthorized) =>
      writers.observe(
        openRestClient(settings, {
          onUnauthorized,
          onRefused: notices.refused,
          onLimited: (endpoint, waitMs) => noteLimit(scope, endpoint, waitMs),
        }),
      ),
    openIngress: (client) => {
      const opened = createIngress(scope, sendingOf(client), drops);
      ingress = opened;
      catchUp = openCatchUp(scope, client, opened);
      const store = createStore(opened, catchUp, deletions);
      return {
        ...opened,
        store: (event) => {
          health.heard(Date.now());
          if (event.eventName === SETTINGS_STREAM.eventName) {
            // Among them is whether people are shown by their real names.
            typing.forgetName();
            return noteSettingChange(settings.accountId, event);
          }
          const gone = readGone(event);
          if (gone !== undefined) return admitGone(opened, gone);
          if (writers.isForeign(event.args[0])) noteOtherWriter(scope);
          return store(event);
        },
      };
    },
    onConfirmed: (me) => {
      health.checked(Date.now());
      if (!met) void meetServer(scope, rest, me);
      met = true;
    },
    onCheckFailed: (error) => log.warn("credential check failed", { error }),
    onUnconfirmed: () =>
      log.warn("processing held", { reason: "the server has not confirmed the token in time" }),
    onState(change) {
      // What changed while the connection was down was not pushed.
      if (change.state === "online") void refreshServerFacts(settings.accountId, rest);
      reportState(scope, change);
      if (change.state === "online") catchUp?.online();
      else catchUp?.offline();
      if (change.state === "online") deletions.online();
      else deletions.offline();
    },
    onDrop: (reason, detail) => {
      health.dropped(`frame ${reason}`);
      drops.count(`frame ${reason}`, { detail });
    },
    clock: systemClock,
    random: Math.random,
    signal: abortAfter(() => typing.hideAll(), ctx.abortSignal),
  });
  const unshare = [shareSending(ctx.accountId, sendingOf(rest)), shareHealth(ctx.accountId, health)];
  try {
    await ingress?.prepare();
    await connection.done;
  } finally {
    for (const end of unshare) end();
    await ingress?.stop();
  }
}

/** Stores what the connection delivers, behind what its room has missed. */
function createStore(
  ingress: Ingress,
  catchUp: CatchUp,
  deletions: Deletions,
): (event: StreamEvent) => Promise<void> | undefined {
  function note(raw: RawMessageEvent): void {
    catchUp.noteLive(raw);
    const roomId = ingress.watchedRoom(raw);
    if (roomId !== undefined) deletions.noteRoom(roomId);
  }

  return (event) => {
    const raw = toRawEvent(event);
    const turn = catchUp.awaitTurn(raw);
    const admitted = turn === undefined ? ingress.admit(raw) : turn.then(() => ingress.admit(raw));
    if (typeof admitted !== "number") return admitted.then(() => note(raw));
    note(raw);
    return undefined;
  };
}

async function admitGone(ingress: Ingress, gone: Gone): Promise<void> {
  if ("prune" in gone) await ingress.admitPrune(gone.prune);
  else await ingress.admitDeletions([gone.messageId]);
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
