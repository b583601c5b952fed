// Owns quotes: which message one is of, and taking its link out of the text.

import type { MessageFacts } from "./message.ts";

/** Clients write a quote as the link of a message in front of the text (recording `quote`). */
const QUOTE_LINK = /^\[ *\]\([^\s()]+?[?&]msg=([^\s()&#]+)[^\s()]*\) */;

type Quoting = Pick<MessageFacts, "text" | "quotedUsernames">;

/** The message that is quoted first; undefined where the server drew no quote for a link. */
export function quotedMessageId({ text, quotedUsernames }: Quoting): string | undefined {
  return quotedUsernames.length === 0 ? undefined : QUOTE_LINK.exec(text)?.[1];
}

/** The text without the links of the quotes in front of it, which say nothing to a reader. */
export function withoutQuoteLinks({ text, quotedUsernames }: Quoting): string {
  return quotedUsernames.reduce((rest) => rest.replace(QUOTE_LINK, ""), text);
}
