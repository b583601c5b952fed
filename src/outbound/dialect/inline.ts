// Owns running text: what stands in a paragraph, as tokens in Rocket.Chat's dialect.

import { isBareUrl, type Label, writeImage, writeLink, writeUrl } from "./link.ts";
import { type Katex, writeDisplay, writeFormula } from "./math.ts";
import { isMath, type Phrasing } from "./parse.ts";
import { BREAK, type Mark, type Token } from "./token.ts";
import { cutText, cutWord, readWords } from "./words.ts";

export interface InlineContext {
  /** What the positions of the nodes count in. */
  readonly source: string;
  readonly marks: readonly Mark[];
  /** By identifier: where reference links lead. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Whether a line of its own can hold mathematics set apart. */
  readonly ownLine: boolean;
  readonly katex: Katex;
}

const MARK_OF_TAG: Readonly<Record<string, Mark | "code">> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  s: "strike",
  del: "strike",
  strike: "strike",
  code: "code",
  kbd: "code",
};
const OPENING_TAG = /^<(\w+)\s*>$/;
const LINE_BREAK_TAG = /^<br\s*\/?>$/i;
const COMMENT = /^<!--[\s\S]*-->$/;

export function readInline(all: readonly Phrasing[], context: InlineContext): Token[] {
  const nodes = withSigns(all, context.source);
  const out: Token[] = [];
  const closings = findClosingTags(nodes);
  for (let index = 0; index < nodes.length; index += 1) {
    const node = nodes[index];
    if (node === undefined) break;
    const pair = node.type === "html" ? readTagPair(nodes, index, { context, closings }) : undefined;
    for (const token of pair?.tokens ?? readNode(node, { nodes, index, context })) out.push(token);
    index = pair?.closing ?? index;
  }
  return out;
}

/** By tag: where it is closed, the last one first. */
function findClosingTags(nodes: readonly Phrasing[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (let index = nodes.length - 1; index >= 0; index -= 1) {
    const tag = htmlOf(nodes[index]).toLowerCase();
    if (!tag.startsWith("</")) continue;
    const places = found.get(tag) ?? [];
    places.push(index);
    found.set(tag, places);
  }
  return found;
}

interface Place {
  readonly nodes: readonly Phrasing[];
  readonly index: number;
  readonly context: InlineContext;
}

function readNode(node: Phrasing, place: Place): Token[] {
  const { context } = place;
  switch (node.type) {
    case "text":
      return readWords(node.value, context.marks);
    case "strong":
      return readInline(node.children, addMark(context, "bold"));
    case "emphasis":
      return readInline(node.children, addMark(context, "italic"));
    case "delete":
      return readInline(node.children, addMark(context, "strike"));
    case "inlineCode":
      return readCode(node.value, context.marks);
    case "break":
      return [BREAK];
    case "html":
      return readHtml(node.value, context);
    case "link":
      return isBareUrl(node.url) && standsFree(place, node.url)
        ? [{ kind: "link", text: node.url, marks: [], cut: (limit) => cutWord(node.url, limit) }]
        : readLink(node.children, node.url, context);
    case "linkReference":
      return readLink(node.children, context.definitions.get(node.identifier) ?? "", context);
    case "image":
      return readImage(node.alt ?? "", node.url, context);
    case "imageReference":
      return readImage(node.alt ?? "", context.definitions.get(node.identifier) ?? "", context);
    case "footnoteReference":
      return readWords(`[${node.label ?? node.identifier}]`, context.marks);
  }
}

function addMark(context: InlineContext, mark: Mark): InlineContext {
  return context.marks.includes(mark) ? context : { ...context, marks: [...context.marks, mark] };
}

type Emphasis = Extract<Phrasing, { type: "strong" | "emphasis" }>;

/** The nodes with stars that are signs of their own as text, one with the words that they stand in. */
function withSigns(nodes: readonly Phrasing[], source: string): readonly Phrasing[] {
  if (!nodes.some((node) => areSigns(node, source))) return nodes;
  const merged: Phrasing[] = [];
  for (const node of nodes.flatMap((each) => spellSigns(each, source))) {
    const last = merged.at(-1);
    if (node.type === "text" && last?.type === "text")
      merged[merged.length - 1] = { type: "text", value: last.value + node.value };
    else merged.push(node);
  }
  return merged;
}

function spellSigns(node: Phrasing, source: string): Phrasing[] {
  if (!areSigns(node, source)) return [node];
  const stars: Phrasing = { type: "text", value: "*".repeat(STARS[node.type]) };
  return [stars, ...node.children.flatMap((each) => spellSigns(each, source)), stars];
}

const STARS = { strong: 2, emphasis: 1 } as const;

/**
 * Whether stars that CommonMark reads as emphasis are signs of their own, as in `Leser*innen und Autor*innen`, `2*3*4`
 * and the paths of files: emphasis that begins within one word and ends within another is meant by nobody.
 */
function areSigns(node: Phrasing, source: string): node is Emphasis {
  if (node.type !== "strong" && node.type !== "emphasis") return false;
  const start = node.position?.start.offset ?? 0;
  const end = node.position?.end.offset ?? 0;
  const units = STARS[node.type];
  if (source[start] !== "*") return false;
  const [before = "", after = ""] = [source[start - 1], source[end]];
  const inner = source.slice(start + units, end - units);
  if (before === "/" && (after === "/" || /^[./]/.test(inner))) return true;
  if (after === "/" && inner.endsWith("/")) return true;
  if (!IN_WORD.test(before) || !IN_WORD.test(after)) return false;
  return /\s/.test(inner) || /^\d\d$/.test(before + after);
}

/** Of scripts that set spaces between their words. */
const IN_WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}]/u;

/** Rocket.Chat ends inline code at the next backtick, so one within the code stands between two codes. */
function readCode(value: string, marks: readonly Mark[]): Token[] {
  const pieces = value.replaceAll("\n", " ").split(/(`)/);
  return pieces.flatMap((piece): Token[] => {
    if (piece === "") return [];
    if (piece === "`") return [{ kind: "glue", text: "\\`", marks: [] }];
    return [{ kind: "code", text: `\`${piece}\``, marks, cut: (limit) => cutCode(piece, limit, marks) }];
  });
}

function cutCode(value: string, limit: number, marks: readonly Mark[]): Token[] {
  const pieces = cutText(value, limit - 2);
  return pieces.map((piece) => ({ kind: "code", text: `\`${piece}\``, marks }));
}

function readHtml(value: string, context: InlineContext): Token[] {
  if (isMath(value)) return readMath(value, context);
  if (LINE_BREAK_TAG.test(value)) return [BREAK];
  return COMMENT.test(value) ? [] : readWords(value, context.marks);
}

/** Set apart only at the beginning of a line; code where the server shows no formula. */
function readMath(value: string, { ownLine, katex, marks }: InlineContext): Token[] {
  const formula = value.slice(2, -2).replaceAll("\n", " ");
  const display = ownLine && value.startsWith("\\[") ? writeDisplay(formula, katex) : undefined;
  const text = display ?? writeFormula(formula, katex);
  if (text === undefined) return readCode(formula, marks);
  const token: Token = { kind: "code", text, marks: [], cut: (limit) => cutWord(text, limit) };
  return display === undefined ? [token] : [BREAK, token, BREAK];
}

/** `<b>…</b>` and the like; undefined when the tag has no meaning here or is not closed. */
function readTagPair(
  nodes: readonly Phrasing[],
  opening: number,
  { context, closings }: { context: InlineContext; closings: ReadonlyMap<string, number[]> },
) {
  const name = OPENING_TAG.exec(htmlOf(nodes[opening]))?.[1]?.toLowerCase() ?? "";
  const mark = Object.hasOwn(MARK_OF_TAG, name) ? MARK_OF_TAG[name] : undefined;
  if (mark === undefined) return undefined;
  const closing = closingAfter(opening, closings.get(`</${name}>`) ?? []);
  if (closing === undefined) return undefined;
  const inner = nodes.slice(opening + 1, closing);
  const tokens =
    mark === "code"
      ? readCode(inner.map(plainText).join(""), context.marks)
      : readInline(inner, addMark(context, mark));
  return { tokens, closing };
}

/** The first of the places behind an opening tag; those before it are taken away, since no later tag wants them. */
function closingAfter(opening: number, places: number[]): number | undefined {
  while ((places.at(-1) ?? opening + 1) < opening) places.pop();
  return places.at(-1);
}

function htmlOf(node: Phrasing | undefined): string {
  return node?.type === "html" ? node.value : "";
}

function readLink(children: readonly Phrasing[], url: string, context: InlineContext): Token[] {
  const target = writeUrl(url);
  const label = readInline(children, { ...context, ownLine: false });
  if (target === undefined) return [...label, ...showAddress(url, context.marks)];
  const plain = children.map(plainText).join("");
  const labels =
    plain === "" || plain === url || `mailto:${plain}` === url
      ? [{ text: (plain === "" ? url : plain).replace(/[<>|]/g, encodeURIComponent), marks: context.marks }]
      : readLabels(children, context.marks);
  const link = writeLink(labels, target);
  if (link !== undefined) return link;
  const pointer = writeLink([{ text: "link", marks: [] }], target) ?? [];
  return [...label, ...readWords(" (", []), ...pointer, ...readWords(")", [])];
}

/** An address that cannot be linked is shown, unless it only points into a page that is not here. */
function showAddress(url: string, marks: readonly Mark[]): Token[] {
  if (url === "" || url.startsWith("#")) return [];
  return [...readWords(" (", marks), ...readCode(url, marks), ...readWords(")", marks)];
}

function readLabels(children: readonly Phrasing[], marks: readonly Mark[]): Label[] {
  const runs = children.flatMap((child): Label[] => {
    if (child.type === "strong") return readLabels(child.children, withMark(marks, "bold"));
    if (child.type === "emphasis") return readLabels(child.children, withMark(marks, "italic"));
    if (child.type === "delete") return readLabels(child.children, withMark(marks, "strike"));
    return [{ text: plainText(child).replaceAll("\n", " "), marks }];
  });
  const merged: Label[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    const joins = last !== undefined && last.marks.join() === run.marks.join();
    if (joins) merged[merged.length - 1] = { text: last.text + run.text, marks: run.marks };
    else merged.push(run);
  }
  return merged;
}

function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  return marks.includes(mark) ? marks : [...marks, mark];
}

function readImage(alt: string, url: string, context: InlineContext): Token[] {
  const image = writeImage(alt, url);
  return image === undefined ? readLink([{ type: "text", value: alt }], url, context) : [image];
}

/**
 * Whether space or the end of the text is on both sides, at most with the sentence's punctuation between. To Rocket.Chat
 * `?` belongs to the address, and before 8.3 so does any punctuation at the end of a message.
 */
function standsFree({ nodes, index, context }: Place, url: string): boolean {
  const node = nodes[index];
  if (node?.type !== "link" || plainText(node) !== url || context.marks.length > 0) return false;
  const before = nodes[index - 1];
  const after = nodes[index + 1];
  const free = (neighbour: Phrasing | undefined, edge: RegExp): boolean =>
    neighbour === undefined ||
    neighbour.type === "break" ||
    (neighbour.type === "text" && edge.test(neighbour.value));
  return free(before, /[ \t\n]$/) && free(after, /^([.,:;!]?[ \t]|\n|$)/);
}

/** The text of a node without any markup. */
export function plainText(node: Phrasing): string {
  switch (node.type) {
    case "text":
    case "inlineCode":
    case "html":
      return node.value;
    case "break":
      return "\n";
    case "image":
    case "imageReference":
      return node.alt ?? "";
    case "footnoteReference":
      return `[${node.label ?? node.identifier}]`;
    default:
      return node.children.map(plainText).join("");
  }
}
