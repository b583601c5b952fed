// Owns dividing a text into messages: at paragraphs, with code fences closed and opened again.

import type { Block } from "./block.ts";
import { FENCE } from "./code.ts";
import { writeLine, writeLineWithin } from "./lines.ts";
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
    const whole = writeBlock(block);
    const fits = current.length + gap(block.apart).length + whole.length <= limit;
    if (!fits && (mode === "newline" || current.length * 2 >= limit)) flush();
    if (fits || whole.length <= limit - current.length - gap(block.apart).length) {
      current += gap(block.apart) + whole;
    } else if (block.kind === "text") {
      block.lines
        .flatMap((line) => writeLineWithin(line, limit))
        .forEach((line, index) => {
          if (current.length + 2 + line.length > limit) flush();
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
  let room = limit - taken - 2 - overhead;
  let length = 0;
  for (const line of block.lines.flatMap((text) => cutText(text, limit - overhead))) {
    if (length + line.length > room) {
      fences.push([]);
      room = limit - overhead;
      length = 0;
    }
    fences.at(-1)?.push(line);
    length += line.length + 1;
  }
  return fences.filter((lines) => lines.length > 0).map((lines) => writeFence(block.info, lines));
}
