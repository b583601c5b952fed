// Owns what OpenClaw does to the replies of a turn before they are delivered: prefix, signs of typing, pauses.

import { resolveHumanDelayConfig } from "openclaw/plugin-sdk/agent-runtime";
import { createChannelMessageReplyPipeline } from "openclaw/plugin-sdk/channel-outbound";
import { CHANNEL_ID } from "../../config/schema.ts";
import type { Feedback } from "../feedback.ts";
import type { TurnScope } from "../scope.ts";

export type Pipeline = ReturnType<typeof openPipeline>;

/** `humanDelay`: how long OpenClaw pauses between two messages of an answer, as if somebody typed them. */
export function openPipeline(
  { cfg, accountId }: Pick<TurnScope, "cfg" | "accountId">,
  agentId: string,
  typing: Feedback["typing"],
) {
  const humanDelay = resolveHumanDelayConfig(cfg, agentId);
  return {
    ...createChannelMessageReplyPipeline({ cfg, agentId, channel: CHANNEL_ID, accountId, typing }),
    ...(humanDelay && { humanDelay }),
  };
}
