// Owns writing lines down: none is read as a block that it is not, none is longer than a message.

import type { Line } from "./block.ts";
import { type Token, writeTokens, ZERO_WIDTH_SPACE } from "./token.ts";

/** What would begin a quote, heading, list, code, spoiler, rule, table or mathematics at the start of a line. */
const BLOCK_START = /^(>|#{1,4}[ \t]|[-*][ \t]|\d+\.[ \t]|```|\|\||[ \t]*([-*_][ \t]*){3,}$|[ \t]*\||\\\[)/;
const TASK_START = /^\[[ xX]\]([ \t]|$)/;

export function writeLine({ lead, tokens }: Line): string {
  const text = writeTokens(trimSpaces(tokens));
  return `${lead}${isMisread(lead, tokens, text) ? ZERO_WIDTH_SPACE : ""}${text}`;
}

function isMisread(lead: string, tokens: readonly Token[], text: string): boolean {
  if (lead === "- ") return TASK_START.test(text);
  const first = tokens[0]?.kind;
  return lead === "" && (first === "word" || first === "space") && BLOCK_START.test(text);
}

function trimSpaces(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findLastIndex(({ kind }) => kind !== "space");
  return tokens.slice(0, end + 1);
}

/** The line in parts of at most `limit` UTF-16 units, divided at spaces where there are any. */
export function writeLineWithin(line: Line, limit: number): string[] {
  const parts: string[] = [];
  let left = line;
  while (!fits(left, limit)) {
    const { part, rest } = divide(left, limit);
    parts.push(part);
    left = { lead: line.rest, rest: line.rest, tokens: rest };
  }
  return left.tokens.length === 0 && parts.length > 0 ? parts : [...parts, writeLine(left)];
}

/** Long lines are known by their pieces alone: written, they are not shorter. */
function fits(line: Line, limit: number): boolean {
  return countWithin(line.tokens, limit) === line.tokens.length && writeLine(line).length <= limit;
}

/** How many pieces together have at most `limit` units, without what stands between them. */
function countWithin(tokens: readonly Token[], limit: number): number {
  let length = 0;
  const over = tokens.findIndex(({ text }) => {
    length += text.length;
    return length > limit;
  });
  return over === -1 ? tokens.length : over;
}

function divide(line: Line, limit: number): { part: string; rest: readonly Token[] } {
  const fitting = countFitting(line, limit);
  const { tokens } = line;
  if (fitting === 0) {
    const [first, ...more] = tokens;
    const pieces = first === undefined ? [] : cutToken(first);
    return divide({ ...line, tokens: [...pieces, ...more] }, limit);
  }
  const space = tokens.slice(0, fitting + 1).findLastIndex(({ kind }) => kind === "space");
  const end = space > 0 ? space : fitting;
  const part = writeLine({ ...line, tokens: tokens.slice(0, end) });
  const next = tokens.slice(end).findIndex(({ kind }) => kind !== "space");
  return { part, rest: next === -1 ? [] : tokens.slice(end + next) };
}

/** A piece longer than a message falls apart; its last resort are code points. */
function cutToken(token: Token): Token[] {
  const pieces = token.cut?.() ?? [];
  if (pieces.length > 1) return pieces;
  return Array.from(token.text, (text) => ({ kind: "word", text, marks: [] }));
}

/** How many tokens from the first on fit, written. */
function countFitting(line: Line, limit: number): number {
  const isFitting = (count: number): boolean =>
    writeLine({ ...line, tokens: line.tokens.slice(0, count) }).length <= limit;
  let low = 0;
  let high = countWithin(line.tokens, limit);
  for (let probe = high; low < high; probe = Math.ceil((low + high) / 2)) {
    if (isFitting(probe)) low = probe;
    else high = probe - 1;
  }
  return low;
}
