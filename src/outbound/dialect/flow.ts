// Owns the blocks of a text: paragraphs, headings, lists, quotes, rules, in the forms that Rocket.Chat has.

import { type Block, isTop, type Line, leadOf, type Place, TOP, textBlock } from "./block.ts";
import { readCodeBlock, readFenced, readLanguage } from "./code.ts";
import { type GuardOptions, guardBlocks } from "./guard.ts";
import { type InlineContext, plainText, readInline } from "./inline.ts";
import { writeDisplay, writeFormula } from "./math.ts";
import { type Flow, type List, type Phrasing, parseMarkdown } from "./parse.ts";
import type { Stretch } from "./source.ts";
import { readTable, type TableMode } from "./table.ts";
import { type Token, ZERO_WIDTH_SPACE } from "./token.ts";
import { readWords } from "./words.ts";

export interface DialectOptions extends GuardOptions {
  readonly tables: TableMode;
  /** Rocket.Chat 8.7 and later: markup inside headings, rules. Before, a heading is plain text. */
  readonly modern: boolean;
}

interface Reading extends DialectOptions {
  readonly context: InlineContext;
}

const MAX_HEADING_DEPTH = 4;
const RULE = "———";

/** What the stretches of a text say, as blocks in Rocket.Chat's forms. */
export function readBlocks(stretches: readonly Stretch[], options: DialectOptions): readonly Block[] {
  const definitions = new Map<string, string>();
  let previous: Flow["type"] | undefined;
  const blocks: Pieces[] = [];
  for (const stretch of stretches) {
    const read = readStretch(stretch, definitions, options);
    const [first, ...more] = read.blocks;
    if (first === undefined) continue;
    const isAlike = stretch.before === "line end" && read.begins === previous;
    const apart = stretch.before === "empty line" || isAlike;
    previous = read.ends;
    const last = stretch.before === "same line" ? blocks.at(-1) : undefined;
    if (last?.[0].kind === "text" && first.kind === "text") last.push(first);
    else blocks.push([{ ...first, apart }]);
    for (const block of more) blocks.push([block]);
  }
  return guardBlocks(blocks.map(joinPieces), options);
}

/** What one stretch says, and of which type its first and its last block are in the source. */
function readStretch(
  stretch: Stretch,
  definitions: Map<string, string>,
  options: DialectOptions,
): { blocks: Block[]; begins: Flow["type"] | undefined; ends: Flow["type"] | undefined } {
  const { kind, text } = stretch;
  if (kind === "code") return { blocks: readFenced(text), begins: "code", ends: "code" };
  if (kind === "plain")
    return { blocks: paragraph(readWords(text, []), TOP), begins: "paragraph", ends: "paragraph" };
  const nodes = parseStretch(stretch, definitions);
  const context = { source: text, marks: [], definitions, ownLine: true, katex: options.katex };
  const blocks = readFlow(nodes, TOP, { ...options, context });
  return { blocks, begins: nodes[0]?.type, ends: nodes.at(-1)?.type };
}

/** One block, whose line was divided at spaces where it was too long for the parser. */
type Pieces = [first: Block, ...more: TextBlock[]];
type TextBlock = Block & { readonly kind: "text" };

const SPACE: Token = { kind: "space", text: " ", marks: [] };

/** What was divided is one again; linear in all pieces. */
function joinPieces([first, ...more]: Pieces): Block {
  if (first.kind === "code" || more.length === 0) return first;
  const lines: { lead: string; rest: string; tokens: Token[] }[] = [];
  for (const piece of [first, ...more]) {
    const open = lines.at(-1);
    const [continued, ...others] = piece.lines;
    if (continued && open) for (const token of [SPACE, ...continued.tokens]) open.tokens.push(token);
    for (const line of open ? others : piece.lines) lines.push({ ...line, tokens: [...line.tokens] });
  }
  return { ...first, lines };
}

function parseStretch({ text, appendix }: Stretch, definitions: Map<string, string>): Flow[] {
  const { children } = parseMarkdown(appendix === "" ? text : `${text}\n\n${appendix}\n`);
  collectDefinitions(children, definitions);
  return children;
}

function collectDefinitions(nodes: readonly Flow[], found: Map<string, string>): void {
  for (const node of nodes) {
    if (node.type === "definition" && !found.has(node.identifier)) found.set(node.identifier, node.url);
    if ("children" in node) collectDefinitions(node.children, found);
  }
}

function readFlow(nodes: readonly Flow[], place: Place, reading: Reading): Block[] {
  const blocks: Block[] = [];
  let previous: Flow | undefined;
  for (const node of nodes) {
    const [first, ...more] = readBlock(node, place, reading);
    if (first === undefined) continue;
    blocks.push({ ...first, apart: isApart(previous, node) });
    for (const block of more) blocks.push(block);
    previous = node;
  }
  return place.quote === "" ? blocks : joinQuote(blocks, place);
}

/** As in the source, where two blocks would not run into each other. */
function isApart(previous: Flow | undefined, node: Flow): boolean {
  if (previous?.position === undefined || node.position === undefined) return true;
  if (previous.type === node.type || previous.type === "table" || node.type === "table") return true;
  return node.position.start.line - previous.position.end.line > 1;
}

/** An empty line would end the quote, and before 8.3 one of the quote would, too; one that only looks empty does not. */
function joinQuote(blocks: readonly Block[], { quote }: Place): Block[] {
  return blocks.map((block, index) => {
    const before = blocks[index - 1];
    if (block.kind === "code" || before?.kind !== "text" || !block.apart) return block;
    return textBlock([{ lead: quote, rest: quote, tokens: [INVISIBLE] }, ...block.lines], false);
  });
}

function readBlock(node: Flow, place: Place, reading: Reading): Block[] {
  switch (node.type) {
    case "paragraph":
      if (isDisplayMath(sourceOf(node, reading)))
        return readMathBlock(sourceOf(node, reading), place, reading);
      return paragraph(readInline(node.children, inlineAt(place, reading)), place);
    case "heading":
      return readHeading(node.children, node.depth, { place, reading });
    case "list":
      return readList(node, place, reading);
    case "blockquote":
      return readFlow(node.children, { ...place, quote: `${place.quote}> ` }, reading);
    case "code":
      return readCodeBlock(node.value, readLanguage(`${node.lang ?? ""} ${node.meta ?? ""}`));
    case "thematicBreak":
      return [
        line(place, [{ kind: "glue", text: isTop(place) && reading.modern ? "---" : RULE, marks: [] }]),
      ];
    case "html":
      return readHtmlBlock(node.value, place, reading);
    case "table":
      return readTable(node, { mode: reading.tables, place, context: reading.context });
    case "footnoteDefinition": {
      const label = readWords(`[${node.label ?? node.identifier}]: `, []);
      return prependTo(readFlow(node.children, place, reading), label, place);
    }
    default:
      return [];
  }
}

function inlineAt(place: Place, { context }: Reading): InlineContext {
  return { ...context, ownLine: isTop(place) };
}

function line(place: Place, tokens: readonly Token[]): Block {
  const lead = leadOf(place);
  return textBlock([{ lead, rest: lead, tokens }]);
}

/** One line a line of the source: Rocket.Chat keeps line ends. */
function paragraph(tokens: readonly Token[], place: Place): Block[] {
  const lead = leadOf(place);
  const lines = splitLines(tokens).map((each): Line => ({ lead, rest: lead, tokens: each }));
  return lines.length === 0 ? [] : [textBlock(lines)];
}

function splitLines(tokens: readonly Token[]): Token[][] {
  const lines: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "break") lines.push([]);
    else if (token.kind !== "space" || lines.at(-1)?.length !== 0) lines.at(-1)?.push(token);
  }
  return lines.filter((each) => each.length > 0);
}

function readHeading(
  children: readonly Phrasing[],
  depth: number,
  { place, reading }: { place: Place; reading: Reading },
): Block[] {
  if (children.length === 0) return [];
  const marker = `${"#".repeat(depth)} `;
  const asHeading = isTop(place) && depth <= MAX_HEADING_DEPTH;
  const tokens = reading.modern
    ? readInline(children, { ...reading.context, ownLine: false })
    : plainHeading(children, reading);
  if (asHeading && tokens !== undefined) {
    return [textBlock([{ lead: marker, rest: "", tokens: tokens.map(onOneLine) }])];
  }
  const bold = readInline(children, { ...reading.context, marks: ["bold"], ownLine: false });
  return paragraph(bold.map(onOneLine), place);
}

function onOneLine(token: Token): Token {
  return token.kind === "break" ? { kind: "space", text: " ", marks: [] } : token;
}

/** Before 8.7 a heading shows markup as it is written. Undefined when its text cannot do without. */
function plainHeading(children: readonly Phrasing[], { katex }: Reading): Token[] | undefined {
  if (!children.every(isPlain)) return undefined;
  const tokens = readWords(children.map(plainText).join("").replaceAll("\n", " "), []);
  const isFormula = ({ text }: Token): boolean => katex.dollars && text.includes("$");
  if (tokens.some((token) => token.kind === "glue" || isFormula(token))) return undefined;
  return tokens.map((token) =>
    token.kind === "code" ? { ...token, kind: "word", text: token.text.slice(1, -1) } : token,
  );
}

function isPlain(node: Phrasing): boolean {
  if (node.type === "text" || node.type === "break") return true;
  const emphasis = node.type === "strong" || node.type === "emphasis" || node.type === "delete";
  return emphasis && node.children.every(isPlain);
}

const GLYPHS = ["• ", "◦ ", "▪ "];

/** Lists are flat at the server: inner ones, and those in quotes, are lines that look like a list. */
function readList(list: List, place: Place, reading: Reading): Block[] {
  const inner: Place = { ...place, level: place.level + 1 };
  return list.children.flatMap((item, index) => {
    const number = numberOf(list, index, reading);
    const marker = markerOf({ place, checked: item.checked ?? undefined, number });
    const [head, ...children] = item.children;
    const opening = head?.type === "paragraph" ? readInline(head.children, inlineAt(inner, reading)) : [];
    const [first = [INVISIBLE], ...following] = splitLines(opening);
    const rest = leadOf(inner);
    const lines = [
      { lead: leadOf(place) + marker, rest, tokens: first },
      ...following.map((tokens) => ({ lead: rest, rest, tokens })),
    ];
    const others = head?.type === "paragraph" ? children : item.children;
    return [textBlock(lines, index === 0), ...readFlow(others, inner, reading).map(close)];
  });
}

function numberOf({ ordered, start }: List, index: number, { modern }: Reading): string | undefined {
  const number = (start ?? 1) + index;
  if (!ordered) return undefined;
  return number === 0 && !modern ? `0${ZERO_WIDTH_SPACE}.` : `${number}.`;
}

const INVISIBLE: Token = { kind: "glue", text: ZERO_WIDTH_SPACE, marks: [] };

function close(block: Block): Block {
  return { ...block, apart: false };
}

function markerOf(item: { place: Place; checked: boolean | undefined; number: string | undefined }): string {
  const { place, checked, number } = item;
  const box = checked === undefined ? "" : checked ? "[x] " : "[ ] ";
  if (number !== undefined) return `${number} ${box}`;
  if (!isTop(place)) return box === "" ? (GLYPHS[Math.min(place.level, GLYPHS.length - 1)] ?? "") : box;
  return `- ${box}`;
}

/** Comments go, `<br>` ends a line, all other tags are shown. */
function readHtmlBlock(value: string, place: Place, { context }: Reading): Block[] {
  const text = withoutComments(value).replace(/<br\s*\/?>\n?/gi, "\n");
  return paragraph(readWords(text, context.marks), place);
}

function withoutComments(html: string): string {
  let rest = "";
  let from = 0;
  for (let at = html.indexOf("<!--"); at >= 0; at = html.indexOf("<!--", from)) {
    const end = html.indexOf("-->", at + 4);
    if (end < 0) break;
    rest += html.slice(from, at);
    from = end + 3;
  }
  return rest + html.slice(from);
}

function sourceOf({ position }: Flow, { context }: Reading): string {
  return context.source.slice(position?.start.offset ?? 0, position?.end.offset ?? 0);
}

/** A paragraph that is nothing but mathematics, over several lines. */
function isDisplayMath(source: string): boolean {
  return source.includes("\n") && /^(\\\[[\s\S]*\\\]|\$\$[\s\S]*\$\$)$/.test(source);
}

function readMathBlock(source: string, place: Place, { katex }: Reading): Block[] {
  const lines = source.slice(2, -2).split("\n");
  const inner = isTop(place) ? lines : lines.map((each) => each.replace(/^[> ]+/, ""));
  const text = isTop(place)
    ? writeDisplay(inner.join("\n"), katex)
    : writeFormula(inner.join(" ").trim(), katex);
  if (text === undefined) return readCodeBlock(inner.join("\n").trim(), "latex");
  return [line(place, [{ kind: "code", text, marks: [] }])];
}

function prependTo(blocks: Block[], tokens: readonly Token[], place: Place): Block[] {
  const [first, ...more] = blocks;
  if (first?.kind !== "text") return [line(place, tokens), ...blocks];
  const [head, ...lines] = first.lines;
  if (head === undefined) return blocks;
  return [{ ...first, lines: [{ ...head, tokens: [...tokens, ...head.tokens] }, ...lines] }, ...more];
}
