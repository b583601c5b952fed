// Owns the agent run of an admitted message.

import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { bindIngressLifecycleToReplyOptions } from "openclaw/plugin-sdk/channel-outbound";
import { saidAt } from "../../facts/message.ts";
import type { TypingPlace } from "../../outbound/typing.ts";
import { resolveReplyToMode } from "../../policy/reply-place.ts";
import { roomSettings } from "../../settings.ts";
import type { ReplyPort, TurnInput, TurnPort } from "../../turn/host.ts";
import { NOTHING_AROUND } from "../../turn/surroundings.ts";
import { awaitFirstReply, type HasReplied } from "../account/memory/first-reply.ts";
import { noteName } from "../account/named-places.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { isDraining } from "../runtime.ts";
import { botLoopProtection } from "./bot-loop.ts";
import { buildContext, type ContextParts, lastRoute } from "./context/context.ts";
import { gatherMedia, NO_MEDIA } from "./context/media.ts";
import { type Feedback, openFeedback } from "./feedback.ts";
import { createHandover, type Handover } from "./handover.ts";
import { inOrder, type TurnProgress } from "./order.ts";
import { createDelivery } from "./reply/delivery.ts";
import { openPipeline, type Pipeline } from "./reply/pipeline.ts";
import { openTurnPreview, type TurnPreview } from "./reply/preview.ts";
import { dmScopeOf, type Route } from "./route.ts";
import { STOP, type TurnScope } from "./scope.ts";
import { isSendDenied, readSession, untilRunIsOver, watchRun } from "./session.ts";
import { echoHeard } from "./voice.ts";

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
  const { route, ingress, replies, signal, command } = dispatch;
  const { settings, input } = scope;
  notePlace(input);
  const mode = resolveReplyToMode(settings, input.room);
  const isInRoom = input.message.threadId === undefined && mode !== "off";
  const threadId = replies.threadId ?? (isInRoom ? input.message.id : undefined);
  const place = { roomId: input.room.id, threadId };
  const feedback = openFeedback(scope, {
    agentId: route.agentId,
    isAddressed: ingress.activationAccess.effectiveWasMentioned ?? input.wasMentioned,
    place,
    isRoomEvent: route.eventKind === "room_event",
    isCommand: command !== undefined,
    signal,
  });
  settleWhenStopped(scope, signal);
  const order = {
    sessionKey: route.turnSessionKey,
    mayJoin: mayJoin(scope, route, command),
    sentAt: saidAt(input.message),
    // What is asked after a stop begins when that is over, so that it is not taken for what was to be stopped.
    endsOthers: command === STOP,
    // OpenClaw would take what waits long for something that hangs.
    onWaiting: () => scope.lifecycle.onDeferredHeartbeat?.(),
    signal,
  };
  const run = (progress: TurnProgress) => runAgent({ ...dispatch, scope, feedback, progress, place });
  await feedback.during(inOrder(scope.turns, order, run));
}

/** OpenClaw makes a session shorter by ending what runs in it; every other command of its own goes beside that. */
function mayJoin(scope: TurnScope, route: Route, command: string | undefined): () => boolean {
  if (command === undefined) return watchRun(scope, route);
  return () => !/^\/compact\b/i.test(command);
}

/** The agent may name the place that it is in, for OpenClaw to know as the one at hand. */
function notePlace({ room, message: { sender } }: TurnInput): void {
  const target = { kind: "room", id: room.id } as const;
  for (const name of [room.name, room.label]) if (name) noteName({ kind: "room-name", name }, target);
  if (sender.username)
    noteName({ kind: "user-name", name: sender.username }, { kind: "user", id: sender.id });
}

/** The work on one turn, from the moment at which it may run. */
interface Run extends Dispatch {
  readonly scope: TurnScope;
  readonly feedback: Feedback;
  readonly progress: TurnProgress;
  /** Where the reply is expected. */
  readonly place: TypingPlace;
}

/** Resolves with what OpenClaw says of the turn, undefined when it did not begin. */
async function runAgent(run: Run): Promise<object | undefined> {
  const { scope, route, source, signal, command, feedback } = run;
  const { log, input } = scope;
  if (signal?.aborted) return undefined;
  const about = { message: input.message.id, session: route.turnSessionKey };
  const startedAt = Date.now();
  log.debug("turn started", { ...about, agent: route.agentId });
  await feedback.acknowledged;
  const shown = await whileBeating(scope, gather(run));
  if (signal?.aborted) return undefined;
  const row = source ? judgeWhenTaken(scope, source.judgeAnew) : scope.lifecycle;
  // What is merely heard in a room may well have no answer.
  const isUnheard = route.eventKind === "room_event" || isSendDenied(scope, route);
  const handover = createHandover(row, { isStopping: isDraining, refusals: scope.refusals, isUnheard });
  // Much may have changed while it waited and the room was read.
  if ((await source?.judgeAnew()) !== undefined) return undefined;
  scope.assertOpen();
  // Shared with the message tool: what the agent sends by itself may be the turn's first reply.
  const hasReplied = { value: false };
  const forget = awaitFirstReply(placeUnder(scope), hasReplied);
  await echoHeard(scope, run.replies);
  const { onModelSelected, ...pipeline } = openPipeline(scope, route.agentId, feedback.typing);
  const readPrefix = (): string | undefined => pipeline.resolveResponsePrefix?.();
  const isSilent = command !== undefined || isUnheard;
  const preview = openTurnPreview({ scope, place: run.place, signal, isSilent, readPrefix });
  const parts = { ...shown, handover, hasReplied, preview, pipeline, onModelSelected };
  const turn = runAtHost(run, parts)
    .finally(forget)
    .finally(() => preview.end());
  const result = await turn.catch((error: unknown) => {
    throw handover.explain(error);
  });
  // What was stopped may take its time to end, and until then OpenClaw takes up nothing else.
  if (command === STOP) await untilRunIsOver(route);
  await handover.settle();
  log.debug("turn ended", { ...about, ms: Date.now() - startedAt });
  return "dispatchResult" in result ? result.dispatchResult : undefined;
}

/** OpenClaw takes what it hears nothing of for five minutes for something that hangs. Milliseconds. */
const BEAT_MS = 60_000;

/** Large files, and long recordings, may take longer than OpenClaw waits. */
export async function whileBeating<T>(
  { lifecycle }: Pick<TurnScope, "lifecycle">,
  work: Promise<T>,
): Promise<T> {
  const beat = setInterval(() => lifecycle.onDeferredHeartbeat?.(), BEAT_MS);
  try {
    return await work;
  } finally {
    clearInterval(beat);
  }
}

/** Reads what the agent is shown besides the message's words. */
async function gather({
  scope,
  route,
  source,
  signal,
}: Run): Promise<Pick<ContextParts, "around" | "media">> {
  const session = readSession(scope, route);
  const around = (await source?.lookAround(session)) ?? NOTHING_AROUND;
  const media = source ? await gatherMedia(scope, { ...source, around, session, signal }) : NO_MEDIA;
  return { around, media };
}

/** Where the thread under a question would be. */
const placeUnder = ({ accountId, input: { room, message } }: TurnScope) => ({
  accountId,
  roomId: room.id,
  threadId: message.id,
});

type Shown = Pick<ContextParts, "around" | "media"> & {
  readonly handover: Handover;
  readonly hasReplied: HasReplied;
  readonly preview: TurnPreview;
  readonly pipeline: Omit<Pipeline, "onModelSelected">;
  readonly onModelSelected: Pipeline["onModelSelected"];
};

function runAtHost(run: Run, shown: Shown) {
  const { core, accountId, input } = run.scope;
  const { message } = input;
  return core.channel.inbound.run({
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
      resolveTurn: () => describeTurn(run, shown),
    },
  });
}

/** The turn in OpenClaw's words: what the agent reads, and what becomes of its replies. */
function describeTurn(run: Run, shown: Shown) {
  const { around, media, handover, hasReplied, preview, pipeline, onModelSelected } = shown;
  const { scope, route, ingress, signal, command } = run;
  const { cfg, accountId, input, log } = scope;
  const { agentId } = route;
  return {
    cfg,
    channel: CHANNEL_ID,
    accountId,
    route: { agentId, sessionKey: route.sessionKey, ...dmScopeOf(route) },
    ctxPayload: buildContext(scope, { route, ingress, around, media, ...(command && { command }) }),
    // Whatever becomes of a stop, it is no question to the model.
    ...(command === STOP && { replyResolver: async () => undefined }),
    record: {
      ...(input.room.chatType === "direct" && { updateLastRoute: lastRoute(scope, route) }),
      onRecordError: (error: unknown) => log.warn("session record failed", { error }),
    },
    ...botLoopProtection(scope),
    dispatcherOptions: pipeline,
    delivery: createDelivery({ ...run, handover, hasReplied, preview }),
    replyOptions: {
      ...bindIngressLifecycleToReplyOptions(handover.lifecycle),
      ...(signal && { abortSignal: signal }),
      onModelSelected,
      ...skillFilter(scope),
      ...(route.eventKind === "room_event" && { suppressTyping: true }),
      hasRepliedRef: hasReplied,
      ...preview.replyOptions,
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
        const { reason, detail } = over;
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
