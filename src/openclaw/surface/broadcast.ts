// Owns sends of the message tool that OpenClaw's own delivery has no word for: thread replies shown in the room too.

import { randomUUID } from "node:crypto";
import { jsonResult, readStringParam } from "openclaw/plugin-sdk/channel-actions";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { TargetError } from "../../errors.ts";
import { sendDelivery } from "../../outbound/send.ts";
import { splitReply } from "../account/reply-text.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { findDestination } from "./targets.ts";

type Context = Parameters<NonNullable<NonNullable<ChannelPlugin["actions"]>["handleAction"]>>[0];

/** What the agent is told of the message tool beside OpenClaw's own description. */
export const messageToolHints = (): string[] => [
  "Rocket.Chat targets: room:<room id>, user:<user id>, #room, @username. threadId or replyTo is the id of a message and writes in its thread.",
  "Rocket.Chat, action send: topLevel: true writes at the top level of the room from inside a thread; replyBroadcast: true with threadId or replyTo shows the thread reply in the room too.",
  "Rocket.Chat, actions read (threadId, before, after, limit), search (query), list-pins, member-info and emoji-list concern the conversation that you are in: give channelId: room:<id of the present room>.",
  "Rocket.Chat, action download-file: takes messageId and, in place of a target, channelId: room:<id of the present room>. The files of the message you answer are there already.",
];

export function isBroadcast({ action, params }: Pick<Context, "action" | "params">): boolean {
  return action === "send" && params.replyBroadcast === true;
}

/** The names under which OpenClaw's message tool takes a file. */
const FILE_PARAMS = ["media", "mediaUrl", "mediaUrls", "buffer"];

const hasValue = (value: unknown): boolean =>
  (typeof value === "string" && value !== "") || (Array.isArray(value) && value.length > 0);

/**
 * Posts a thread reply that the room shows too. Rejects with TargetError without a thread to reply in, and with a file:
 * the server shows files of a thread in the thread alone.
 */
export async function sendBroadcast({ cfg, accountId, params }: Context) {
  const settings = resolveAccount(cfg, accountId);
  const sending = sendingFor(settings);
  if (FILE_PARAMS.some((name) => hasValue(params[name])))
    throw new TargetError("replyBroadcast takes no files; send the text with it, and the file without it");
  const { roomId, threadId } = await findDestination({ ...sending, settings }, readPlace(params));
  if (threadId === undefined) throw new TargetError("replyBroadcast needs threadId or replyTo");
  const messageIds = await sendDelivery(sending, {
    id: randomUUID(),
    roomId,
    threadId,
    isShownInRoom: true,
    texts: await splitReply(settings, sending.rest, readStringParam(params, "message", { required: true })),
    previews: settings.text.previews,
  });
  return jsonResult({ ok: true, messageId: messageIds.at(-1), messageIds, roomId, threadId });
}

function readPlace(params: Context["params"]) {
  return {
    to: readStringParam(params, "to", { required: true }),
    replyToId: readStringParam(params, "replyTo"),
    threadId: readStringParam(params, "threadId"),
  };
}
