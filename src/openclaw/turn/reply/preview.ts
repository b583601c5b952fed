// Owns what people see of one turn's answer before it is whole: its preview, and what becomes of it at the end.

import { randomUUID } from "node:crypto";
import { getGlobalHookRunner } from "openclaw/plugin-sdk/plugin-runtime";
import { SILENT_REPLY_TOKEN } from "openclaw/plugin-sdk/reply-runtime";
import { sanitizeAssistantVisibleText } from "openclaw/plugin-sdk/text-chunking";
import { deriveMessageId } from "../../../outbound/message-id.ts";
import { Preview, type PreviewPlace, type Writer } from "../../../outbound/streaming/preview.ts";
import { settledPart } from "../../../outbound/streaming/settled.ts";
import { nextStep } from "../../../outbound/streaming/steps.ts";
import { resolveStreamingMode } from "../../../policy/streaming.ts";
import { previews } from "../../account/previews/preview-file.ts";
import { PreviewOffer } from "../../account/previews/preview-offer.ts";
import { watchBelow } from "../../account/previews/standing.ts";
import { splitReply } from "../../account/reply-text.ts";
import { sendingFor } from "../../account/sending.ts";
import type { TurnScope } from "../scope.ts";
import { createProgress } from "./progress.ts";

export interface TurnPreviewOptions {
  readonly scope: TurnScope;
  /** Where the reply is expected. */
  readonly place: PreviewPlace;
  readonly signal?: AbortSignal | undefined;
  /** Nothing is to be seen before the answer. */
  readonly isSilent: boolean;
  /** What OpenClaw puts before each answer. */
  readonly readPrefix: () => string | undefined;
}

export interface TurnPreview {
  /** What OpenClaw is told to call while the agent works. */
  readonly replyOptions: object;
  /** Ends the preview's edits; it is offered to the delivery of an answer that goes where it stands. */
  offer(threadId: string | undefined): Promise<PreviewOffer | undefined>;
  /** Something else stands below the preview: it goes, and what follows is shown anew below that. Never rejects. */
  withdraw(): Promise<void>;
  /** The turn is over: what has not become the answer goes. Never rejects. */
  end(): Promise<void>;
}

/** What changes texts before they are sent would not see a preview. */
function isWatched(): boolean {
  const hooks = getGlobalHookRunner();
  return hooks?.hasHooks("reply_payload_sending") === true || hooks?.hasHooks("message_sending") === true;
}

export function openTurnPreview(options: TurnPreviewOptions): TurnPreview {
  const { scope, isSilent } = options;
  const { settings, input } = scope;
  const { block } = settings.streaming;
  const mode = isSilent ? "off" : resolveStreamingMode(settings, input.room);
  if (mode === "off" || block?.enabled === true || isWatched()) {
    const replyOptions = block?.enabled === undefined ? {} : { disableBlockStreaming: !block.enabled };
    return { replyOptions, offer: async () => undefined, withdraw: async () => {}, end: async () => {} };
  }
  const shown = new ShownPreviews(options);
  const answer = createAnswer(options, shown);
  const progress = createProgress({ scope, mode, shown });
  return {
    replyOptions: {
      disableBlockStreaming: true,
      preserveProgressCallbackStartOrder: true,
      ...progress.replyOptions,
      onObservedReplyDelivery: () => shown.withdraw(),
      onPartialReply({ text }: { readonly text?: string | undefined }) {
        if (mode === "progress" || !text) return false;
        progress.rest();
        answer.grow(text);
        return false;
      },
      onAssistantMessageStart() {
        answer.begin();
        progress.beginMessage();
        return false;
      },
    },
    async offer(threadId) {
      progress.end();
      return shown.offer(threadId);
    },
    withdraw: () => shown.withdraw(),
    async end() {
      progress.end();
      await shown.end();
    },
  };
}

/** The text of the answer as it grows. */
function createAnswer({ scope, readPrefix }: TurnPreviewOptions, shown: ShownPreviews) {
  const { settings, input } = scope;
  const { rest } = sendingFor(settings);
  const steps =
    resolveStreamingMode(settings, input.room) === "block"
      ? (settings.streaming.preview?.chunk ?? {})
      : undefined;
  let step = 0;
  return {
    begin(): void {
      step = 0;
    },
    grow(written: string): void {
      const text = sanitizeAssistantVisibleText(written);
      if (SILENT_REPLY_TOKEN.startsWith(text.trim())) return;
      shown.show(async () => {
        if (steps !== undefined) step = nextStep(text, step, steps);
        const settled = settledPart(steps === undefined ? text : text.slice(0, step));
        const prefix = readPrefix();
        const isBare = settled === "" || !prefix || settled.startsWith(prefix);
        const [first] = await splitReply(settings, rest, isBare ? settled : `${prefix} ${settled}`);
        return first;
      });
    },
  };
}

/** The previews of a turn, of which one is written at a time: after an answer that took one, the next begins anew. */
class ShownPreviews {
  readonly #options: TurnPreviewOptions;
  #current: Preview | undefined;
  readonly #offered: { readonly preview: Preview; readonly offer: PreviewOffer }[] = [];
  readonly #unwatch: () => void;
  #over = false;

  constructor(options: TurnPreviewOptions) {
    this.#options = options;
    this.#unwatch = watchBelow(options.scope.accountId, options.place, () => this.withdraw());
    const stop = (): void => void this.end();
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener("abort", stop, { once: true });
  }

  /** Never throws: without a preview there is still the answer. */
  show(write: Writer): void {
    if (this.#over) return;
    try {
      this.#current ??= this.#open();
      this.#current.update(write);
    } catch (error) {
      this.#over = true;
      this.#options.scope.log.warn("previews are not possible", { error });
    }
  }

  /** Takes away what is shown; more may come. */
  async withdraw(): Promise<void> {
    const preview = this.#current;
    this.#current = undefined;
    await preview?.withdraw();
  }

  async offer(threadId: string | undefined): Promise<PreviewOffer | undefined> {
    const preview = this.#current;
    this.#current = undefined;
    if (preview === undefined) return undefined;
    if (!(await preview.settle()) || preview.place.threadId !== threadId || this.#over) {
      await preview.withdraw();
      return undefined;
    }
    const offer = new PreviewOffer(preview.id, () => preview.withdraw());
    this.#offered.push({ preview, offer });
    return offer;
  }

  async end(): Promise<void> {
    this.#over = true;
    this.#unwatch();
    const unused = this.#offered.splice(0).filter(({ offer }) => offer.close());
    await Promise.all([this.withdraw(), ...unused.map(({ preview }) => preview.withdraw())]);
  }

  #open(): Preview {
    const { scope, place } = this.#options;
    const { settings, log, input } = scope;
    const sending = sendingFor(settings);
    return new Preview({
      rest: sending.rest,
      patience: sending,
      place,
      id: deriveMessageId(randomUUID()),
      notes: previews().notesOf(scope.accountId),
      onError: (error) => log.info("preview given up", { message: input.message.id, error }),
    });
  }
}
