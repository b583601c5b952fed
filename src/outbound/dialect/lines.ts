// Owns writing lines down: none is read as a block that it is not, none is longer than a message.

import type { Line } from "./block.ts";
import { measureTokens, type Token, writeTokens, ZERO_WIDTH_SPACE } from "./token.ts";

/** What would begin a quote, heading, list, code, spoiler, rule, table or mathematics at the start of a line. */
const BLOCK_START = /^(>|#{1,4}[ \t]|[-*][ \t]|\d+\.[ \t]|```|\|\||[ \t]*([-*_][ \t]*){3,}$|[ \t]*\||\\\[)/;
const TASK_START = /^\[[ xX]\]([ \t]|$)/;

/** A line is asked for again and again while it is looked for where it fits. */
const written = new WeakMap<Line, string>();

export function writeLine(line: Line): string {
  const known = written.get(line);
  if (known !== undefined) return known;
  const text = writeAnew(line);
  written.set(line, text);
  return text;
}

function writeAnew({ lead, tokens }: Line): string {
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

/**
 * The line in parts of at most `limit` UTF-16 units, divided at spaces where there are any. The first has at most `room`
 * units, and is empty where no piece of the line fits into them.
 */
export function writeLineWithin(line: Line, limit: number, room = limit): string[] {
  if (mayFit(line, room)) {
    const whole = writeLine(line);
    if (whole.length <= room) return [whole];
  }
  const parts: string[] = [];
  // The next piece is the last one, so that taking it costs nothing.
  const left = line.tokens.toReversed();
  let lead = line.lead;
  while (left.length > 0 || parts.length === 0) {
    const size = parts.length === 0 ? room : limit;
    const window = takeWindow(left, size);
    const fit = fillPart({ lead, rest: line.rest, tokens: window }, size);
    const fitting = fit.tokens.length;
    const isLast = fitting === window.length && left.length === 0;
    const end = isLast ? fitting : endOfPart(window, fitting, left);
    if (size < limit && !isLast && !isAtSpace(window, end, left)) {
      putBack(left, window);
      parts.push("");
    } else if (end === 0 && window.length > 0)
      putBack(left, [...cutToken(window[0], limit - lead.length), ...window.slice(1)]);
    else {
      parts.push(writeLine(end === fitting ? fit : { ...fit, tokens: window.slice(0, end) }));
      putBack(left, window.slice(end));
      while (left.at(-1)?.kind === "space") left.pop();
      lead = line.rest;
    }
  }
  return parts;
}

/** Written, the pieces are not shorter. */
export function mayFit({ tokens }: Line, limit: number): boolean {
  let length = 0;
  return tokens.every(({ text }) => {
    length += text.length;
    return length <= limit;
  });
}

/** Pieces from the beginning that together, without what stands between them, have at most `limit` units, and one. */
function takeWindow(left: Token[], limit: number): Token[] {
  const window: Token[] = [];
  let length = 0;
  while (left.length > 0 && length <= limit) {
    const token = left.pop();
    if (token === undefined) break;
    window.push(token);
    length += token.text.length;
  }
  return window;
}

function putBack(left: Token[], tokens: readonly Token[]): void {
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    const token = tokens[index];
    if (token !== undefined) left.push(token);
  }
}

/** A part ends at the last space that it has room for, or where its room ends. */
function endOfPart(window: readonly Token[], fitting: number, left: readonly Token[]): number {
  const next = window[fitting] ?? left.at(-1);
  if (next?.kind === "space") return fitting;
  const space = window.slice(0, fitting).findLastIndex(({ kind }) => kind === "space");
  return space > 0 ? space : fitting;
}

/** Whether a space follows the pieces that a part would hold; and there are some. */
const isAtSpace = (window: readonly Token[], end: number, left: readonly Token[]): boolean =>
  end > 0 && (window[end] ?? left.at(-1))?.kind === "space";

/** A piece longer than a message falls apart; its last resort are code points. */
function cutToken(token: Token | undefined, limit: number): Token[] {
  if (token === undefined) return [];
  // What keeps it apart from its neighbors, and its marks, take room as well.
  const room = Math.max(1, limit - MAX_FRAME_UNITS);
  const pieces = token.cut?.(room) ?? [];
  if (pieces.length > 1) return pieces;
  return Array.from(token.text, (text) => ({ kind: "word", text, marks: [] }));
}

const MAX_FRAME_UNITS = 16;

/** The line with as many of its tokens, from the first on, as fit when they are written. */
function fillPart(line: Line, limit: number): Line {
  const lengths = measureTokens(line.tokens);
  let count = Math.max(
    0,
    lengths.findLastIndex((length) => line.lead.length + length <= limit),
  );
  let part = { ...line, tokens: line.tokens.slice(0, count) };
  while (count > 0 && writeLine(part).length > limit) {
    count -= 1;
    part = { ...line, tokens: line.tokens.slice(0, count) };
  }
  return part;
}
