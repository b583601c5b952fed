// Owns the message tool's actions on files: sending one, and fetching those of a message of the conversation.

import { jsonResult, readStringParam } from "openclaw/plugin-sdk/channel-actions";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import type { MessageFacts } from "../../facts/message.ts";
import type { RoomFacts } from "../../facts/room.ts";
import type { Log } from "../../log.ts";
import type { AccountSettings } from "../../settings.ts";
import { fetchMessageFiles, MAX_FILES, nameReason } from "../../turn/media.ts";
import { sendingFor } from "../account/sending.ts";
import { getRuntime } from "../runtime.ts";
import { createFileStore, pause } from "../turn/context/file-store.ts";
import { sendMedia } from "./send-media.ts";

type Context = Parameters<NonNullable<NonNullable<ChannelPlugin["actions"]>["handleAction"]>>[0];

/** Posts a file of the agent's in a conversation, the present one when none is named. */
export async function uploadFile(ctx: Context) {
  const { cfg, accountId, params, toolContext, mediaAccess, mediaLocalRoots, mediaReadFile } = ctx;
  const read = (...names: string[]) =>
    names.map((name) => readStringParam(params, name)).find((value) => value !== undefined);
  const mediaUrl = read("filePath", "path", "media");
  const to = read("to") ?? toolContext?.currentMessagingTarget ?? toolContext?.currentChannelId;
  if (mediaUrl === undefined) throw new Error("Give filePath: the file to send");
  if (to === undefined) throw new Error("Give to: where to send the file");
  const fileName = read("filename");
  const sent = await sendMedia({
    cfg,
    to,
    text: read("initialComment", "message", "caption") ?? "",
    mediaUrl,
    accountId: accountId ?? null,
    threadId: read("threadId", "replyTo") ?? null,
    ...(fileName !== undefined && { fileName }),
    ...(mediaAccess && { mediaAccess }),
    ...(mediaLocalRoots && { mediaLocalRoots }),
    ...(mediaReadFile && { mediaReadFile }),
  });
  return jsonResult({ ok: true, messageId: sent.messageId });
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const MEBIBYTE = 1024 * 1024;

/** Brings the files of a message to this machine; `message` stands in `room`, and may be read by who asks. */
export async function downloadFiles(
  account: AccountSettings,
  { room, message }: { readonly room: RoomFacts; readonly message: MessageFacts },
) {
  const { rest } = sendingFor(account);
  if (message.files.length === 0) throw new Error(`Message ${message.id} has no files`);
  const { stored, missing } = await fetchMessageFiles(
    { rest, store: createFileStore(getRuntime()), log: SILENT, wait: pause },
    { room, message, maxBytes: account.mediaMaxMb * MEBIBYTE, maxFiles: MAX_FILES },
  );
  return {
    files: stored.map(({ path, contentType, fileName }) => ({ path, contentType, name: fileName })),
    missing: missing.map(({ name, reason }) => ({ name, reason: nameReason(reason) })),
  };
}
