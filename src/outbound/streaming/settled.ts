// Owns how much of a text that is still being written can be shown: whole words, of which no mark is left open.

import { cutOpen } from "./open-marks.ts";

/** Markers of quotes and lists at the beginning of a line. */
const MARKERS = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*/;
const FENCE = /^(?:`{3,}|~{3,})/;
/** What begins a line that does not say yet what it is: an item, a heading, a rule, a table's second line. */
const SIGNS = /^[-*+_=#~`|:>\s]+/;
const BEGINNING = /^(?:\d{1,9}[.)]?)?[ \t]*(?:\[[ xX]?\]?)?$/;
const RULE_OF_TABLE = /^[ \t>|:-]+$/;

/**
 * The part of the Markdown that a reader may see while more is to come, with its marks closed: what it shows is the
 * beginning of what the whole text will show, whatever follows. A word, a line of code, a row of a table, a link or a
 * formula that is not whole is left out. Empty when nothing can be shown yet. Linear in the text.
 */
export function settledPart(markdown: string): string {
  const all = markdown.replace(/\r\n?/g, "\n").split("\n");
  const { fence, first, end } = findLastBlock(all);
  const lines = all.slice(0, end);
  // A closing fence that is half there would be a line of code.
  if (fence !== undefined) return lines.slice(0, lines.length > fence + 2 ? -1 : fence).join("\n");
  const before = lines.slice(0, first);
  const block = lines.slice(first, -1);
  const tail = isTable(block) ? block : settleLines(block, lines.at(-1) ?? "");
  return [...before, ...tail].join("\n").trimEnd();
}

interface Fence {
  readonly sign: string;
  readonly at: number;
}

interface LastBlock {
  /** Where an open fence begins. */
  readonly fence?: number | undefined;
  /** Behind the last empty line or whole fence. */
  readonly first: number;
  /** Behind the last line that can be shown. */
  readonly end: number;
}

function findLastBlock(lines: readonly string[]): LastBlock {
  let open: Fence | undefined;
  let inComment = false;
  let first = 0;
  // The last line is not whole: it opens and closes nothing.
  for (const [index, line] of lines.slice(0, -1).entries()) {
    if (open !== undefined) {
      if (!closes(line, open)) continue;
      open = undefined;
      first = index + 1;
      continue;
    }
    inComment = isCommentOpen(line, inComment);
    if (inComment) continue;
    if (refersOn(line)) return { first, end: index + 1 };
    const sign = openingFence(line);
    if (sign !== undefined) open = { sign, at: index };
    else if (line.trim() === "") first = index + 1;
  }
  return { fence: open?.at, first, end: lines.length };
}

/** Whether the line has a link by reference: what it shows depends on a definition that may stand at the very end. */
const refersOn = (line: string): boolean =>
  line.includes("][") && line.replace(/`[^`]*`/g, "").includes("][");

function openingFence(line: string): string | undefined {
  const text = line.replace(MARKERS, "");
  const sign = FENCE.exec(text)?.[0];
  return sign?.startsWith("`") && text.includes("`", sign.length) ? undefined : sign;
}

function closes(line: string, { sign }: Fence): boolean {
  const text = line.replace(/^[ \t>]*/, "").trimEnd();
  return text.length >= sign.length && text === sign.charAt(0).repeat(text.length);
}

function isCommentOpen(line: string, before: boolean): boolean {
  const [opened, closed] = [line.lastIndexOf("<!--"), line.lastIndexOf("-->")];
  return opened > closed || (before && closed < 0);
}

/** The lines of the last paragraph without those of which it is not known yet what they are. */
function settleLines(whole: readonly string[], last: string): string[] {
  const kept = dropUndecided([...whole, last.slice(0, lengthOfWords(last))]);
  // A line with bars may be the head of a table until the next one is known.
  const text = kept.at(-1)?.includes("|") ? dropUndecided(kept.slice(0, -1)) : kept;
  return dropUndecided(cutOpen(text.join("\n")).split("\n"));
}

/** Without the last word, to which more may come. */
function lengthOfWords(line: string): number {
  let end = line.length;
  while (end > 0 && !/\s/.test(line.charAt(end - 1))) end -= 1;
  return end;
}

function isTable(lines: readonly string[]): boolean {
  return lines.some((line, index) => {
    const head = lines[index - 1];
    return head !== undefined && isRule(line) && (line.includes("|") || head.includes("|"));
  });
}

const isRule = (line: string): boolean => line.includes("-") && RULE_OF_TABLE.test(line);

function dropUndecided(lines: readonly string[]): string[] {
  return lines.slice(
    0,
    lines.findLastIndex((line) => !BEGINNING.test(line.replace(SIGNS, "").trimEnd())) + 1,
  );
}
