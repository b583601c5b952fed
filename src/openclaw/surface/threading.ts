// Owns OpenClaw's threading hooks, for the message tool and routed replies alone: which thread they write in.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { formatTarget } from "../../outbound/target.ts";
import { replyToModeOf } from "../../policy/reply-place.ts";
import type { AccountSettings } from "../../settings.ts";
import { recallTarget } from "../account/named-places.ts";
import { inspectAccount } from "../config/account.ts";
import { readMessageId } from "../turn/handover.ts";

type Threading = NonNullable<ChannelPlugin<AccountSettings>["threading"]>;
type ToolContext = NonNullable<ReturnType<NonNullable<Threading["buildToolContext"]>>>;
type ReplyToModeParams = Parameters<NonNullable<Threading["resolveReplyToMode"]>>[0];

export const threading = {
  // A thread is a message that others reply to; it has no address of its own.
  threadAddressing: "message",
  allowExplicitReplyTagsWhenOff: false,

  resolveReplyToMode: ({ cfg, accountId, chatType }: ReplyToModeParams) =>
    replyToModeOf(inspectAccount(cfg, accountId), readChatType(chatType)),

  matchesToolContextTarget: ({ target, toolContext }) => isCurrentConversation(target, toolContext),

  /** What the message tool knows of the turn it is called in. */
  buildToolContext({ cfg, accountId, context, hasRepliedRef }) {
    const entered = textOf(context.MessageThreadId) ?? textOf(context.TransportThreadId);
    const current = textOf(context.CurrentMessageId);
    const replied = textOf(context.ReplyToId);
    const repliesToOther = replied !== undefined && current !== undefined && replied !== current;
    const isInThread = entered !== undefined || repliesToOther;
    const configured =
      context.ReplyToMode ?? replyToModeOf(inspectAccount(cfg, accountId), readChatType(context.ChatType));
    // A thread to come counts as one only where replies go there: OpenClaw takes what is said elsewhere for no answer.
    const toCome = configured === "off" ? undefined : current;
    const currentThreadTs = entered ?? (repliesToOther ? replied : toCome);
    const roomId = textOf(context.NativeChannelId);
    return {
      ...(roomId && { currentChannelId: formatTarget({ kind: "room", id: roomId }) }),
      ...(context.To && { currentMessagingTarget: context.To }),
      ...(currentThreadTs && { currentThreadTs }),
      replyToMode: isInThread ? "all" : configured,
      ...(hasRepliedRef && { hasRepliedRef }),
      sameChannelThreadRequired: isInThread,
    };
  },

  /** The thread of a message that names none: the current one, where the turn's replies go there. */
  resolveAutoThreadId({ to, toolContext, replyToId }) {
    if (replyToId || toolContext === undefined || !isCurrentConversation(to, toolContext)) return undefined;
    const { currentThreadTs, replyToMode = "off", hasRepliedRef } = toolContext;
    if (replyToMode === "off" || (replyToMode !== "all" && hasRepliedRef?.value)) return undefined;
    return currentThreadTs;
  },

  /** Rocket.Chat knows one reference, the thread's root; it travels as `replyToId`. */
  resolveReplyTransport({ threadId, replyToId, replyToIsExplicit, replyToCurrent, replyDelivery }) {
    const isOff = replyDelivery?.replyToMode === "off";
    const named = isOff ? undefined : textOf(replyToId);
    const thread = textOf(threadId);
    const isImplicit = replyToCurrent === true || replyToIsExplicit === false;
    const place = isImplicit ? (thread ?? named) : (named ?? thread);
    return { ...((place || isOff) && { replyToId: place ?? null }), threadId: null };
  },
} satisfies Threading;

function isCurrentConversation(target: string, context: ToolContext): boolean {
  const wanted = recallTarget(target);
  if (wanted === undefined) return false;
  return [context.currentMessagingTarget, context.currentChannelId].some((current) => {
    const here = current === undefined ? undefined : recallTarget(current);
    return here?.kind === wanted.kind && here.id === wanted.id;
  });
}

function textOf(value: string | number | null | undefined): string | undefined {
  return value == null || value === "" ? undefined : readMessageId(String(value));
}

function readChatType(text: string | null | undefined): "direct" | "group" | "channel" | undefined {
  return text === "direct" || text === "group" || text === "channel" ? text : undefined;
}
