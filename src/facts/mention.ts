// Owns what counts as naming the bot in a message, and taking the name out of the text.

import type { MessageFacts } from "./message.ts";

/** Whether the server listed the bot user in `mentions` (recordings `mention-forms`). */
export function mentionsUser(message: MessageFacts, userId: string): boolean {
  return message.mentions.some((mention) => mention.kind === "user" && mention.id === userId);
}

/** Removes every `@username` of the bot, so that the agent reads the request and not its own name. */
export function stripMention(text: string, username: string): string {
  if (username === "") return text.trim();
  const name = username.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(^|[^\\w@])@${name}(?![\\w-])[,:]?`, "gi"), "$1").trim();
}
