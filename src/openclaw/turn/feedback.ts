// Owns what people see of a turn before its reply: the acknowledging reaction, signs of failure, and that the bot writes.

import { setTimeout } from "node:timers/promises";
import {
  createAckReactionHandle,
  createStatusReactionController,
  removeAckReactionHandleAfterReply,
  resolveAckReaction,
  shouldAckReaction,
} from "openclaw/plugin-sdk/channel-feedback";
import { readAgentRunTerminalOutcome } from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { bareName, findEmoji } from "../../outbound/emoji.ts";
import { TYPING_INTERVAL_MS, type TypingPlace } from "../../outbound/typing.ts";
import { setReaction } from "../../rest/reactions.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

/** How long a turn waits for its acknowledgement to stand, so that people see it first. Milliseconds. */
const ACK_WAIT_MS = 1000;

export interface FeedbackInput {
  readonly route: Route;
  readonly ingress: ResolvedChannelMessageIngress;
  /** Where the reply will be. */
  readonly place: TypingPlace;
  /** A command is answered at once and gets no acknowledgement. */
  readonly isCommand: boolean;
}

/** Acknowledges the message as configured, waits a moment for that, and shows how the turn goes until it is over. */
export async function acknowledge(scope: TurnScope, { route, ingress, place, isCommand }: FeedbackInput) {
  const { cfg, settings, log, input } = scope;
  const react = reactionsOf(scope);
  const onError = (error: unknown): void => log.warn("reaction failed", { error, message: input.message.id });
  const ackReaction =
    !isCommand && wantsAck(scope, ingress)
      ? resolveAckReaction(cfg, route.agentId, { channel: CHANNEL_ID, accountId: scope.accountId })
      : "";
  const statusShown = ackReaction !== "" && cfg.messages?.statusReactions?.enabled === true;
  const status = createStatusReactionController({
    enabled: statusShown,
    adapter: { setReaction: (emoji) => react(emoji, true), removeReaction: (emoji) => react(emoji, false) },
    initialEmoji: ackReaction,
    presentation: "acknowledgement",
    onError,
  });
  const ack = createAckReactionHandle({
    ackReactionValue: ackReaction,
    send: async () => (statusShown ? status.setQueued() : react(ackReaction, true)),
    remove: async () => (statusShown ? status.clear() : react(ackReaction, false)),
    onSendError: onError,
  });
  if (ack !== null) await Promise.race([ack.ackReactionPromise, setTimeout(ACK_WAIT_MS, false)]);

  const typing = typingOf(scope, place);
  const end = async (failed: boolean): Promise<void> => {
    await typing.stop();
    if (statusShown && failed) await status.setError();
    if (statusShown) await status.restoreInitial();
    const removeAfterReply = !failed && settings.removeAckAfterReply;
    removeAckReactionHandleAfterReply({ removeAfterReply, ackReaction: ack, onError });
  };
  return {
    typing,
    /** Awaits the turn; what is to be shown at its end is shown meanwhile, and never makes it fail. */
    async during<Result extends object>(turn: Promise<Result>): Promise<Result> {
      let failed = true;
      try {
        const result = await turn;
        const outcome = "dispatchResult" in result ? result.dispatchResult : undefined;
        failed = readAgentRunTerminalOutcome(outcome) === "failed";
        return result;
      } finally {
        end(failed).catch(onError);
      }
    },
  };

  function typingOf({ typing: signs }: TurnScope, where: TypingPlace) {
    let reacted = false;
    const { typingReaction } = settings;
    return {
      async start(): Promise<void> {
        await signs.show(where);
        if (typingReaction === "" || reacted) return;
        reacted = true;
        await react(typingReaction, true).catch(onError);
      },
      async stop(): Promise<void> {
        await signs.hide(where);
        if (!reacted) return;
        reacted = false;
        await react(typingReaction, false).catch(onError);
      },
      onStartError: onError,
      keepaliveIntervalMs: TYPING_INTERVAL_MS,
      /** As long as the run lasts: OpenClaw ends it with the run. */
      maxDurationMs: 0,
    };
  }
}

function wantsAck({ cfg, input }: TurnScope, ingress: ResolvedChannelMessageIngress): boolean {
  const direct = input.room.chatType === "direct";
  return shouldAckReaction({
    scope: cfg.messages?.ackReactionScope,
    inboundEventKind: "user_request",
    isDirect: direct,
    isGroup: !direct,
    isMentionableGroup: !direct,
    canDetectMention: true,
    effectiveWasMentioned: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
  });
}

/** Reactions to the message of the turn. An emoji that is no standard one is taken for one of the workspace's own. */
function reactionsOf({ rest, input: { message } }: TurnScope) {
  return (emoji: string, stands: boolean): Promise<void> =>
    setReaction(rest, { messageId: message.id, emoji: findEmoji(emoji) ?? bareName(emoji), stands });
}
