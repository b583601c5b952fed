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
  const parts = text.split(CODE);
  return parts
    .map((part, index) => (index % 2 === 0 ? withoutName(part, username) : part))
    .join("")
    .trim();
}

function namesBot(text: string, username: string): boolean {
  // Most texts name nobody, and the rest is dear.
  if (username === "" || !text.includes("@") || !text.toLowerCase().includes(`@${username.toLowerCase()}`))
    return false;
  const outsideCode = text.split(CODE).filter((_, index) => index % 2 === 0);
  return outsideCode.some((part) => findNames(part, username).length > 0);
}

function withoutName(text: string, username: string): string {
  let from = 0;
  let rest = "";
  for (const at of findNames(text, username)) {
    rest += text.slice(from, at);
    from = at + 1 + username.length;
    if (text[from] === "," || text[from] === ":") from += 1;
  }
  return rest + text.slice(from);
}

/** Fenced blocks and inline code; as the one group of a split, code stands at the odd places. */
const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]+`)/;

/** Where `@username` stands that is not a part of an address, a path, a link's label or a longer name. */
function findNames(text: string, username: string): number[] {
  const name = username.toLowerCase();
  const found: number[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const end = at + 1 + username.length;
    if (text.slice(at + 1, end).toLowerCase() === name && standsAlone(text, at, end)) found.push(at);
  }
  return found;
}

const BEFORE_NAME = /[\p{L}\p{N}@/[.-]$/u;

/** What the server takes for a name goes on as long as these (recording `mention-forms`). */
const NAME_GOES_ON = /[\p{L}\p{N}._-]*/uy;

/** A name of another server, `@name:server`, or one that runs into the next. */
const AFTER_NAME = /@|:[\p{L}\p{N}_-]/uy;

/**
 * Only dots that end a sentence may follow, and as many underscores as stand in front: `_@name_` is emphasis, while
 * `@name_`, `@name-` and `@name..x` are names of others.
 */
function standsAlone(text: string, at: number, end: number): boolean {
  let start = at;
  while (text[start - 1] === "_") start -= 1;
  // The last letter may take two units.
  if (BEFORE_NAME.test(text.slice(Math.max(0, start - 2), start))) return false;
  NAME_GOES_ON.lastIndex = end;
  const more = NAME_GOES_ON.exec(text)?.[0] ?? "";
  AFTER_NAME.lastIndex = end + more.length;
  return !AFTER_NAME.test(text) && endsName(more, at - start);
}

function endsName(more: string, underscores: number): boolean {
  let left = underscores;
  for (let index = more.length - 1; index >= 0; index -= 1) {
    if (more[index] === ".") continue;
    if (more[index] !== "_" || left === 0) return false;
    left -= 1;
  }
  return true;
}
