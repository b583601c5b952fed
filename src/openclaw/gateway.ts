// Owns everything of one running account: builds it, joins its parts, and takes it down.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import {
  type ChannelIngressMonitorLifecycle,
  createAccountStatusSink,
  createChannelIngressMonitor,
} from "openclaw/plugin-sdk/channel-outbound";
import { channelBlockedPatch, channelStoppedPatch } from "openclaw/plugin-sdk/gateway-runtime";
import { createRuntimeConfigReader } from "openclaw/plugin-sdk/runtime-config-snapshot";
import { WebSocket } from "openclaw/plugin-sdk/websocket-runtime";
import {
  type Connection,
  type ConnectionChange,
  startConnection,
  systemClock,
} from "../connection/driver.ts";
import { createOpenSocket } from "../connection/socket.ts";
import type { StreamEvent } from "../ddp/protocol.ts";
import { ConfigError } from "../errors.ts";
import { isJsonObject } from "../facts/json.ts";
import { createRoomLookup } from "../inbound/lookups.ts";
import { identify, type RawMessageEvent, receive } from "../inbound/receive.ts";
import { runTurn } from "../inbound/turn.ts";
import { createDropCounter, createLog, type DropCounter, describe, type Log } from "../log.ts";
import { createMessageId, sendMessage } from "../outbound/send.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchRoom } from "../rest/rooms.ts";
import type { AccountSettings } from "../settings.ts";
import { createSettingsReader, resolveEndpoints } from "./config/account.ts";
import { createInboundHost, type FinishingTurns } from "./host.ts";
import { openIngressQueue, type StoredEvent } from "./ingress-queue.ts";
import { getRuntime } from "./runtime.ts";
import { assertServerAllowed, openRestClient, shareRestClient } from "./transport.ts";

type StartContext = Parameters<
  NonNullable<NonNullable<ChannelPlugin<AccountSettings>["gateway"]>["startAccount"]>
>[0];
type StatusSink = ReturnType<typeof createAccountStatusSink>;

/** All messages of all rooms that the bot user may see, by one subscription (recording `subscriptions`). */
const MESSAGE_STREAM = { stream: "stream-room-messages", eventName: "__my_messages__" };

/** User ids that accounts of this process logged in as. A configured id alone proves nothing about its user. */
const botUserIds = new Set<string>();

/** How often rows left by a failed attempt are looked for. Milliseconds. */
const QUEUE_POLL_MS = 1000;

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

interface AccountScope {
  readonly ctx: StartContext;
  readonly settings: AccountSettings;
  readonly report: StatusSink;
  readonly log: Log;
  readonly socketUrl: string;
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
    onEvent: async (event) => {
      await ingress.admit(toRawEvent(event));
    },
    onState: (change) => reportState(scope, change),
    onDrop: (reason, detail) => drops.count(`frame ${reason}`, { detail }),
    clock: systemClock,
    random: Math.random,
    signal: ctx.abortSignal,
  });
  try {
    await connection.done;
  } finally {
    unshare();
    await ingress.stop();
  }
}

/** The durable way in: what `receive` lets pass is stored, then run through `runTurn`. */
function createIngress({ ctx, log, report }: AccountScope, rest: RestClient, drops: DropCounter) {
  const core = getRuntime();
  const { accountId } = ctx;
  const readConfig = createRuntimeConfigReader(ctx.cfg);
  const readSettings = createSettingsReader(readConfig, accountId, botUserIds);
  const finishing: FinishingTurns = new Map();
  const rooms = createRoomLookup({ fetchRoom: (roomId) => fetchRoom(rest, roomId), now: systemClock.now });

  async function post(
    where: { roomId: string; threadId: string | undefined },
    text: string,
  ): Promise<string> {
    const id = createMessageId(Math.random);
    await sendMessage(rest, { id, text, ...where });
    report({ lastOutboundAt: Date.now() });
    return id;
  }

  async function deliver(event: RawMessageEvent, lifecycle: ChannelIngressMonitorLifecycle): Promise<void> {
    const host = createInboundHost({ core, accountId, readConfig, readSettings, log, lifecycle, finishing });
    const outcome = await runTurn(event, { host, rooms, post });
    if (outcome.kind === "dropped")
      log.info("message dropped", { reason: outcome.reason, detail: outcome.detail ?? "-" });
  }

  return createChannelIngressMonitor<RawMessageEvent, string, StoredEvent>({
    queue: () => openIngressQueue(core.state, accountId),
    inspect(event, { phase }) {
      if (phase === "claim") return identify(event) ?? null;
      const receipt = receive(event, readSettings());
      if (receipt.kind === "received") return receipt.event;
      if (receipt.reason === "malformed") drops.count("message malformed", {});
      return null;
    },
    payload: {
      version: 1,
      storage: "raw-event",
      serialize: (event) => JSON.stringify(event),
      deserialize: parseRawEvent,
      createClaimError: (kind, claim) => new Error(`Stored event ${claim.id} cannot be read: ${kind}`),
    },
    deliver,
    onDurableAdmission: () => report({ lastInboundAt: Date.now(), lastEventAt: Date.now() }),
    pollIntervalMs: QUEUE_POLL_MS,
    retention: "standard",
    // A lane is free again once its turn is adopted; waiting for the whole run would keep `!stop` behind it.
    waitForDeliveryIdleBeforeRepump: false,
    // A stopping account has five seconds; runs that were adopted go on and deliver by themselves.
    waitForDeliveryIdleOnStop: false,
    abortSignal: ctx.abortSignal,
    onError: (error) => log.error("stored event failed", { error }),
  });
}

/** `args` of the stream are the message and `{roomParticipant, roomType, roomName?}`. */
function toRawEvent({ args: [message, room] }: StreamEvent): RawMessageEvent {
  return { message, room };
}

function parseRawEvent(text: string): RawMessageEvent {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value)
    ? { message: value.message, room: value.room }
    : { message: undefined, room: undefined };
}

function reportState({ log, report, settings }: AccountScope, change: ConnectionChange): void {
  const { lifecycle, error, retryInMs, attempt } = change;
  if (lifecycle === "ready") {
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
    if (error !== undefined) log.error("account blocked", { error, retryInMs });
    report({ lifecycle, connected: false, ...lastError });
    return;
  }
  if (error !== undefined) {
    log.warn("connection lost", { error, attempt, retryInMs });
    report({ lastDisconnect: { at: Date.now(), error: describe(error) } });
  }
  report({ lifecycle, connected: false, reconnectAttempts: attempt, ...lastError });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
