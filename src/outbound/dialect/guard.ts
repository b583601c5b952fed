// Owns what is disarmed in a whole text, because Rocket.Chat reads it across pieces and lines.

import type { Block, Line } from "./block.ts";
import type { Katex } from "./math.ts";
import type { Token } from "./token.ts";

export interface GuardOptions {
  readonly katex: Katex;
  /** Rocket.Chat 8.6 reads no block of code in which a line ends with a backtick. */
  readonly ticksBreakFences?: boolean | undefined;
}

export function guardBlocks(
  blocks: readonly Block[],
  { katex, ticksBreakFences }: GuardOptions,
): readonly Block[] {
  const linked = guardLinks(blocks);
  const priced = katex.dollars ? guardDollars(linked) : linked;
  return ticksBreakFences === true ? priced.map(guardFence) : priced;
}

/** To Rocket.Chat a bare `[` opens the label of the next `[…](…)`, lines later even; `<…|…>` has no such opening. */
function guardLinks(blocks: readonly Block[]): readonly Block[] {
  const isBare = ({ lead, tokens }: Line): boolean =>
    lead.endsWith("] ") || tokens.some(({ kind, text }) => kind === "word" && text.includes("["));
  if (!blocks.some((block) => block.kind === "text" && block.lines.some(isBare))) return blocks;
  return mapTokens(blocks, (token) => [{ ...token, text: token.guarded ?? token.text }]);
}

/** A dollar sign and what it is the sign of. */
const DOLLARS = /(\$[\p{L}\p{N}$_{}]*(?:[.,:/-][\p{L}\p{N}$_{}]+)*)/u;

/**
 * Two dollar signs, on lines apart even, hold a formula, and no escape is known; in code they hold none. One outside of
 * code is enough to begin a formula, which ends at the next, wherever that stands.
 */
function guardDollars(blocks: readonly Block[]): readonly Block[] {
  return countDollars(blocks) < 2 ? blocks : mapTokens(blocks, guardDollar);
}

function countDollars(blocks: readonly Block[]): number {
  const texts = blocks.flatMap((block) =>
    block.kind === "code" ? block.lines : block.lines.flatMap(({ tokens }) => tokens.map(({ text }) => text)),
  );
  return texts.reduce((count, text) => count + text.split("$").length - 1, 0);
}

function guardDollar(token: Token): Token[] {
  if (token.kind !== "word" || !token.text.includes("$")) return [token];
  return token.text.split(DOLLARS).flatMap((text, index): Token[] => {
    if (text === "") return [];
    if (index % 2 === 0) return [{ kind: "word", text, marks: token.marks }];
    return [{ kind: "code", text: `\`${text}\``, marks: token.marks }];
  });
}

function mapTokens(blocks: readonly Block[], map: (token: Token) => Token[]): Block[] {
  return blocks.map((block) =>
    block.kind === "code"
      ? block
      : { ...block, lines: block.lines.map((each) => ({ ...each, tokens: each.tokens.flatMap(map) })) },
  );
}

function guardFence(block: Block): Block {
  if (block.kind === "text") return block;
  return { ...block, lines: block.lines.map((line) => (line.endsWith("`") ? `${line} ` : line)) };
}
