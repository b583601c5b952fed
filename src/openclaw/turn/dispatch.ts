// Owns the agent run of an admitted message and the delivery of its replies.

import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import {
  bindIngressLifecycleToReplyOptions,
  createChannelMessageReplyPipeline,
} from "openclaw/plugin-sdk/channel-outbound";
import { questionGatewayRuntime } from "openclaw/plugin-sdk/question-gateway-runtime";
import type { ReplyPayload } from "openclaw/plugin-sdk/reply-chunking";
import { rememberThread } from "../../outbound/resolve-target.ts";
import { formatTarget } from "../../outbound/target.ts";
import { isFromBot } from "../../policy/access.ts";
import { resolveReplyToMode } from "../../policy/reply-place.ts";
import { roomSettings } from "../../settings.ts";
import type { ReplyPort, TurnPort } from "../../turn/host.ts";
import { NOTHING_AROUND } from "../../turn/surroundings.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { isDraining } from "../runtime.ts";
import { buildContext, lastRoute } from "./context.ts";
import { type Feedback, openFeedback } from "./feedback.ts";
import { createHandover, readMessageId } from "./handover.ts";
import { gatherMedia, NO_MEDIA } from "./media.ts";
import { inOrder, type TurnProgress } from "./order.ts";
import { findRefusal, tellRefusal } from "./refusal.ts";
import { createReplyDelivery } from "./reply-delivery.ts";
import { mediaOf, openReplyMedia } from "./reply-media.ts";
import { planReplies } from "./reply-plan.ts";
import { dmScopeOf, type Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";
import { readSession, watchRun } from "./session.ts";

/** OpenClaw's own command that ends what runs in a session and drops what it holds back for it. */
export const STOP = "/stop";

export interface Dispatch {
  readonly route: Route;
  readonly ingress: ResolvedChannelMessageIngress;
  readonly replies: ReplyPort;
  /** Reads what the agent is shown besides the message's words; a command is shown nothing. */
  readonly source?: Pick<TurnPort, "lookAround" | "fetchFiles" | "judgeAnew">;
  /** Ends the run when it aborts. */
  readonly signal?: AbortSignal;
  /** OpenClaw's own command that is to run in place of the agent. */
  readonly command?: string;
}

/** Runs the turn; what people see of it begins at once and ends with it, however that is. */
export async function dispatchTurn(scope: TurnScope, dispatch: Dispatch): Promise<void> {
  const { route, ingress, signal, command } = dispatch;
  const { settings, input } = scope;
  const mode = resolveReplyToMode(settings, input.room);
  const threadId = input.message.threadId ?? (mode === "off" ? undefined : input.message.id);
  const feedback = openFeedback(scope, {
    agentId: route.agentId,
    isAddressed: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
    place: { roomId: input.room.id, threadId },
    isCommand: command !== undefined,
    signal,
  });
  settleWhenStopped(scope, signal);
  const order = {
    sessionKey: route.turnSessionKey,
    mayJoin: command === undefined ? watchRun(scope, route) : () => true,
    // What a stop is to end may be what it would wait for.
    waits: command !== STOP,
    // OpenClaw would take what waits long for something that hangs.
    onWaiting: () => scope.lifecycle.onDeferredHeartbeat?.(),
    signal,
  };
  const run = (progress: TurnProgress) => runAgent(scope, dispatch, { feedback, progress });
  await feedback.during(inOrder(scope.turns, order, run));
}

/** Resolves with what OpenClaw says of the turn, undefined when it did not begin. */
async function runAgent(
  scope: TurnScope,
  dispatch: Dispatch,
  { feedback, progress }: { readonly feedback: Feedback; readonly progress: TurnProgress },
): Promise<object | undefined> {
  const { route, ingress, replies, source, signal, command } = dispatch;
  const { core, cfg, accountId, settings, input, log } = scope;
  const { message } = input;
  if (signal?.aborted) return undefined;
  const about = { message: message.id, session: route.turnSessionKey };
  const startedAt = Date.now();
  log.debug("turn started", { ...about, agent: route.agentId });
  await feedback.acknowledged;
  const mode = resolveReplyToMode(settings, input.room);
  const session = readSession(scope, route);
  const around = (await source?.lookAround(session)) ?? NOTHING_AROUND;
  const media = source ? await gatherMedia(scope, { ...source, around, session, signal }) : NO_MEDIA;
  if (signal?.aborted) return undefined;
  const { onModelSelected, ...pipeline } = createChannelMessageReplyPipeline({
    cfg,
    agentId: route.agentId,
    channel: CHANNEL_ID,
    accountId,
    typing: feedback.typing,
  });
  // Shared with the message tool: what the agent sends by itself may be the turn's first reply.
  const hasReplied = { value: false };
  const plan = planReplies({ message, mode, hasReplied, findRoot: replies.findRoot });
  const row = source ? judgeWhenTaken(scope, source.judgeAnew) : scope.lifecycle;
  const handover = createHandover(row, isDraining, scope.refusals);
  const replyMedia = openReplyMedia(scope, route);
  const deliverReply = createReplyDelivery({ scope, replies, replyMedia });
  // Of the reply in hand: OpenClaw prepares and delivers one after another.
  let place: string | undefined;
  let held = false;
  // Much may have changed while it waited and the room was read.
  if ((await source?.judgeAnew()) !== undefined) return undefined;
  scope.assertOpen();
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
        ctxPayload: buildContext(scope, { route, ingress, around, media, ...(command && { command }) }),
        // Whatever becomes of a stop, it is no question to the model.
        ...(command === STOP && { replyResolver: async () => undefined }),
        record: {
          ...(input.room.chatType === "direct" && { updateLastRoute: lastRoute(scope, route) }),
          onRecordError: (error: unknown) => log.warn("session record failed", { error }),
        },
        ...botLoopProtection(scope),
        dispatcherOptions: pipeline,
        delivery: {
          observeMessageSent: true,
          // A reply is addressed by its room and thread; a native reply to one message is nothing we could prove.
          async preparePayload({ replyToId, ...payload }, { kind }) {
            progress.ask(questionGatewayRuntime.readAskUserQuestionId(payload) !== undefined);
            held = await handover.hold(payload);
            place = await plan.place({ ...payload, replyToId: replyToId && readMessageId(replyToId), kind });
            if (place !== undefined) rememberThread({ roomId: input.room.id, threadId: place });
            return payload;
          },
          async durable(payload, { kind }) {
            if (kind !== "final") return false;
            progress.finish();
            // A command is answered in its own place, and nothing of a stopped answer is kept.
            if (command !== undefined || signal?.aborted || held) return false;
            // A file that is refused is told of in its place.
            if (mediaOf(payload).length > 0 && !(await replyMedia.canSend(payload))) return false;
            return durableReply(scope, payload, place);
          },
          async deliver(payload, { kind }) {
            if (kind === "final") progress.finish();
            if (held) return { visibleReplySent: false };
            const messageIds = await deliverReply({ payload, threadId: place, signal });
            return { visibleReplySent: messageIds.length > 0, messageIds, ...(place && { threadId: place }) };
          },
          onDelivered: (_, { kind }, result) =>
            log.debug("reply sent", { ...about, kind, reply: result?.messageIds?.join(",") ?? "-" }),
          onError(error) {
            log.error("reply could not be delivered", { error, messageId: message.id });
            const refusal = findRefusal(error);
            if (refusal !== undefined) void tellRefusal(scope, refusal);
          },
        },
        replyOptions: {
          ...bindIngressLifecycleToReplyOptions(handover.lifecycle),
          ...(signal && { abortSignal: signal }),
          onModelSelected,
          ...skillFilter(scope),
          hasRepliedRef: hasReplied,
        },
      }),
    },
  });
  // What is asked after a stop begins when that is over, so that it is not taken for what was to be stopped.
  if (command === STOP) progress.finish();
  const result = await turn;
  await handover.settle();
  log.debug("turn ended", { ...about, ms: Date.now() - startedAt });
  return "dispatchResult" in result ? result.dispatchResult : undefined;
}

/** How OpenClaw is to keep a final reply until it stands in the room, over errors and restarts. */
function durableReply({ input: { room } }: TurnScope, payload: ReplyPayload, threadId: string | undefined) {
  const hasMedia = mediaOf(payload).length > 0;
  if (!hasMedia && (payload.text ?? "").trim() === "") return false;
  return {
    to: formatTarget({ kind: "room", id: room.id }),
    replyToId: null,
    threadId: threadId ?? null,
    requiredCapabilities: {
      ...(hasMedia ? { media: true } : { text: true }),
      thread: threadId !== undefined,
      reconcileUnknownSend: true,
    },
  };
}

/** OpenClaw was to run a message that it held back, from somebody who may not speak any more. */
class NotAdmittedError extends Error {
  override readonly name = "NotAdmittedError";
}

/**
 * OpenClaw may hold a message back until the run before it is over (queue mode `collect`, and where it cannot steer). It
 * takes the row over when it is about to run the message; then it is judged once more. A refusal has aborted the turn,
 * which settles the row.
 */
function judgeWhenTaken(
  { lifecycle, log, input }: TurnScope,
  judgeAnew: TurnPort["judgeAnew"],
): TurnScope["lifecycle"] {
  let heldBack = false;
  return {
    ...lifecycle,
    onDeferred() {
      heldBack = true;
      lifecycle.onDeferred();
    },
    async onAdopted() {
      const over = heldBack ? await judgeAnew() : undefined;
      if (over !== undefined) {
        const { reason, detail = "-" } = over;
        log.info("message dropped", { reason, detail, message: input.message.id, room: input.room.id });
        throw new NotAdmittedError("The sender may not speak any more");
      }
      await lifecycle.onAdopted();
    },
  };
}

function skillFilter({ settings, input: { room } }: TurnScope) {
  const skills = room.chatType === "direct" ? undefined : roomSettings(settings, room).skills;
  return skills === undefined ? {} : { skillFilter: [...skills] };
}

/**
 * A stopped message that OpenClaw had not taken over yet would be given back to the queue for another attempt
 * and hold its lane until then. Its row is done at once; after OpenClaw took it over this does nothing.
 */
function settleWhenStopped({ lifecycle, log }: TurnScope, signal: AbortSignal | undefined): void {
  const settle = async (): Promise<void> => {
    try {
      await lifecycle.onAdopted();
    } catch (error) {
      log.warn("a stopped message could not be settled", { error });
    }
  };
  if (signal?.aborted) void settle();
  else signal?.addEventListener("abort", () => void settle(), { once: true });
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
