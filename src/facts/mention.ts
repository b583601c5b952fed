// Owns what counts as naming the bot in a message, and taking the name out of the text.

import type { MessageFacts } from "./message.ts";

/** The bot user: the id is what the server lists in `mentions`, the username what people write. */
export interface Mentionable {
  readonly userId: string;
  readonly username: string;
}

/**
 * Whether a message names the bot: the server listed its id, or the text names it in a form that the
 * server's own expression misses, such as `(@bot)`, `@bot.` or `@BOT` (recording `mention-forms`). `@all` and
 * `@here` never count.
 */
export function mentionsBot(message: Pick<MessageFacts, "mentions" | "text">, bot: Mentionable): boolean {
  const listed = message.mentions.some((mention) => mention.kind === "user" && mention.id === bot.userId);
  return listed || namesBot(message.text, bot.username);
}

/** Removes every `@username` of the bot outside code, so that the agent reads the request and not its own name. */
export function stripMention(text: string, username: string): string {
  if (username === "") return text.trim();
  const name = mentionOf(username);
  const parts = text.split(CODE);
  return parts
    .map((part, index) => (index % 2 === 0 ? part.replace(name, "") : part))
    .join("")
    .trim();
}

function namesBot(text: string, username: string): boolean {
  // Most texts name nobody, and the rest is dear.
  if (username === "" || !text.includes("@") || !text.toLowerCase().includes(`@${username.toLowerCase()}`))
    return false;
  const outsideCode = text.split(CODE).filter((_, index) => index % 2 === 0);
  const name = mentionOf(username);
  return outsideCode.some((part) => part.search(name) >= 0);
}

/** Fenced blocks and inline code; as the one group of a split, code stands at the odd places. */
const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]+`)/;

/** `@name` that is not a part of an address, a path, a link's label or a longer name. */
function mentionOf(username: string): RegExp {
  const name = username.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}@/\\[.-])@${name}(?![\\p{L}\\p{N}@]|[-_.:][\\p{L}\\p{N}])[,:]?`, "giu");
}
