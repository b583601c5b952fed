// Owns what counts as a command in chat: one `!` and a word at the start of what a person typed.

import { stripMention } from "../facts/mention.ts";

/** The commands of our own; every other word is `other`. */
export const COMMAND_WORDS = ["help", "status", "model", "stop", "approve", "deny"] as const;

export type CommandKind = (typeof COMMAND_WORDS)[number] | "other";

export interface Command {
  readonly kind: CommandKind;
  /** The word without its `!`, in lower case. */
  readonly word: string;
  /** What follows the word, without the bot's own name and without space around. */
  readonly args: string;
  /** Whether names stand before the word; then it is meant for these alone. */
  readonly addressed: boolean;
}

/** One of our own words, in any case and before anything that does not continue the word: `!stop!` stops. */
const OWN_WORD = /^!(help|status|model|stop|approve|deny)(?![\w-])[.,:;!?…]*/i;

/** Any other word, alone or before space: `!deploy now` is one, `!important?` is text. */
const ANY_WORD = /^!([a-z][\w-]*)(?=\s|$)/;

/** What may stand before a command: invisible characters, links of quoted messages, and names. */
const INVISIBLE = /^[\s\p{Cf}]+/u;
const QUOTE_LINK = /^\[[\s\p{Cf}]*\]\([^)\s]*\)/u;
const NAME = /^@[\p{L}\p{N}_][\p{L}\p{N}._:-]*,?/u;
const AFTER_NAME = /^[\s\p{Cf}!]/u;
const NAME_END = /[\p{L}\p{N}_-]$/u;

/**
 * The command that a message is, or undefined when it is ordinary text. A quoting reply's text begins with the
 * invisible link of the quoted message, and several people and bots may be named first; neither makes a
 * command text. With the bot's `username` a text that turns into a command when that name is taken out is one
 * as well, because that is what the agent would read.
 */
export function readCommand(text: string, username = ""): Command | undefined {
  if (!text.includes("!")) return undefined;
  return readShape(text, username) ?? readShape(stripMention(text, username), username);
}

function readShape(text: string, username: string): Command | undefined {
  const { typed, addressed } = stripPrefixes(text);
  const own = OWN_WORD.exec(typed);
  const found = own ?? ANY_WORD.exec(typed);
  if (found === null) return undefined;
  const word = (found[1] ?? "").toLowerCase();
  return {
    kind: COMMAND_WORDS.find((known) => known === word) ?? "other",
    word,
    args: stripMention(typed.slice(found[0].length), username),
    addressed,
  };
}

function stripPrefixes(text: string): { typed: string; addressed: boolean } {
  let typed = text;
  let addressed = false;
  for (let prefix = readPrefix(typed); prefix !== ""; prefix = readPrefix(typed)) {
    addressed ||= prefix.startsWith("@");
    typed = typed.slice(prefix.length);
  }
  return { typed, addressed };
}

function readPrefix(text: string): string {
  return INVISIBLE.exec(text)?.[0] ?? QUOTE_LINK.exec(text)?.[0] ?? readName(text);
}

/** A name, at most with one sign of punctuation, in front of space or the command. */
function readName(text: string): string {
  const run = NAME.exec(text)?.[0] ?? "";
  const name = /[,:.]$/.test(run) ? run.slice(0, -1) : run;
  return NAME_END.test(name) && AFTER_NAME.test(text.slice(run.length)) ? run : "";
}
