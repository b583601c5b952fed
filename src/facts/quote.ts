// Owns quotes: which message one is of, and taking its link out of the text.

import type { MessageFacts } from "./message.ts";

/** Clients write a quote as the link of a message in front of the text (recording `quote`). */
const LINK = /^\[ *\]\(([^\s()]+)\) */;
const QUOTED = /[?&]msg=([^&#]+)/;

type Quoting = Pick<MessageFacts, "text" | "quotedUsernames">;

/** The message that is quoted first; undefined where the server drew no quote for a link. */
export function quotedMessageId({ text, quotedUsernames }: Quoting): string | undefined {
  return quotedUsernames.length === 0 ? undefined : readQuoteLink(text)?.messageId;
}

/** The text without the links of the quotes in front of it, which say nothing to a reader. */
export function withoutQuoteLinks({ text, quotedUsernames }: Quoting): string {
  let rest = text;
  for (let left = quotedUsernames.length; left > 0; left -= 1) {
    const link = readQuoteLink(rest);
    if (link === undefined) break;
    rest = rest.slice(link.length);
  }
  return rest;
}

function readQuoteLink(text: string): { length: number; messageId: string } | undefined {
  const [whole, address = ""] = LINK.exec(text) ?? [];
  const messageId = QUOTED.exec(address)?.[1];
  return whole === undefined || messageId === undefined ? undefined : { length: whole.length, messageId };
}
