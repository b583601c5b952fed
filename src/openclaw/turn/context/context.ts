// Owns what the agent is told about a message: who wrote what, where, and where its reply goes.

import {
  formatInboundEnvelope,
  formatInboundMediaUnavailableText,
} from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { resolveInboundLastRouteSessionKey } from "openclaw/plugin-sdk/routing";
import { resolvePinnedMainDmOwnerFromAllowlist } from "openclaw/plugin-sdk/security-runtime";
import { saidAt } from "../../../facts/message.ts";
import { formatTarget } from "../../../outbound/target.ts";
import { resolveReplyToMode } from "../../../policy/reply-place.ts";
import { requiresMention, roomSettings } from "../../../settings.ts";
import type { TurnInput } from "../../../turn/host.ts";
import type { Surroundings } from "../../../turn/surroundings.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { mentionFacts } from "../access.ts";
import { nameAsking } from "../handover.ts";
import { dmScopeOf, type Route } from "../route.ts";
import { STOP, type TurnScope } from "../scope.ts";
import { showHeard } from "../voice.ts";
import type { TurnMedia } from "./media.ts";
import { nameOfUser, presentSurroundings } from "./surroundings.ts";

/** Where replies go, as OpenClaw addresses it. */
export function replyTarget({ message, room }: TurnInput): string {
  if (room.chatType === "direct") return formatTarget({ kind: "user", id: message.sender.id });
  return formatTarget({ kind: "room", id: room.id });
}

/**
 * Where a session's own messages go later, such as those of a heartbeat: the direct message that was last; of the main
 * session the owner's alone, where there is one, whoever else was paired.
 */
export function lastRoute(scope: Pick<TurnScope, "cfg" | "accountId" | "settings" | "input">, route: Route) {
  const { accountId, input } = scope;
  const sessionKey = resolveInboundLastRouteSessionKey({ route, sessionKey: route.turnSessionKey });
  const owner = sessionKey === route.mainSessionKey ? findOwner(scope, route) : null;
  const pin = owner && { ownerRecipient: owner, senderRecipient: input.message.sender.id };
  return {
    sessionKey,
    channel: CHANNEL_ID,
    to: replyTarget(input),
    accountId,
    ...(pin && { mainDmOwnerPin: pin }),
  };
}

/** OpenClaw's rule: the owner is who stands alone in `allowFrom`. A name that means nobody yet is nobody's route. */
function findOwner(
  { cfg, settings }: Pick<TurnScope, "cfg" | "settings">,
  { dmScope = cfg.session?.dmScope }: Route,
): string | null {
  return resolvePinnedMainDmOwnerFromAllowlist({
    dmScope: dmScope ?? null,
    allowFrom: [...settings.allowFrom],
    normalizeEntry: (entry) => (entry.startsWith("accessGroup:") ? undefined : entry),
  });
}

/** The place of the message and of replies to it, in OpenClaw's words. */
function threadFacts({ settings, input: { message, room } }: TurnScope) {
  const { id, threadId } = message;
  const repliesThreaded = resolveReplyToMode(settings, room) === "all";
  const place = threadId ?? (repliesThreaded ? id : undefined);
  // A thread of a direct message is a place to reply in, not a conversation of its own.
  const messageThreadId = room.chatType === "direct" && threadId !== undefined ? undefined : place;
  return {
    conversation: messageThreadId === undefined ? {} : { threadId: messageThreadId },
    reply: {
      ...(messageThreadId !== undefined && { messageThreadId }),
      ...(threadId !== undefined && { replyToId: threadId }),
    },
    extra: {
      ...(messageThreadId !== place && { TransportThreadId: place }),
      ...(threadId !== undefined && { ReplyThreading: { implicitCurrentMessage: "deny" } }),
    },
  };
}

/**
 * OpenClaw lets a thread take over the model that was chosen in its room, unless another parent is named. This
 * one never exists: a choice concerns the conversation it was made in.
 */
const NO_PARENT = ":no-parent";

export interface ContextParts {
  readonly route: Route;
  readonly ingress: ResolvedChannelMessageIngress;
  readonly around: Surroundings;
  readonly media: TurnMedia;
  /** OpenClaw's own command, in place of what was written. */
  readonly command?: string;
}

/** What OpenClaw is told of an admitted message. */
export function buildContext(scope: TurnScope, parts: ContextParts) {
  const { core, accountId, settings, input } = scope;
  const { message, room } = input;
  const { media, command } = parts;
  const to = replyTarget(input);
  const text = textOf(scope, parts);
  const thread = threadFacts(scope);
  const shown = presentSurroundings(scope, {
    around: parts.around,
    body: envelopeOf(scope, text),
    pictures: media.recent,
  });
  const context = core.channel.inbound.buildContext({
    channelIngress: parts.ingress,
    channel: CHANNEL_ID,
    accountId,
    // OpenClaw runs no id twice, neither in one process nor over restarts, and the message itself may have been asked before.
    messageId: nameAsking(message.id, scope.refusals, input.reaction),
    // OpenClaw drops what is not later than the last stop of its session, no matter who wrote it and in what room.
    ...(command !== STOP && { timestamp: saidAt(message) }),
    ...addressOf(input, parts.route),
    conversation: { ...conversationOf(input), ...thread.conversation },
    route: routeOf(parts.route),
    reply: { to, originatingTo: to, nativeChannelId: room.id, ...thread.reply },
    message: {
      inboundEventKind: parts.route.eventKind,
      body: shown.body,
      bodyForAgent: text,
      rawBody: text,
      commandBody: text,
      ...shown.message,
    },
    ...(media.media.length > 0 && { media: media.media }),
    sessionTranscript: shown.sessionTranscript,
    supplemental: { ...shown.supplemental, ...systemPromptOf(scope) },
    contextVisibility: settings.contextVisibility,
    access: accessOf(scope, parts.ingress),
    // What people write is never taken for OpenClaw's own commands: only what `commands/` read as one is.
    ...(command !== undefined && { command: { kind: "text-slash" as const, body: command } }),
    extra: {
      ...thread.extra,
      ...shown.extra,
      ...(input.heard && { Transcript: input.heard.words }),
      ...(command === undefined && { CommandInterpretationSuppressed: true }),
    },
  });
  context.ReplyToMode = resolveReplyToMode(settings, room);
  return context;
}

/** What the agent is to read, with a word on what could not be brought. */
function textOf({ input }: TurnScope, { media: { notice }, command }: ContextParts): string {
  const body = input.heard ? showHeard(input.heard) : showAsked(input);
  return command ?? (notice ? formatInboundMediaUnavailableText({ body, notice }) : body);
}

/** What a reaction asks, with what it stands for: nobody wrote it. */
function showAsked({ text, reaction }: TurnInput): string {
  if (reaction === undefined) return text;
  return `${text}\n\n(Asked by the reaction ${reaction} to the quoted message.)`;
}

function senderNameOf({ message: { sender } }: TurnInput): string {
  return sender.name ?? sender.username ?? sender.id;
}

/** The text as it stands among others: who wrote it, where and when. */
function envelopeOf({ core, cfg, input }: TurnScope, body: string): string {
  const { message, room } = input;
  const name = senderNameOf(input);
  return formatInboundEnvelope({
    channel: "Rocket.Chat",
    from: room.chatType === "direct" ? name : (room.label ?? room.id),
    timestamp: message.sentAt,
    body,
    chatType: room.chatType,
    sender: { name, id: message.sender.id },
    envelope: core.channel.reply.resolveEnvelopeFormatOptions(cfg),
  });
}

/** Of what is merely heard in a room OpenClaw shows the sender's name alone: there it is one that nobody else has. */
function addressOf(input: TurnInput, { eventKind }: Route) {
  const { room, message } = input;
  const { id, username } = message.sender;
  const name = eventKind === "room_event" ? nameOfUser(message.sender) : senderNameOf(input);
  const from =
    room.chatType === "direct" ? `${CHANNEL_ID}:${id}` : `${CHANNEL_ID}:${room.chatType}:${room.id}`;
  return { from, sender: { id, name, ...(username && { username }) } };
}

function conversationOf({ room, message }: TurnInput) {
  return {
    kind: room.chatType,
    id: room.id,
    nativeChannelId: room.id,
    ...(room.label && { label: room.label }),
    routePeer: { kind: room.chatType, id: room.chatType === "direct" ? message.sender.id : room.id },
  };
}

function routeOf(route: Route) {
  return {
    agentId: route.agentId,
    accountId: route.accountId,
    ...dmScopeOf(route),
    routeSessionKey: route.sessionKey,
    dispatchSessionKey: route.turnSessionKey,
    mainSessionKey: route.mainSessionKey,
    ...(route.parentSessionKey
      ? { parentSessionKey: route.parentSessionKey }
      : { modelParentSessionKey: `${route.turnSessionKey}${NO_PARENT}` }),
  };
}

function systemPromptOf({ settings, input: { room } }: TurnScope) {
  const prompt = room.chatType === "direct" ? undefined : roomSettings(settings, room).systemPrompt?.trim();
  return prompt ? { groupSystemPrompt: prompt } : {};
}

function accessOf({ settings, input }: TurnScope, ingress: ResolvedChannelMessageIngress) {
  const { room } = input;
  return {
    mentions: {
      ...mentionFacts(input),
      requireMention: room.chatType !== "direct" && requiresMention(settings, room),
      effectiveWasMentioned: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
    },
    commands: { authorized: ingress.commandAccess.authorized },
  };
}
