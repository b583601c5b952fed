// Owns dividing the agent's text into stretches that the parser reads in bounded time.

/**
 * A part of the text that is parsed by itself. `markdown` goes to the parser; `code` is a fenced block; `plain` holds
 * more signs than the parser could read in good time and is shown as it is written.
 */
export interface Stretch {
  readonly kind: "markdown" | "code" | "plain";
  readonly text: string;
  readonly before: Gap;
  /** Definitions of links that stand elsewhere in the text, to be read behind this. */
  readonly appendix: string;
}

/** What is before a stretch: an empty line, a line end, or the same paragraph or line, which was too long. */
type Gap = "empty line" | "line end" | "nothing" | "same line";

/** The parser's time for some forms grows with the square of what it is given at once. UTF-16 units. */
const STRETCH_UNITS = 3000;
const MAX_BLOCK_UNITS = 4000;

/** What the parser may cost beyond what plain words cost, in microseconds: at once, and for each unit of the text. */
const BURST_COST = 4000;
const COST_PER_UNIT = 2.2;

/** Definitions that stand elsewhere in the text are repeated for each stretch that refers to them, up to so much. */
const MAX_APPENDIX_UNITS = 2000;
const MAX_APPENDIX_LINES = 40;

/** Lines that belong together: up to an empty line, or one fenced block. */
interface Lines {
  readonly kind: "markdown" | "code";
  readonly lines: readonly string[];
  readonly before: Gap;
}

/** The stretches in order. `\r\n` and `\r` are ends of lines, too. */
export function divideSource(text: string): Stretch[] {
  const blocks = readLineBlocks(text.replace(/\r\n?/g, "\n").split("\n"));
  const budget = new Budget();
  const stretches = joinPieces(blocks.flatMap((block) => judgeBlock(block, budget)));
  if (stretches.length < 2) return stretches;
  const definitions = collectDefinitions(blocks);
  if (definitions.size === 0) return stretches;
  return stretches.map((each) => ({ ...each, appendix: appendixOf(each, definitions) }));
}

/** Pieces become one stretch as long as that is short. */
function joinPieces(pieces: readonly (Omit<Stretch, "appendix"> & { readonly first: string })[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { first, ...piece } of pieces) {
    const open = piece.kind === "markdown" ? stretches.at(-1) : undefined;
    const isApart = isContinued(piece.before) || open?.kind !== "markdown";
    if (isApart || isLongWith(open.text.length, piece.text.length, first))
      stretches.push({ ...piece, appendix: "" });
    else stretches.splice(-1, 1, { ...open, text: `${open.text}\n\n${piece.text}` });
  }
  return stretches;
}

/** The pieces of a block, all in one way: what is divided for its length is no different from piece to piece. */
function judgeBlock(block: Lines, budget: Budget) {
  const pieces = boundBlock(block).map(({ kind, lines, before }) => {
    return { kind, lines, before, text: lines.join("\n") };
  });
  const isPlain = block.kind !== "code" && !budget.admits(pieces);
  return pieces.map(({ kind, lines, before, text }) => {
    return { kind: isPlain ? ("plain" as const) : kind, before, text, first: lines[0] ?? "" };
  });
}

/** What the parser may still cost beyond plain words: a burst at once, and more with every unit of the text. */
class Budget {
  #left = BURST_COST;

  admits(pieces: readonly { readonly text: string; readonly lines: readonly string[] }[]): boolean {
    let left = this.#left;
    for (const { text, lines } of pieces) {
      left = Math.min(BURST_COST, left) + COST_PER_UNIT * text.length - costOf(text, lines);
      if (left < 0) return false;
    }
    this.#left = left;
    return true;
  }
}

function isContinued(before: Gap): boolean {
  return before === "nothing" || before === "same line";
}

/** Whether a new stretch begins: never inside a list, unless the one before would become far too long. */
function isLongWith(units: number, more: number, line = ""): boolean {
  if (units + more <= STRETCH_UNITS) return false;
  const isInside = /^[ \t]/.test(line);
  const isItem = /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/.test(line);
  return units > 3 * STRETCH_UNITS || (!isInside && (!isItem || units > 2 * STRETCH_UNITS));
}

function readLineBlocks(lines: readonly string[]): Lines[] {
  const blocks: Lines[] = [];
  let first = 0;
  let before: Gap = "line end";
  const end = (index: number): void => {
    if (index > first) put("markdown", index);
    first = index;
  };
  const put = (kind: Lines["kind"], index: number): void => {
    blocks.push({ kind, lines: lines.slice(first, index), before });
    first = index;
    before = "line end";
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const fence = (lines[first] ?? "").startsWith("<") ? undefined : openingFence(line);
    if (fence !== undefined) {
      end(index);
      index = closingIndex(lines, index + 1, fence);
      put("code", index + 1);
    } else if (line.trim() === "") {
      end(index);
      first = index + 1;
      before = "empty line";
    }
  }
  end(lines.length);
  return blocks;
}

/** The signs that open a fence at the beginning of a line; indented ones may belong to a list and are left to the parser. */
function openingFence(line: string): string | undefined {
  const [, signs, rest = ""] = /^(`{3,}|~{3,})(.*)/.exec(line) ?? [];
  return signs?.startsWith("`") && rest.includes("`") ? undefined : signs;
}

/** Without a closing fence the block goes on to the end. */
function closingIndex(lines: readonly string[], from: number, fence: string): number {
  for (let index = from; index < lines.length; index += 1) {
    const line = lines[index]?.trim() ?? "";
    const isFence = line.length >= fence.length && line === (fence[0] ?? "").repeat(line.length);
    if (isFence && !/^ {4}|^ {0,3}\t/.test(lines[index] ?? "")) return index;
  }
  return lines.length - 1;
}

/** A block too long for the parser is divided between its lines; a line too long, at a space. */
function boundBlock(block: Lines): Lines[] {
  const units = block.lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (block.kind === "code" || units <= MAX_BLOCK_UNITS) return [block];
  const blocks: Lines[] = [];
  let before = block.before;
  let lines: string[] = [];
  let length = 0;
  for (const { text, continues } of block.lines.flatMap(boundLine)) {
    if (length > 0 && length + text.length > MAX_BLOCK_UNITS) {
      blocks.push({ ...block, lines, before });
      before = continues ? "same line" : "nothing";
      lines = [];
      length = 0;
    }
    lines.push(continues ? (lines.pop() ?? "") + text : text);
    length += text.length + 1;
  }
  return [...blocks, { ...block, lines, before }];
}

interface Piece {
  readonly text: string;
  /** Whether the line of the piece before goes on here. */
  readonly continues: boolean;
}

/** Inline code that is divided is closed, and opened again on a line of its own. */
function boundLine(line: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let opening = "";
  while (line.length - from > MAX_BLOCK_UNITS) {
    const space = line.lastIndexOf(" ", from + MAX_BLOCK_UNITS);
    const isNear = space > from + MAX_BLOCK_UNITS / 2;
    const end = isNear ? space + 1 : wholeCharacter(line, from + MAX_BLOCK_UNITS);
    const piece = opening + line.slice(from, end);
    const isInCode = countOf(piece, "`") % 2 === 1 && line.lastIndexOf("`") >= end;
    const continues = from > 0 && opening === "";
    opening = isInCode ? "`" : "";
    pieces.push({ text: piece + opening, continues });
    from = end;
  }
  return [...pieces, { text: opening + line.slice(from), continues: from > 0 && opening === "" }];
}

/** The index itself, or the one before where it would divide a pair of surrogates. */
function wholeCharacter(text: string, index: number): number {
  return /[\udc00-\udfff]/.test(text[index] ?? "") ? index - 1 : index;
}

const DEFINITION = /^ {0,3}\[([^\]]+)\]:/;

/** By label, as the parser compares them; the first of a label counts. */
function collectDefinitions(blocks: readonly Lines[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { kind, lines } of blocks) {
    for (const line of kind === "code" ? [] : lines) {
      if (!line.includes("]:") || line.startsWith("[^")) continue;
      const label = labelOf(DEFINITION.exec(line)?.[1]);
      if (label !== "" && !found.has(label)) found.set(label, line);
    }
  }
  return found;
}

/** The definitions of what the stretch refers to, no more than the parser compares in good time. */
function appendixOf({ kind, text }: Stretch, definitions: ReadonlyMap<string, string>): string {
  const found = new Set<string>();
  let units = 0;
  for (const [, label] of kind === "markdown" ? text.matchAll(/\[([^[\]]+)\]/g) : []) {
    const line = definitions.get(labelOf(label)) ?? "";
    if (line === "" || found.has(line)) continue;
    units += line.length + 1;
    if (units > MAX_APPENDIX_UNITS || found.size === MAX_APPENDIX_LINES) break;
    found.add(line);
  }
  return [...found].join("\n");
}

function labelOf(text = ""): string {
  return text.trim().replace(/\s+/g, " ").toLowerCase();
}

/** Microseconds, measured, that the parser takes for the forms that cost it more than words do. */
const COST = {
  item: 35,
  link: 35,
  cell: 16,
  mark: 3,
  sign: 2,
  setext: 60,
  definition: 30,
  footnote: 120,
  quote: 14,
} as const;
/** For one unit that is read in vain. */
const VAIN_COST = 0.06;

/** Quotes and lists that stand within one another; the parser's stack grows with them. */
const MAX_DEPTH = 20;

function costOf(text: string, lines: readonly string[]): number {
  const isTable = lines.some((line) => line.includes("|") && line.includes("-") && /^[ \t>|:-]+$/.test(line));
  const cells = isTable ? countOf(text, "|") : 0;
  return cells * COST.cell + lines.reduce((sum, line) => sum + costOfLine(line), 0) + costOfSigns(text);
}

function countOf(text: string, sign: string): number {
  let count = 0;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + sign.length)) count += 1;
  return count;
}

/** What the line begins with: markers of lists and quotes. */
const MARKER = /[ \t]*(?:(>)|(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$))/y;

function costOfLine(line: string): number {
  let cost = 0;
  let markers = 0;
  MARKER.lastIndex = 0;
  for (let found = MARKER.exec(line); found !== null; found = MARKER.exec(line)) {
    markers += 1;
    cost += found[1] === undefined ? COST.item : COST.quote;
  }
  const indent = markers === 0 ? 0 : line.length - line.trimStart().length;
  if (markers + indent / 2 > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  if (line.startsWith("#")) return COST.item / 2;
  if (/^ {0,3}(?:=+|-+)[ \t]*$/.test(line)) return cost + COST.setext;
  if (!DEFINITION.test(line)) return cost;
  return cost + (line.includes("[^") ? COST.footnote : COST.definition);
}

/** What stands within lines: each sign by itself, and what is read in vain because its end never comes. */
function costOfSigns(text: string): number {
  let cost = 0;
  let marks = 0;
  const openings: number[] = [];
  for (const { 0: sign, index } of text.matchAll(/\*+|_+|~+|[<[\]&$\\@]|:\/\/|www\./g)) {
    cost += COST.sign;
    if (/^[*_~]/.test(sign)) marks += 1;
    else if (sign === "[") openings.push(index);
    else if (sign === "]") {
      const opening = openings.pop();
      // What is in brackets is compared with every definition; a bracket too many is looked for everywhere.
      cost += (index - (opening ?? 0)) * VAIN_COST;
    }
  }
  cost += marks * COST.mark + marks * marks * 0.009;
  return cost + costOfLinks(text) + costOfTicks(text) + costOfTags(text) + costOfPunctuation(text);
}

function costOfLinks(text: string): number {
  let cost = 0;
  let end = text.length;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    if (text[at] === ")") end = at;
    else if (text[at] === "(" && text[at - 1] === "]") cost += COST.link + (end - at) * VAIN_COST;
  }
  return cost;
}

/** A run of backticks is read to the end of the text when there is no second one of its length. */
function costOfTicks(text: string): number {
  const last = new Map<number, number>();
  const runs = [...text.matchAll(/`+/g)];
  for (const { 0: run, index } of runs) last.set(run.length, index);
  return runs.reduce(
    (cost, { 0: run, index }) =>
      cost + COST.mark + (last.get(run.length) === index ? (text.length - index) * VAIN_COST : 0),
    0,
  );
}

const TAG_ENDS = [
  ["<!--", "-->"],
  ["<?", "?>"],
  ["<![CDATA[", "]]>"],
  ["<!", ">"],
] as const;

function costOfTags(text: string): number {
  if (!text.includes("<!") && !text.includes("<?")) return 0;
  return TAG_ENDS.reduce((cost, [opening, closing]) => {
    const inVain = text.slice(text.lastIndexOf(closing) + 1);
    return cost + countOf(inVain, opening) * inVain.length * VAIN_COST;
  }, 0);
}

/** Behind an address each sign that may end a sentence is followed to the end of the run. */
function costOfPunctuation(text: string): number {
  let cost = 0;
  for (const { 0: run } of text.matchAll(/[!"'),.:;<>?_~*&]{9,}/g)) cost += run.length ** 2 * VAIN_COST;
  return cost;
}
