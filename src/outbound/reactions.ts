// Owns the bot's reactions and changes to its own messages, with refusals put so that an agent knows what to do.

import { RestError } from "../errors.ts";
import type { Revision } from "../facts/change.ts";
import type { RestClient } from "../rest/client.ts";
import { deleteMessage, fetchCustomEmoji, setPinned, setReaction, updateMessage } from "../rest/reactions.ts";
import { bareName, findEmoji, findExactEmoji, nearNames } from "./emoji.ts";

/**
 * The name under which the server has an emoji: a standard one, or one of the workspace's own, which is looked up.
 * Rejects with an error that offers near names.
 */
export async function resolveEmoji(rest: RestClient, text: string): Promise<string> {
  const standard = findExactEmoji(text);
  if (standard !== undefined) return standard;
  const custom = await fetchCustomEmoji(rest);
  const name = bareName(text);
  if (custom.includes(name)) return name;
  const spelled = findEmoji(text);
  if (spelled !== undefined) return spelled;
  const near = nearNames(text, custom).map((one) => `:${one}:`);
  const offer = near.length > 0 ? ` Near names: ${near.join(", ")}` : "";
  throw new Error(`Rocket.Chat has no emoji "${name}".${offer}`);
}

/** Adds or removes one reaction of the bot; changes nothing where it is so already. Resolves with the emoji's name. */
export async function react(
  rest: RestClient,
  { messageId, emoji, stands }: { messageId: string; emoji: string; stands: boolean },
): Promise<string> {
  const name = await resolveEmoji(rest, emoji);
  await setReaction(rest, { messageId, emoji: name, stands });
  return name;
}

/**
 * Adds or removes a configured reaction, without asking for the workspace's own emoji first: only after a refusal they
 * are looked up. Rejects with near names where there is no such emoji.
 */
export async function setOwnReaction(
  rest: RestClient,
  { messageId, emoji, stands }: { messageId: string; emoji: string; stands: boolean },
): Promise<void> {
  const standard = findExactEmoji(emoji);
  const tried = standard ?? bareName(emoji);
  try {
    await setReaction(rest, { messageId, emoji: tried, stands });
  } catch (error) {
    if (standard !== undefined || !(error instanceof RestError)) throw error;
    const name = await resolveEmoji(rest, emoji);
    if (name === tried) throw error;
    await setReaction(rest, { messageId, emoji: name, stands });
  }
}

/** Removes all reactions of the bot from a message. Resolves with their names. */
export async function removeOwnReactions(
  rest: RestClient,
  message: Revision,
  username: string,
): Promise<string[]> {
  const own = [...message.reactions]
    .filter(([, usernames]) => usernames.includes(username))
    .map(([emoji]) => bareName(emoji));
  for (const emoji of own) await setReaction(rest, { messageId: message.id, emoji, stands: false });
  return own;
}

/** Puts another text into one of the bot's messages. */
export async function editOwn(rest: RestClient, message: Revision, text: string): Promise<void> {
  await explained(updateMessage(rest, { roomId: message.roomId, messageId: message.id, text }), {
    "error-message-editing-blocked":
      "the time within which messages may be edited has passed, or editing is turned off. Send a new message instead",
    "error-action-not-allowed":
      "editing is turned off in this workspace (Message_AllowEditing). Send a new message instead",
  });
}

/** Deletes one of the bot's messages. */
export async function deleteOwn(rest: RestClient, message: Revision): Promise<void> {
  await explained(deleteMessage(rest, { roomId: message.roomId, messageId: message.id }), {
    "error-action-not-allowed":
      "the bot user lacks the permission delete-own-message, as with the role `bot` alone (an administrator adds " +
      "the role `user`), or deleting is turned off (Message_AllowDeleting)",
    "error-message-deleting-blocked": "the time within which messages may be deleted has passed",
  });
}

/** Pins or unpins a message; changes nothing where it is so already, since 6.5 would tell of it again. */
export async function pin(rest: RestClient, message: Revision, stands: boolean): Promise<void> {
  if (message.pinned === stands) return;
  await explained(setPinned(rest, { messageId: message.id, stands }), {
    "not-authorized":
      "the bot user may not pin here; make it a moderator of the room, or give its role the permission pin-message",
    "error-action-not-allowed": "pinning is turned off in this workspace (Message_AllowPinning)",
  });
}

/** 9.0 answers `error-forbidden` where 8.x answers `error-action-not-allowed`. */
async function explained(call: Promise<void>, reasons: Readonly<Record<string, string>>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const code = error instanceof RestError ? (error.serverCode ?? "") : "";
    const reason = reasons[code === "error-forbidden" ? "error-action-not-allowed" : code];
    if (reason === undefined) throw error;
    throw new Error(`Rocket.Chat refused: ${reason}`, { cause: error });
  }
}
