// Owns in which thread each reply of one turn goes.

import { createReplyToFanout } from "openclaw/plugin-sdk/channel-outbound";
import type { MessageFacts } from "../../../facts/message.ts";
import type { ReplyToMode } from "../../../settings.ts";

/** What of a reply decides its place; OpenClaw reads `replyTo…` out of the agent's `[[reply_to…]]` tags. */
export interface PlacedReply {
  readonly kind: "tool" | "block" | "final";
  readonly replyToId?: string | undefined;
  readonly replyToTag?: boolean | undefined;
  readonly replyToCurrent?: boolean | undefined;
}

export interface ReplyPlan {
  /** The thread of the next reply; undefined is the top level. Never rejects. */
  place(reply: PlacedReply): Promise<string | undefined>;
}

/**
 * Plans a turn's replies as Slack does: a question in a thread is answered there, always (where that is in the room); one at top level at
 * top level, or in a thread under it by `mode`. Several blocks of one answer stay together. A tag that names
 * another message is followed where `findRoot` finds that message in the room, and is otherwise ignored: a reply is not
 * lost for a tag.
 */
export function planReplies(options: {
  readonly message: Pick<MessageFacts, "id" | "threadId">;
  /** The thread of a question in a thread; undefined where its root is not in the room. */
  readonly threadId: string | undefined;
  readonly mode: ReplyToMode;
  /** Whether the turn has replied yet; read and set here, and by the message tool. */
  readonly hasReplied: { value: boolean };
  /** The root of the thread that replying to a message of this room enters; undefined when it is not of this room. */
  readonly findRoot: (messageId: string) => Promise<string | undefined>;
  /** Told when `findRoot` rejects. */
  readonly onUnknownRoot: (error: unknown) => void;
}): ReplyPlan {
  const { message, mode, hasReplied, onUnknownRoot } = options;
  if (message.threadId !== undefined) return { place: async () => options.threadId };
  if (mode === "off") return { place: async () => undefined };
  const inOrder = createReplyToFanout({
    replyToId: message.id,
    replyToMode: mode,
    replyToIdSource: "implicit",
  });
  const findRoot = async (named: string): Promise<string | undefined> => {
    try {
      return await options.findRoot(named);
    } catch (error) {
      onUnknownRoot(error);
      return undefined;
    }
  };
  let blocks: string | undefined;
  return {
    async place(reply) {
      const implicit = mode !== "all" && hasReplied.value ? undefined : inOrder();
      hasReplied.value = true;
      const named = namedMessage(reply, message.id);
      const place =
        (named && (await findRoot(named))) ?? implicit ?? (reply.kind === "block" ? blocks : undefined);
      if (reply.kind === "block") blocks ??= place;
      return place;
    },
  };
}

function namedMessage(reply: PlacedReply, currentId: string): string | undefined {
  const { replyToId, replyToTag, replyToCurrent } = reply;
  return replyToTag && !replyToCurrent && replyToId !== currentId ? replyToId : undefined;
}
