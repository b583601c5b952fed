import { createAccountStatusSink } from "openclaw/plugin-sdk/channel-outbound";
import { channelBlockedPatch, channelStoppedPatch } from "openclaw/plugin-sdk/gateway-runtime";
import { WebSocket } from "openclaw/plugin-sdk/websocket-runtime";
import { type Connection, startConnection, systemClock } from "../connection/driver.ts";
import { createOpenSocket } from "../connection/socket.ts";
import { ConfigError } from "../errors.ts";
import { createDropCounter, createLog } from "../log.ts";
import { type AccountScope, reportState, type StartContext } from "./account-scope.ts";
import { resolveEndpoints } from "./config/account.ts";
import { createIngress, toRawEvent } from "./ingress.ts";
import { assertServerAllowed, openRestClient, shareRestClient } from "./transport.ts";

/** All messages of all rooms that the bot user may see, by one subscription (recording `subscriptions`). */
const MESSAGE_STREAM = { stream: "stream-room-messages", eventName: "__my_messages__" };

/**
 * Runs an account until `abortSignal` aborts. An account that cannot work is reported as `blocked` with what
 * to do, and waits for its configuration to change.
 */
export async function startAccount(ctx: StartContext): Promise<void> {
  const settings = ctx.account;
  const report = createAccountStatusSink({ accountId: ctx.accountId, setStatus: ctx.setStatus });
  const sink = ctx.log ?? { info: () => {}, warn: () => {}, error: () => {} };
  const log = createLog(sink, { prefix: ctx.accountId, secrets: [settings.pat] });
  report({ baseUrl: settings.serverUrl, dmPolicy: settings.dmPolicy, lifecycle: "starting", running: true });
  try {
    const endpoints = resolveEndpoints(settings);
    await assertServerAllowed(settings);
    await runAccount({ ctx, settings, report, log, socketUrl: endpoints.socket });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error("account cannot start", { error });
    report(channelBlockedPatch(error.message));
    await aborted(ctx.abortSignal);
  } finally {
    report(channelStoppedPatch());
  }
}

async function runAccount(scope: AccountScope): Promise<void> {
  const { ctx, settings, log } = scope;
  let connection: Connection | undefined;
  // Not bound to the abort signal: a reply on its way when the account is restarted must still arrive.
  const rest = openRestClient(settings, { onUnauthorized: (error) => connection?.reject(error) });
  const unshare = shareRestClient(ctx.accountId, rest);
  const drops = createDropCounter(log);
  const ingress = createIngress(scope, rest, drops);
  ingress.start();
  connection = startConnection({
    url: scope.socketUrl,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates: !settings.dangerouslyAllowInsecure }),
    credentials: { userId: settings.userId, token: settings.pat },
    streams: [MESSAGE_STREAM],
    onEvent: (event) => ingress.admit(toRawEvent(event)),
    onState: (change) => reportState(scope, change),
    onDrop: (reason, detail) => drops.count(`frame ${reason}`, { detail }),
    clock: systemClock,
    random: Math.random,
    signal: ctx.abortSignal,
  });
  try {
    await ingress.prepare();
    await connection.done;
  } finally {
    unshare();
    await ingress.stop();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
