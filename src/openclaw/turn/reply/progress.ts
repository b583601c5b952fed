// Owns showing in the preview what the agent does: its tools, its plan, what waits for approval, as OpenClaw words them.

import { createChannelProgressDraftCompositor } from "openclaw/plugin-sdk/channel-outbound";
import type { Writer } from "../../../outbound/streaming/preview.ts";
import type { StreamingMode } from "../../../settings.ts";
import { splitReply } from "../../account/reply-text.ts";
import { sendingFor } from "../../account/sending.ts";
import type { TurnScope } from "../scope.ts";

type Compositor = ReturnType<typeof createChannelProgressDraftCompositor>;

/** Where it is shown. */
interface Shown {
  show(write: Writer): void;
  withdraw(): Promise<void>;
}

export interface Progress {
  /** What OpenClaw is told to call. */
  readonly replyOptions: object;
  /** The answer is being written: what is done beside it is not shown any more. */
  rest(): void;
  beginMessage(): void;
  end(): void;
}

/** What is shown, and for how long, is decided by `streaming.preview` and `streaming.progress`, which OpenClaw reads. */
export function createProgress({
  scope,
  mode,
  shown,
}: {
  readonly scope: TurnScope;
  readonly mode: StreamingMode;
  readonly shown: Shown;
}): Progress {
  const { settings, accountId, input } = scope;
  const { rest } = sendingFor(settings);
  const draft = createChannelProgressDraftCompositor({
    entry: { streaming: settings.streaming },
    mode,
    active: true,
    seed: `${accountId}:${input.room.id}`,
    shouldStartNow: (line) => typeof line === "object" && line.kind === "item",
    update(text) {
      shown.show(async () => (await splitReply(settings, rest, text))[0]);
    },
    deleteCurrent: () => shown.withdraw(),
  });
  return {
    replyOptions: {
      allowProgressCallbacksWhenSourceDeliverySuppressed: true,
      ...(draft.suppressDefaultToolProgressMessages && { suppressDefaultToolProgressMessages: true }),
      ...(draft.commentaryProgressEnabled && { commentaryProgressEnabled: true }),
      ...callbacksOf(draft),
    },
    rest: () => draft.resetActivity({ suppressed: true }),
    beginMessage: () => draft.beginAssistantMessage(),
    end: () => draft.cancel(),
  };
}

type PlanUpdate = {
  readonly phase?: string;
  readonly steps?: Parameters<Compositor["pushPlanProgress"]>[0];
  readonly explanation?: string;
  readonly explanationFormat?: "plain";
};

function callbacksOf(draft: Compositor): object {
  return {
    onToolStart: draft.pushToolEvent,
    onItemEvent: draft.pushItemEvent,
    onCommandOutput: draft.pushCommandOutputEvent,
    onPatchSummary: draft.pushPatchEvent,
    onApprovalEvent: (event: Parameters<Compositor["pushApprovalEvent"]>[0]) =>
      draft.pushApprovalEvent(event),
    onPlanUpdate({ phase, steps, explanation, explanationFormat }: PlanUpdate) {
      if (phase !== "update") return false;
      return draft.pushPlanProgress(steps, {
        ...(explanation !== undefined && { explanation }),
        ...(explanationFormat && { explanationFormat }),
      });
    },
  };
}
