// Owns ending a question that stands in a room: its message says how it ended.

import { isRewritten } from "../facts/message.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchMessage } from "../rest/messages.ts";
import { updateMessage } from "../rest/reactions.ts";

/** Adds a last line to a message of the bot's, if it still stands in the bot's own words. Rejects with RestError. */
export async function closeMessage(rest: RestClient, messageId: string, line: string): Promise<void> {
  const asked = await fetchMessage(rest, messageId);
  // An edit would turn what another wrote there into words of the bot's.
  if (asked === undefined || isRewritten(asked)) return;
  await updateMessage(rest, { messageId, roomId: asked.roomId, text: `${asked.text}\n\n${line}` });
}
