// Owns dividing a text into messages: at paragraphs, with code fences closed and opened again.

import type { Block, Line } from "./block.ts";
import { FENCE } from "./code.ts";
import { mayFit, writeLine, writeLineWithin } from "./lines.ts";
import { cutText } from "./words.ts";

/**
 * OpenClaw's words: `length` fills a message before it begins the next, `newline` begins one whenever the next
 * paragraph does not fit, and divides only what no message holds.
 */
export type ChunkMode = "length" | "newline";

export interface PartLimits {
  /** UTF-16 units, fences included. */
  readonly limit: number;
  readonly mode: ChunkMode;
}

type TextBlock = Extract<Block, { kind: "text" }>;
type CodeBlock = Extract<Block, { kind: "code" }>;

const VISIBLE = /[^\s\u200b]/;

/** A message that is full so far ends where a paragraph does; one that is not takes the beginning of the next. */
const FULL = 0.85;

/** Messages of at most `limit` units; none without visible text. */
export function writeParts(blocks: readonly Block[], limits: PartLimits): string[] {
  const messages = new Messages(limits);
  for (const block of blocks) messages.add(block);
  return messages.end();
}

class Messages {
  readonly #limits: PartLimits;
  readonly #done: string[] = [];
  #current = "";

  constructor(limits: PartLimits) {
    this.#limits = limits;
  }

  add(block: Block): void {
    const { limit, mode } = this.#limits;
    const whole = mayFitBlock(block, limit) ? writeBlock(block) : undefined;
    const fits = () => whole !== undefined && whole.length <= this.#room(block.apart);
    if (!fits() && (mode === "newline" || this.#isFull())) this.#flush();
    if (whole !== undefined && fits()) this.#put(whole, block.apart);
    else if (block.kind === "code") this.#addCode(block);
    else if (block.heads === undefined) this.#addLines(block);
    else this.#addRows(block);
  }

  end(): string[] {
    this.#flush();
    return this.#done;
  }

  #addLines({ lines, apart }: TextBlock): void {
    const { limit, mode } = this.#limits;
    lines.forEach((line, index) => {
      const isApart = index === 0 && apart;
      const whole = mayFit(line, limit) ? writeLine(line) : undefined;
      const fits = (room: number) => whole !== undefined && whole.length <= room;
      const stays = mode === "newline" || isHeading(line);
      if (!fits(this.#room(isApart)) && ((stays && fits(limit)) || this.#isFull())) this.#flush();
      const [first = "", ...more] = writeLineWithin(line, limit, this.#room(isApart));
      if (first !== "") this.#put(first, isApart);
      for (const part of more) {
        this.#flush();
        this.#put(part, false);
      }
    });
  }

  /** A table's rows stay whole where a message holds them, below its head. */
  #addRows({ lines, apart, heads }: TextBlock): void {
    const { limit } = this.#limits;
    const rows = lines.flatMap((line) => writeLineWithin(line, limit));
    const head = headOf(lines.length === rows.length ? rows : [], { heads, limit });
    // A head without a row says nothing.
    const first = rows[heads ?? 0] ?? "";
    if (head !== "" && head.length + first.length + 1 > this.#room(apart)) this.#flush();
    rows.forEach((row, index) => {
      if (row.length > this.#room(index === 0 && apart)) {
        this.#flush();
        this.#current = head;
      }
      this.#put(row, index === 0 && apart);
    });
  }

  #addCode(block: CodeBlock): void {
    const { limit } = this.#limits;
    if (!hasRoomForHead(block, { limit, room: this.#room(block.apart) })) this.#flush();
    for (const code of fillFences(block, { limit, room: this.#room(block.apart) })) {
      if (code.length > this.#room(block.apart)) this.#flush();
      this.#put(code, block.apart);
    }
  }

  #gap(apart: boolean): string {
    return this.#current === "" ? "" : apart ? "\n\n" : "\n";
  }

  /** How much the message has room for. UTF-16 units. */
  #room(apart: boolean): number {
    return this.#limits.limit - this.#current.length - this.#gap(apart).length;
  }

  #isFull(): boolean {
    return this.#current.length >= FULL * this.#limits.limit;
  }

  #put(text: string, apart: boolean): void {
    this.#current += this.#gap(apart) + text;
  }

  #flush(): void {
    if (VISIBLE.test(this.#current)) this.#done.push(this.#current);
    this.#current = "";
  }
}

const isHeading = ({ lead }: Line): boolean => lead.startsWith("#");

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
  if (head.length + 2 > limit) return "";
  return lines.slice(heads).every((line) => head.length + line.length + 2 <= limit) ? head : "";
}

function writeBlock(block: Block): string {
  return block.kind === "code" ? writeFence(block.info, block.lines) : block.lines.map(writeLine).join("\n");
}

/** Rocket.Chat swallows one empty line behind the opening fence, so one is given to it. */
function writeFence(info: string, lines: readonly string[]): string {
  return `${FENCE}${info}\n${lines[0] === "" ? "\n" : ""}${lines.join("\n")}\n${FENCE}`;
}

/** A table's head begins where its first row goes: a head without a row says nothing. */
function hasRoomForHead(block: CodeBlock, { limit, room }: { limit: number; room: number }): boolean {
  const head = headOf(block.lines, { heads: block.heads, limit: limit - overheadOf(block) });
  if (head === "") return true;
  const beginning = block.lines.slice(0, (block.heads ?? 0) + 1).join("\n");
  return beginning.length <= room - overheadOf(block);
}

const overheadOf = ({ info }: CodeBlock): number => writeFence(info, [""]).length;

/** The code in fences that each fit into a message, the first into the room that one has. */
function fillFences(block: CodeBlock, { limit, room: left }: { limit: number; room: number }): string[] {
  const overhead = overheadOf(block);
  const fences: string[][] = [[]];
  const whole = limit - overhead;
  const head = headOf(block.lines, { heads: block.heads, limit: whole });
  const headLines = head === "" ? [] : block.lines.slice(0, block.heads);
  let room = left - overhead;
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
