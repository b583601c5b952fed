// Owns the way from the agent's Markdown to what is posted: messages in Rocket.Chat's dialect.

import { type DialectOptions, readBlocks } from "./dialect/flow.ts";
import { type PartLimits, writeParts } from "./dialect/parts.ts";
import { divideSource } from "./dialect/source.ts";

export type FormatOptions = DialectOptions & PartLimits;

/**
 * Messages that show what the Markdown means, in order, each within `limit` UTF-16 units; none for a text
 * without anything visible. docs/FORMATTING.md shows every form.
 */
export function formatMarkdown(markdown: string, options: FormatOptions): string[] {
  return writeParts(readBlocks(divideSource(markdown), options), options);
}
