// Owns sending on OpenClaw's behalf outside an inbound turn: message tool, command line, recovery after a restart.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { createChannelMessageAdapterFromOutbound } from "openclaw/plugin-sdk/channel-outbound";
import { chunkMarkdownTextWithMode } from "openclaw/plugin-sdk/reply-chunking";
import { createMessageId, resolveTargetRoom, sendMessage } from "../outbound/send.ts";
import { formatTarget, parseTarget } from "../outbound/target.ts";
import { resolveAccount } from "./config/account.ts";
import { CHANNEL_ID } from "./config/schema.ts";
import { restClientFor } from "./transport.ts";

/** Below the server's `Message_MaxAllowedSize` of 5000, so that re-opened code fences still fit. UTF-16 units. */
export const TEXT_CHUNK_UNITS = 4000;

export const TARGET_HINT = "room:<room id> or user:<user id>";

function unknownTarget(text: string | undefined): Error {
  return new Error(`"${text ?? ""}" is not a Rocket.Chat target; expected ${TARGET_HINT}`);
}

interface SendRequest {
  readonly cfg: OpenClawConfig;
  readonly to: string;
  readonly text: string;
  readonly accountId?: string | null;
  readonly threadId?: string | number | null;
}

/** Posts one text that OpenClaw has chunked. Needs no running account: after a restart nothing else is there yet. */
async function sendText({ cfg, to, text, accountId, threadId }: SendRequest) {
  const target = parseTarget(to);
  if (target === undefined) throw unknownTarget(to);
  const rest = restClientFor(resolveAccount(cfg, accountId));
  const roomId = await resolveTargetRoom(rest, target);
  const id = createMessageId(Math.random);
  await sendMessage(rest, { id, roomId, text, threadId: threadId == null ? undefined : String(threadId) });
  return { channel: CHANNEL_ID, messageId: id, target: { kind: "channel" as const, id: roomId } };
}

export const outbound = {
  deliveryMode: "direct" as const,
  chunker: (text: string, limit: number) => chunkMarkdownTextWithMode(text, limit, "length"),
  chunkerMode: "markdown" as const,
  textChunkLimit: TEXT_CHUNK_UNITS,
  deliveryCapabilities: { durableFinal: { text: true, thread: true } },
  resolveTarget: ({ to }: { to?: string }) => {
    const target = parseTarget(to ?? "");
    if (target === undefined) return { ok: false as const, error: unknownTarget(to) };
    return { ok: true as const, to: formatTarget(target) };
  },
  sendText,
};

export const messageAdapter = createChannelMessageAdapterFromOutbound({ id: CHANNEL_ID, outbound });
