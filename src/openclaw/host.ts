// Owns the implementation of the inbound port: access, pairing, routing and the agent turn, all by OpenClaw's SDK.

import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { formatInboundEnvelope } from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import {
  bindIngressLifecycleToReplyOptions,
  type ChannelIngressMonitorLifecycle,
  createChannelMessageReplyPipeline,
} from "openclaw/plugin-sdk/channel-outbound";
import { createChannelPairingController } from "openclaw/plugin-sdk/channel-pairing";
import { resolveThreadSessionKeys } from "openclaw/plugin-sdk/routing";
import type { RoomFacts } from "../facts/room.ts";
import type { Access, HostTurn, InboundHost, TurnInput } from "../inbound/host.ts";
import type { Log } from "../log.ts";
import { formatTarget } from "../outbound/target.ts";
import { isFromBot, refusePlace, resolveSenderRule } from "../policy/access.ts";
import { type AccountSettings, requiresMention } from "../settings.ts";
import { CHANNEL_ID } from "./config/schema.ts";
import { TEXT_CHUNK_UNITS } from "./message-adapter.ts";
import { senderIdentity } from "./sender-identity.ts";

export interface HostOptions {
  readonly core: PluginRuntime;
  readonly accountId: string;
  readonly readConfig: () => OpenClawConfig;
  readonly readSettings: () => AccountSettings;
  readonly log: Log;
  /** Ownership of the event's row in the durable queue, handed on to the agent run. */
  readonly lifecycle: ChannelIngressMonitorLifecycle;
  readonly finishing: FinishingTurns;
}

/**
 * By session key: turns whose last reply is on its way. While OpenClaw waits to hear that it arrived, a next
 * turn of the session would take it for lost and say so in the room; it begins when this one is over.
 */
export type FinishingTurns = Map<string, Promise<void>>;

/** The inbound port for one event, under the configuration in force when it is called. */
export function createInboundHost(options: HostOptions): InboundHost {
  const cfg = options.readConfig();
  const settings = options.readSettings();
  return {
    settings: () => settings,
    openTurn: (input) => openTurn({ ...options, cfg, settings, input }),
  };
}

interface TurnScope extends HostOptions {
  readonly cfg: OpenClawConfig;
  readonly settings: AccountSettings;
  readonly input: TurnInput;
}

function openTurn(scope: TurnScope): HostTurn {
  const { core, accountId } = scope;
  const pairing = createChannelPairingController({ core, channel: CHANNEL_ID, accountId });
  const route = resolveRoute(scope);
  let ingress: ResolvedChannelMessageIngress | undefined;

  return {
    async resolveAccess() {
      ingress = await resolveIngress(scope, route, pairing.readAllowFromStore);
      return readAccess(ingress);
    },

    async requestPairing() {
      const { sender } = scope.input.message;
      const name = sender.username ?? sender.name ?? sender.id;
      const { code, created } = await pairing.upsertPairingRequest({ id: sender.id, meta: { name } });
      if (!created) return undefined;
      const idLine = `Your Rocket.Chat user id: ${sender.id}`;
      return core.channel.pairing.buildPairingReply({ channel: CHANNEL_ID, idLine, code });
    },

    async dispatch(deliver) {
      if (ingress === undefined) throw new Error("A turn is dispatched after its access was resolved");
      await dispatchTurn(scope, { route, ingress, deliver });
    },
  };
}

type Route = ReturnType<PluginRuntime["channel"]["routing"]["resolveAgentRoute"]> & {
  readonly turnSessionKey: string;
};

/** Threads of rooms have a session of their own; threads in direct messages stay in the sender's session. */
function resolveRoute({ core, cfg, accountId, input: { message, room } }: TurnScope): Route {
  const id = room.chatType === "direct" ? message.sender.id : room.id;
  const route = core.channel.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL_ID,
    accountId,
    peer: { kind: room.chatType, id },
  });
  const threadId = room.chatType === "direct" ? null : (message.threadId ?? null);
  const { sessionKey } = resolveThreadSessionKeys({ baseSessionKey: route.sessionKey, threadId });
  return { ...route, turnSessionKey: sessionKey };
}

function dmScopeOf({ dmScope }: Route) {
  return dmScope === undefined ? {} : { dmScope };
}

function resolveIngress(
  { core, cfg, accountId, settings, input }: TurnScope,
  route: Route,
  readStoreAllowFrom: () => Promise<string[]>,
): Promise<ResolvedChannelMessageIngress> {
  const { message, room } = input;
  const direct = room.chatType === "direct";
  const senders = resolveSenderRule(settings, room);
  return core.channel.inbound.ingress.resolve({
    channelId: CHANNEL_ID,
    accountId,
    identity: senderIdentity,
    subject: { stableId: message.sender.id },
    conversation: {
      kind: room.chatType,
      id: room.id,
      ...(message.threadId && { threadId: message.threadId }),
    },
    event: { kind: "message", authMode: "inbound", mayPair: direct },
    contextBinding: {
      agentId: route.agentId,
      sessionKey: route.turnSessionKey,
      messageId: message.id,
      nativeChannelId: room.id,
      inboundEventKind: "user_request",
    },
    ...(direct ? {} : { route: roomGate(settings, room) }),
    policy: {
      dmPolicy: settings.dmPolicy,
      groupPolicy: senders.groupPolicy,
      groupAllowFromFallbackToAllowFrom: false,
      activation: {
        requireMention: !direct && requiresMention(settings, room.id),
        allowTextCommands: false,
      },
    },
    allowFrom: [...settings.allowFrom],
    groupAllowFrom: [...senders.groupAllowFrom],
    ...(cfg.accessGroups && { accessGroups: cfg.accessGroups }),
    readStoreAllowFrom,
    mentionFacts: mentionFacts(input),
  });
}

/** The place was judged before; OpenClaw sees the verdict in its own graph of gates. */
function roomGate(settings: AccountSettings, room: RoomFacts) {
  const allowed = refusePlace(settings, room) === undefined;
  return { id: "rocketchat-room", kind: "route" as const, configured: true, matched: allowed, allowed };
}

function mentionFacts({ message, wasMentioned }: TurnInput) {
  return { canDetectMention: true, wasMentioned, hasAnyMention: message.mentions.length > 0 };
}

function readAccess({ ingress }: ResolvedChannelMessageIngress): Access {
  if (ingress.admission === "dispatch") return { kind: "allow" };
  if (ingress.admission === "pairing-required") return { kind: "pair" };
  const cause = ingress.admission === "skip" ? "activation" : "sender";
  return { kind: "refuse", cause, reason: ingress.reasonCode };
}

interface Dispatch {
  readonly route: Route;
  readonly ingress: ResolvedChannelMessageIngress;
  readonly deliver: (text: string) => Promise<string>;
}

async function dispatchTurn(scope: TurnScope, { route, ingress, deliver }: Dispatch): Promise<void> {
  const { core, cfg, accountId, input, log, finishing } = scope;
  const { message } = input;
  for (let turn = finishing.get(route.turnSessionKey); turn; turn = finishing.get(route.turnSessionKey))
    await turn;
  const { onModelSelected, ...pipeline } = createChannelMessageReplyPipeline({
    cfg,
    agentId: route.agentId,
    channel: CHANNEL_ID,
    accountId,
  });
  const finish = (): void => {
    const over = turn.then(forget, forget);
    finishing.set(route.turnSessionKey, over);
    function forget(): void {
      if (finishing.get(route.turnSessionKey) === over) finishing.delete(route.turnSessionKey);
    }
  };
  const turn = core.channel.inbound.run({
    channel: CHANNEL_ID,
    accountId,
    raw: message,
    adapter: {
      ingest: () => ({
        id: message.id,
        timestamp: message.sentAt,
        rawText: message.text,
        textForAgent: input.text,
      }),
      resolveTurn: () => ({
        cfg,
        channel: CHANNEL_ID,
        accountId,
        route: { agentId: route.agentId, sessionKey: route.sessionKey, ...dmScopeOf(route) },
        ctxPayload: buildContext(scope, { route, ingress }),
        record: {
          ...(input.room.chatType === "direct" && { updateLastRoute: lastRoute(scope, route) }),
          onRecordError: (error: unknown) => log.warn("session record failed", { error }),
        },
        ...botLoopProtection(scope),
        dispatcherOptions: pipeline,
        delivery: {
          observeMessageSent: true,
          async deliver(payload, { kind }) {
            if (kind === "final") finish();
            const messageIds: string[] = [];
            for (const chunk of chunkReply(scope, payload.text ?? "")) messageIds.push(await deliver(chunk));
            return { visibleReplySent: messageIds.length > 0, messageIds };
          },
          onError: (error) => log.error("reply could not be delivered", { error, messageId: message.id }),
        },
        replyOptions: { ...bindIngressLifecycleToReplyOptions(scope.lifecycle), onModelSelected },
      }),
    },
  });
  await turn;
}

/** OpenClaw counts the exchanges of two bots in a conversation and ends those that run in circles. */
function botLoopProtection({ accountId, settings, input: { message, room } }: TurnScope) {
  if (!isFromBot(settings, message)) return {};
  const pair = { senderId: message.sender.id, receiverId: settings.userId };
  const facts = {
    scopeId: accountId,
    conversationId: room.id,
    eventId: message.id,
    ...pair,
    defaultEnabled: true,
  };
  return { botLoopProtection: facts };
}

function chunkReply({ core, cfg, accountId }: TurnScope, text: string): string[] {
  const limit = core.channel.text.resolveTextChunkLimit(cfg, CHANNEL_ID, accountId, {
    fallbackLimit: TEXT_CHUNK_UNITS,
  });
  const mode = core.channel.text.resolveChunkMode(cfg, CHANNEL_ID, accountId);
  return core.channel.text
    .chunkMarkdownTextWithMode(text.trim(), limit, mode)
    .filter((chunk) => chunk.trim() !== "");
}

function replyTarget({ message, room }: TurnInput): string {
  if (room.chatType === "direct") return formatTarget({ kind: "user", id: message.sender.id });
  return formatTarget({ kind: "room", id: room.id });
}

function lastRoute({ accountId, input }: TurnScope, route: Route) {
  return { sessionKey: route.mainSessionKey, channel: CHANNEL_ID, to: replyTarget(input), accountId };
}

function buildContext(
  { core, cfg, accountId, settings, input }: TurnScope,
  { route, ingress }: Pick<Dispatch, "route" | "ingress">,
) {
  const { message, room, text } = input;
  const { sender, threadId } = message;
  const direct = room.chatType === "direct";
  const to = replyTarget(input);
  const from = direct ? `${CHANNEL_ID}:${sender.id}` : `${CHANNEL_ID}:${room.chatType}:${room.id}`;
  const senderName = sender.name ?? sender.username ?? sender.id;
  const body = formatInboundEnvelope({
    channel: "Rocket.Chat",
    from: direct ? senderName : (room.label ?? room.id),
    timestamp: message.sentAt,
    body: text,
    chatType: room.chatType,
    sender: { name: senderName, id: sender.id },
    envelope: core.channel.reply.resolveEnvelopeFormatOptions(cfg),
  });
  return core.channel.inbound.buildContext({
    channelIngress: ingress,
    channel: CHANNEL_ID,
    accountId,
    messageId: message.id,
    timestamp: message.sentAt,
    from,
    sender: { id: sender.id, name: senderName, ...(sender.username && { username: sender.username }) },
    conversation: {
      kind: room.chatType,
      id: room.id,
      nativeChannelId: room.id,
      ...(room.label && { label: room.label }),
      ...(threadId && { threadId }),
      routePeer: { kind: room.chatType, id: direct ? sender.id : room.id },
    },
    route: {
      agentId: route.agentId,
      accountId: route.accountId,
      ...dmScopeOf(route),
      routeSessionKey: route.sessionKey,
      dispatchSessionKey: route.turnSessionKey,
      mainSessionKey: route.mainSessionKey,
    },
    reply: {
      to,
      originatingTo: to,
      nativeChannelId: room.id,
      ...(threadId && { messageThreadId: threadId, replyToId: threadId }),
    },
    message: { inboundEventKind: "user_request", body, bodyForAgent: text, rawBody: text, commandBody: text },
    access: {
      mentions: {
        ...mentionFacts(input),
        requireMention: !direct && requiresMention(settings, room.id),
        effectiveWasMentioned: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
      },
      commands: { authorized: ingress.commandAccess.authorized },
    },
  });
}
