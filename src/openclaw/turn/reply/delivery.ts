// Owns what becomes of the replies of one turn: where each goes, who sends it, and what is kept until it stands.

import { questionGatewayRuntime } from "openclaw/plugin-sdk/question-gateway-runtime";
import type { ReplyPayload } from "openclaw/plugin-sdk/reply-chunking";
import { closeMessage } from "../../../outbound/close.ts";
import { withPatience } from "../../../outbound/patience.ts";
import { isThreadGone, rememberThread } from "../../../outbound/resolve-target.ts";
import { formatTarget } from "../../../outbound/target.ts";
import { resolveReplyToMode } from "../../../policy/reply-place.ts";
import type { ReplyPort } from "../../../turn/host.ts";
import { TurnDelivery } from "../../account/files/outgoing-file.ts";
import { askedIn, noteApprovalPrompt } from "../../account/memory/approval-prompts.ts";
import { offerToDelivery } from "../../account/previews/preview-offer.ts";
import { sendingFor, untilStopped } from "../../account/sending.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { type Handover, readMessageId } from "../handover.ts";
import type { TurnProgress } from "../order.ts";
import { findRefusal, tellRefusal } from "../refusal.ts";
import type { Route } from "../route.ts";
import type { TurnScope } from "../scope.ts";
import { mediaOf, openReplyMedia, type ReplyMedia } from "./media.ts";
import { type PlacedReply, planReplies, type ReplyPlan } from "./plan.ts";
import { createReplyDelivery } from "./posting.ts";
import type { TurnPreview } from "./preview.ts";

export interface DeliveryOptions {
  readonly scope: TurnScope;
  readonly route: Route;
  readonly replies: ReplyPort;
  readonly progress: TurnProgress;
  readonly handover: Handover;
  /** Whether anything of the turn was sent. */
  readonly hasReplied: { value: boolean };
  readonly signal?: AbortSignal;
  readonly command?: string;
  readonly preview: Pick<TurnPreview, "offer" | "withdraw">;
}

/** What OpenClaw says of a delivery. */
type Delivered = {
  readonly messageIds?: readonly string[] | undefined;
  readonly visibleReplySent?: boolean | undefined;
};

type Kind = { readonly kind: "tool" | "block" | "final" };

/** OpenClaw hands over every answer with files as a block, and keeps only what is final. */
const AS_FINAL = { info: { kind: "final" } } as const;

/** OpenClaw's port for the replies of a turn. It prepares and delivers one after another. */
export function createDelivery(options: DeliveryOptions) {
  const { scope, route, progress, preview } = options;
  const { log, input } = scope;
  const about = { message: input.message.id, session: route.turnSessionKey };
  const replies = new Replies(options);
  return {
    observeMessageSent: true as const,
    // A reply is addressed by its room and thread; a native reply to one message is nothing we could prove.
    async preparePayload({ replyToId, ...payload }: ReplyPayload, { kind }: Kind) {
      await replies.prepare(payload, { kind, replyToId: replyToId && readMessageId(replyToId) });
      return payload;
    },
    async durable(payload: ReplyPayload, { kind }: Kind) {
      const hasMedia = mediaOf(payload).length > 0;
      if (kind === "final") progress.finish();
      else if (!hasMedia) return false;
      if (!(await replies.mayKeep(payload))) return false;
      const reply = durableReply(scope, payload, replies.place);
      if (reply === false) return false;
      if (hasMedia) return { ...reply, ...AS_FINAL, deps: { [CHANNEL_ID]: replies.handedOn } };
      return { ...reply, ...offerToDelivery(await preview.offer(replies.place)) };
    },
    async deliver(payload: ReplyPayload, { kind }: Kind) {
      if (kind === "final") progress.finish();
      if (mediaOf(payload).length > 0) await preview.withdraw();
      return replies.deliver(payload);
    },
    // biome-ignore lint/suspicious/noConfusingVoidType: OpenClaw's own type says void.
    async onDelivered(payload: ReplyPayload, { kind }: Kind, result: Delivered | void) {
      log.debug("reply sent", { ...about, kind, reply: result?.messageIds?.join(",") });
      // An answer takes the preview that stands above it by its offer; a file, and what is not the answer, never does.
      const isAnswer = kind === "final" && mediaOf(payload).length === 0;
      if (result?.visibleReplySent !== false && !isAnswer) await preview.withdraw();
    },
    onError(error: unknown) {
      if (options.signal?.aborted) return log.debug("reply not delivered after a stop", { error, ...about });
      log.error("reply could not be delivered", { error, messageId: input.message.id });
      const refusal = findRefusal(error);
      if (refusal !== undefined) void tellRefusal(scope, refusal);
    },
  };
}

/** The replies of a turn, of which one is in hand at a time. */
class Replies {
  readonly #options: DeliveryOptions;
  readonly #plan: ReplyPlan;
  readonly #media: ReplyMedia;
  readonly #post: ReturnType<typeof createReplyDelivery>;
  #place: string | undefined;
  #held = false;

  constructor(options: DeliveryOptions) {
    const { scope, route, replies, hasReplied } = options;
    const { settings, input, log } = scope;
    const mode = resolveReplyToMode(settings, input.room);
    this.#options = options;
    const { threadId } = replies;
    this.#plan = planReplies({
      message: input.message,
      threadId,
      mode,
      hasReplied,
      findRoot: (messageId) =>
        withPatience(untilStopped(sendingFor(settings), options.signal), () => replies.findRoot(messageId)),
      onUnknownRoot: (error) =>
        log.warn("the message that a reply names could not be looked up", {
          error,
          message: input.message.id,
        }),
    });
    this.#media = openReplyMedia(scope, route);
    this.#post = createReplyDelivery({ scope, replies, replyMedia: this.#media });
  }

  /** The thread of the reply in hand; undefined is the top level. */
  get place(): string | undefined {
    return this.#place;
  }

  /** As OpenClaw hands it on to the first attempt: what was stopped goes no further. */
  get handedOn(): TurnDelivery {
    return new TurnDelivery({ signal: this.#options.signal, refuse: this.#media.refuse });
  }

  /** Whether OpenClaw is to keep the reply in hand until it stands in the room. */
  async mayKeep(payload: ReplyPayload): Promise<boolean> {
    const { command, signal } = this.#options;
    // A command is answered in its own place, and nothing of a stopped answer is kept.
    if (command !== undefined || signal?.aborted || this.#held) return false;
    // OpenClaw keeps no copy of these.
    if (payload.sensitiveMedia === true) return false;
    // A file that is refused is told of in its place.
    return mediaOf(payload).length === 0 || this.#media.canSend(payload);
  }

  /** Takes the next reply in hand. */
  async prepare(payload: ReplyPayload, named: Pick<PlacedReply, "kind" | "replyToId">): Promise<void> {
    const { scope, progress, handover } = this.#options;
    progress.ask(questionGatewayRuntime.readAskUserQuestionId(payload) !== undefined);
    this.#held = await handover.hold(payload);
    const roomId = scope.input.room.id;
    const place = await this.#plan.place({ ...payload, ...named });
    // Who asked may have deleted the question meanwhile.
    this.#place = place !== undefined && isThreadGone(roomId, place) ? undefined : place;
    if (this.#place !== undefined) rememberThread({ roomId, threadId: this.#place });
  }

  async deliver(payload: ReplyPayload) {
    if (this.#held) return { visibleReplySent: false };
    const place = this.#place;
    const { signal, scope } = this.#options;
    const messageIds = await this.#post({ payload, threadId: place, signal });
    noteApprovalPrompt(
      payload,
      messageIds,
      askedIn(scope.accountId, { kind: "room", id: scope.input.room.id }),
    );
    closeWhenAnswered(scope, payload, messageIds.at(-1));
    return { visibleReplySent: messageIds.length > 0, messageIds, ...(place && { threadId: place }) };
  }
}

/** When a question of the agent's is answered, or past, its message says so. */
function closeWhenAnswered(
  { rest, log }: Pick<TurnScope, "rest" | "log">,
  payload: ReplyPayload,
  messageId: string | undefined,
): void {
  const questionId = questionGatewayRuntime.readAskUserQuestionId(payload);
  if (questionId === undefined || messageId === undefined) return;
  questionGatewayRuntime.registerChannelDelivery({
    questionId,
    deliveryId: messageId,
    async finalize(statusLine) {
      try {
        await closeMessage(rest, messageId, statusLine);
      } catch (error) {
        log.warn("a question could not be closed", { error, message: messageId });
      }
    },
  });
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
