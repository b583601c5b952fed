// Owns posting text: one payload becomes messages of allowed size, each posted once.

import { RestError, RocketChatError } from "../errors.ts";
import type { RestClient } from "../rest/client.ts";
import { messageExists, type NewMessage, postMessage } from "../rest/messages.ts";
import { openDirectRoom } from "../rest/rooms.ts";
import { fetchUser } from "../rest/users.ts";
import type { Target } from "./target.ts";

const ID_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
const ID_LENGTH = 17;

/** A new message `_id` in the form that Rocket.Chat's own clients choose. `random` answers in [0, 1). */
export function createMessageId(random: () => number): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[Math.floor(random() * ID_ALPHABET.length)]).join(
    "",
  );
}

/**
 * Posts a message once. When the server's answer leaves open whether it did (no answer, 5xx, or the 400
 * without a code that a used `_id` gets; recording `send-idempotency`), the server is asked. Rejects when
 * the message does not stand in the room.
 */
export async function sendMessage(rest: RestClient, message: NewMessage): Promise<void> {
  try {
    await postMessage(rest, message);
  } catch (error) {
    if (!isPerhapsPosted(error) || !(await messageExists(rest, message))) throw error;
  }
}

function isPerhapsPosted(error: unknown): boolean {
  if (error instanceof RestError) return error.status >= 500 || error.serverCode === undefined;
  return error instanceof RocketChatError && (error.code === "network" || error.code === "timeout");
}

/** The room that a target means; a user's is the 1:1 room with the bot, opened when there is none. */
export async function resolveTargetRoom(rest: RestClient, target: Target): Promise<string> {
  if (target.kind === "room") return target.id;
  const user = await fetchUser(rest, target.id);
  return openDirectRoom(rest, user.username ?? target.id);
}
