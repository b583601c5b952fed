// Owns posting a reply that OpenClaw does not keep for us: its files in order, its words with the first and after it.

import type { ReplyPayload } from "openclaw/plugin-sdk/reply-chunking";
import { isTooLong } from "../../../rest/answer.ts";
import type { ReplyPort } from "../../../turn/host.ts";
import { splitReply } from "../../account/reply-text.ts";
import { sendingFor } from "../../account/sending.ts";
import { refreshServerFacts } from "../../account/server-facts.ts";
import type { TurnScope } from "../scope.ts";
import { mediaOf, type ReplyMedia } from "./media.ts";

interface Reply {
  readonly payload: ReplyPayload;
  readonly threadId: string | undefined;
  /** Ends the delivery between two messages when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** Answers with the ids of the messages. What is said of refused files stands behind the words. */
export function createReplyDelivery(parts: {
  readonly scope: TurnScope;
  readonly replies: ReplyPort;
  readonly replyMedia: ReplyMedia;
}): (reply: Reply) => Promise<string[]> {
  const { scope, replies, replyMedia } = parts;
  const { settings } = scope;

  async function post({ payload, threadId, signal }: Reply, messageIds: string[]): Promise<string[]> {
    const texts = await splitReply(settings, sendingFor(settings).rest, payload.text ?? "");
    let following = texts;
    if (mediaOf(payload).length > 0) {
      const [caption = "", ...others] = texts;
      const posted = await replyMedia.post(payload, { caption, threadId, signal });
      messageIds.push(...posted.messageIds);
      following = [...(posted.messageIds.length > 0 ? others : texts), ...posted.refused];
    }
    for (const text of following) {
      if (signal?.aborted) break;
      messageIds.push(await replies.post(text, threadId));
    }
    return messageIds;
  }

  return async (reply) => {
    const messageIds: string[] = [];
    try {
      return await post(reply, messageIds);
    } catch (error) {
      if (messageIds.length > 0 || !isTooLong(error)) throw error;
      await refreshServerFacts(settings.accountId, sendingFor(settings).rest);
      return post(reply, messageIds);
    }
  };
}
