// Owns what people see of a turn before its reply: the acknowledging reaction, signs of failure, and that the bot writes.

import { setTimeout } from "node:timers/promises";
import { resolveAgentConfig } from "openclaw/plugin-sdk/agent-scope-runtime";
import {
  createAckReactionHandle,
  createStatusReactionController,
  removeAckReactionHandleAfterReply,
  resolveAckReaction,
  shouldAckReaction,
} from "openclaw/plugin-sdk/channel-feedback";
import { readAgentRunTerminalOutcome } from "openclaw/plugin-sdk/channel-inbound";
import { createTypingKeepaliveLoop } from "openclaw/plugin-sdk/channel-outbound";
import { NotOnlineError } from "../../errors.ts";
import { setOwnReaction } from "../../outbound/reactions.ts";
import { TYPING_INTERVAL_MS, type TypingPlace } from "../../outbound/typing.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { HandedBackError } from "./handover.ts";
import type { TurnScope } from "./scope.ts";

/** How long a turn waits for its acknowledgement to stand, so that people see it first. Milliseconds. */
const ACK_WAIT_MS = 1000;

export interface FeedbackInput {
  readonly agentId: string;
  /** Whether the message is for the bot by a mention or what counts as one. */
  readonly isAddressed: boolean;
  /** Where the reply will be. */
  readonly place: TypingPlace;
  /** A room event gets no sign but the acknowledgement, and that only where all messages get it. */
  readonly isRoomEvent?: boolean;
  /** A command is answered at once: it gets no acknowledgement, and typing is shown only if OpenClaw asks for it. */
  readonly isCommand: boolean;
  /** Ends the typing when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What feedback needs of a turn. */
export type FeedbackScope = Pick<
  TurnScope,
  "cfg" | "accountId" | "settings" | "log" | "input" | "typing" | "rest"
>;

export interface Feedback {
  /** What OpenClaw's reply pipeline calls while the agent works. */
  readonly typing: TurnTyping;
  /** Resolves when people see the acknowledgement, or when that takes too long. */
  readonly acknowledged: Promise<unknown>;
  /**
   * Awaits the turn, to which `outcome` gives what OpenClaw says of it; what is to be shown at its end is shown
   * meanwhile, and never makes it fail.
   */
  during(turn: Promise<object | undefined>): Promise<void>;
}

type TurnTyping = ReturnType<typeof createTurnTyping>;

/** Acknowledges the message as configured, and shows at once that the bot works, until the turn is over. */
export function openFeedback(scope: FeedbackScope, feedback: FeedbackInput): Feedback {
  const { log, settings, input } = scope;
  const onError = (error: unknown): void => log.warn("reaction failed", { error, message: input.message.id });
  const typing = createTurnTyping(scope, { place: feedback.place, onError });
  if (feedback.isRoomEvent) void typing.stop();
  if (showsAtOnce(scope, feedback)) void typing.start();
  const stopTyping = (): void => void typing.stop();
  if (feedback.signal?.aborted) stopTyping();
  feedback.signal?.addEventListener("abort", stopTyping, { once: true });
  const ack = openAcknowledgement(scope, feedback, onError);

  async function end(failed: boolean): Promise<void> {
    await typing.stop();
    await ack.settle(failed, settings.removeAckAfterReply);
  }

  return {
    typing,
    acknowledged: ack.stands,
    async during(turn) {
      let failed = false;
      try {
        failed = readAgentRunTerminalOutcome(await turn) === "failed";
      } catch (error) {
        // What is given back to the queue has not failed yet.
        failed = !(error instanceof NotOnlineError || error instanceof HandedBackError);
        throw error;
      } finally {
        end(failed && feedback.signal?.aborted !== true).catch(onError);
      }
    },
  };
}

function openAcknowledgement(
  scope: FeedbackScope,
  { agentId, isAddressed, isCommand, isRoomEvent = false }: FeedbackInput,
  onError: (error: unknown) => void,
) {
  const { cfg } = scope;
  const react = reactionsOf(scope);
  const emoji =
    !isCommand && wantsAck(scope, { isAddressed, isRoomEvent })
      ? resolveAckReaction(cfg, agentId, { channel: CHANNEL_ID, accountId: scope.accountId })
      : "";
  const statusShown = !isRoomEvent && emoji !== "" && cfg.messages?.statusReactions?.enabled === true;
  const status = createStatusReactionController({
    enabled: statusShown,
    adapter: { setReaction: (name) => react(name, true), removeReaction: (name) => react(name, false) },
    initialEmoji: emoji,
    presentation: "acknowledgement",
    onError,
  });
  const ack = createAckReactionHandle({
    ackReactionValue: emoji,
    async send() {
      if (!statusShown) return react(emoji, true);
      await status.setQueued();
      // The controller answers before the reaction stands; this waits for it.
      await status.restoreInitial();
    },
    remove: async () => (statusShown ? status.clear() : react(emoji, false)),
    onSendError: onError,
  });
  return {
    stands:
      ack === null ? Promise.resolve() : Promise.race([ack.ackReactionPromise, setTimeout(ACK_WAIT_MS)]),
    /** Shows a failure for a moment, and takes the acknowledgement away after a reply if that is wanted. */
    async settle(failed: boolean, removeAfterReply: boolean): Promise<void> {
      if (statusShown && failed) await status.setError();
      if (statusShown) await status.restoreInitial();
      removeAckReactionHandleAfterReply({
        removeAfterReply: removeAfterReply && !failed,
        ackReaction: ack,
        onError,
      });
    },
  };
}

/** The typing sign and the typing reaction of one turn: `start` shows them, or goes on to, `stop` ends them for good. */
function createTurnTyping(
  scope: FeedbackScope,
  { place, onError }: { place: TypingPlace; onError: (error: unknown) => void },
) {
  const { typingReaction } = scope.settings;
  const react = reactionsOf(scope);
  const sign = scope.typing.open(place);
  const loop = createTypingKeepaliveLoop({ intervalMs: TYPING_INTERVAL_MS, onTick: sign.show });
  /** What was asked of the server about the reaction, one after the other; undefined until it was shown. */
  let reacted: Promise<void> | undefined;
  let over = false;
  return {
    async start(): Promise<void> {
      if (over) return;
      loop.start();
      if (typingReaction !== "") reacted ??= react(typingReaction, true).catch(onError);
      await Promise.all([sign.show(), reacted]);
    },
    async stop(): Promise<void> {
      if (over) return;
      over = true;
      loop.stop();
      const removed = reacted?.then(() => react(typingReaction, false)).catch(onError);
      await Promise.all([sign.end(), removed]);
    },
    onStartError: onError,
    /** The sign is kept up here, from before OpenClaw's first word of it until the turn is over. */
    keepaliveIntervalMs: 0,
    maxDurationMs: 0,
  };
}

/**
 * Whether typing begins with the turn, and not with OpenClaw's signal, which comes when the model is called: with its
 * defaults this says the same, seconds earlier on a cold gateway. Another `typingMode` is OpenClaw's business.
 */
function showsAtOnce(
  { cfg, input }: FeedbackScope,
  { agentId, isAddressed, isCommand, isRoomEvent, signal }: FeedbackInput,
): boolean {
  if (isCommand || isRoomEvent || signal?.aborted) return false;
  const mode = resolveAgentConfig(cfg, agentId)?.typingMode ?? cfg.agents?.defaults?.typingMode;
  if (mode !== undefined) return mode === "instant";
  return input.room.chatType === "direct" || isAddressed;
}

function wantsAck(
  { cfg, input }: FeedbackScope,
  { isAddressed, isRoomEvent }: { readonly isAddressed: boolean; readonly isRoomEvent: boolean },
): boolean {
  const direct = input.room.chatType === "direct";
  return shouldAckReaction({
    scope: cfg.messages?.ackReactionScope,
    inboundEventKind: isRoomEvent ? "room_event" : "user_request",
    isDirect: direct,
    isGroup: !direct,
    isMentionableGroup: !direct,
    canDetectMention: true,
    effectiveWasMentioned: isAddressed,
  });
}

/** Sets or removes a reaction of the bot to the message of the turn. */
function reactionsOf({ rest, input: { message } }: FeedbackScope) {
  return (emoji: string, stands: boolean): Promise<void> =>
    setOwnReaction(rest, { messageId: message.id, emoji, stands });
}
