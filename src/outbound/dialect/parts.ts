// Owns dividing a text into messages: at paragraphs, with code fences closed and opened again.

import type { Block } from "./block.ts";
import { FENCE } from "./code.ts";
import { mayFit, writeLine, writeLineWithin } from "./lines.ts";
import { cutText } from "./words.ts";

/**
 * OpenClaw's words: `length` fills a message before it begins the next, `newline` begins one whenever the next
 * paragraph does not fit. Neither divides a paragraph in a message that is less than half full for nothing.
 */
export type ChunkMode = "length" | "newline";

export interface PartLimits {
  /** UTF-16 units, fences included. */
  readonly limit: number;
  readonly mode: ChunkMode;
}

const VISIBLE = /[^\s\u200b]/;

/** Messages of at most `limit` units; none without visible text. */
export function writeParts(blocks: readonly Block[], { limit, mode }: PartLimits): string[] {
  const parts: string[] = [];
  let current = "";

  const flush = (): void => {
    if (VISIBLE.test(current)) parts.push(current);
    current = "";
  };
  const gap = (apart: boolean): string => (current === "" ? "" : apart ? "\n\n" : "\n");

  for (const block of blocks) {
    const whole = mayFitBlock(block, limit) ? writeBlock(block) : undefined;
    const isWithin = (room: number): boolean => whole !== undefined && whole.length <= room;
    const fits = isWithin(limit - current.length - gap(block.apart).length);
    if (!fits && (mode === "newline" || current.length * 2 >= limit)) flush();
    if (whole !== undefined && isWithin(limit - current.length - gap(block.apart).length)) {
      current += gap(block.apart) + whole;
    } else if (block.kind === "text") {
      const lines = block.lines.flatMap((line) => writeLineWithin(line, limit));
      const head = headOf(block.lines.length === lines.length ? lines : [], { heads: block.heads, limit });
      // A head without a row says nothing.
      if (head !== "" && current.length + head.length + (lines[block.heads ?? 0] ?? "").length + 4 > limit)
        flush();
      lines.forEach((line, index) => {
        if (current.length + 2 + line.length > limit) {
          flush();
          current = head;
        }
        current += gap(index === 0 && block.apart) + line;
      });
    } else {
      for (const code of fillFences(block, { limit, taken: current.length })) {
        if (current.length + gap(block.apart).length + code.length > limit) flush();
        current += gap(block.apart) + code;
      }
    }
  }
  flush();
  return parts;
}

/** What is far too long is divided, and need not be written as a whole first. */
function mayFitBlock(block: Block, limit: number): boolean {
  if (block.kind === "text") return block.lines.every((line) => mayFit(line, limit));
  let length = 0;
  return block.lines.every((line) => {
    length += line.length;
    return length <= limit;
  });
}

/** The head of a table that is repeated; empty where there is none, or no room for it and a row. */
function headOf(
  lines: readonly string[],
  { heads = 0, limit }: { heads: number | undefined; limit: number },
): string {
  const head = lines.slice(0, heads).join("\n");
  return lines.slice(heads).every((line) => head.length + line.length + 2 <= limit) ? head : "";
}

function writeBlock(block: Block): string {
  return block.kind === "code" ? writeFence(block.info, block.lines) : block.lines.map(writeLine).join("\n");
}

/** Rocket.Chat swallows one empty line behind the opening fence, so one is given to it. */
function writeFence(info: string, lines: readonly string[]): string {
  return `${FENCE}${info}\n${lines[0] === "" ? "\n" : ""}${lines.join("\n")}\n${FENCE}`;
}

/** The code in fences that each fit into a message, the first into what `taken` units leave of it. */
function fillFences(
  block: Extract<Block, { kind: "code" }>,
  { limit, taken }: { limit: number; taken: number },
): string[] {
  const overhead = writeFence(block.info, [""]).length;
  const fences: string[][] = [[]];
  const whole = limit - overhead;
  const head = headOf(block.lines, { heads: block.heads, limit: whole });
  const headLines = head === "" ? [] : block.lines.slice(0, block.heads);
  let room = limit - taken - 2 - overhead;
  let length = 0;
  for (const line of block.lines.flatMap((text) => cutText(text, limit - overhead))) {
    if (length + line.length > room) {
      const isHead = (fences.at(-1)?.length ?? 0) <= headLines.length && fences.length === 1;
      if (isHead) fences[0] = [];
      fences.push([...headLines]);
      room = limit - overhead;
      length = head === "" ? 0 : head.length + 1;
    }
    fences.at(-1)?.push(line);
    length += line.length + 1;
  }
  return fences.filter((lines) => lines.length > 0).map((lines) => writeFence(block.info, lines));
}
