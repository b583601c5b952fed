// Owns the oracle's reading of Rocket.Chat's trees: what a message shows, by the parser of its clients.

import { parse as parse3135 } from "@rocket.chat/message-parser";
import { parse as parse3132 } from "message-parser-0-31-32";
import { parse as parse3136 } from "message-parser-0-31-36";
import { parse as parse32 } from "message-parser-0-32";
import { comparable } from "./commonmark.ts";
import { marker, type Run } from "./meaning.ts";

/** Which formulas a server's KaTeX reads; by default those in brackets alone. */
export interface Formulas {
  readonly dollarSyntax: boolean;
  readonly parenthesisSyntax: boolean;
}

interface Options {
  readonly colors: true;
  readonly emoticons: true;
  readonly katex?: Formulas;
}

/** Of each version of the servers, the oldest first. `formulas` null is a server whose KaTeX is off. */
export const PARSERS = [
  parserOf("0.31.32", parse3132),
  parserOf("0.31.35", parse3135),
  parserOf("0.31.36", parse3136),
  parserOf("0.32.0", parse32),
] as const;

const DEFAULT: Formulas = { dollarSyntax: false, parenthesisSyntax: true };

function parserOf(version: string, parse: (text: string, options: Options) => unknown) {
  return {
    version,
    parse: (text: string, formulas: Formulas | null = DEFAULT): unknown =>
      parse(text, { colors: true, emoticons: true, ...(formulas !== null && { katex: formulas }) }),
  };
}

export function readRocketChat(tree: unknown): Run[] {
  return readAll(tree, []);
}

/** What several messages show together; the head of a table is read once, however often it is repeated. */
export function readParts(parts: readonly string[], parse: (text: string) => unknown): Run[] {
  let head = "";
  return parts.flatMap((part) => {
    const before = head;
    const heads = part.match(TABLE_HEAD) ?? [];
    head = heads.at(-1)?.trim() ?? head;
    const isRepeated = heads[0] !== undefined && heads[0].trim() === before && /^(?:```\n)?\|/.test(part);
    const runs = readRocketChat(parse(part));
    return isRepeated ? withoutBeginning(runs, visibleUnits(before, parse)) : runs;
  });
}

/** The names of the columns, and the line below. */
const TABLE_HEAD = /^\|.*\|\n\|[-:| ]+\|$/gm;

/** How much of a table's reading its head is. */
function visibleUnits(head: string, parse: (text: string) => unknown): number {
  const [names = "", rule = ""] = head.split("\n");
  const runs = readRocketChat(parse(`${names}\n${rule}\n${rule.replace(/[-:]/g, " ")}`));
  const shown = runs.some(({ styles }) => styles.includes("table"))
    ? runs.map(({ text }) => text).join("")
    : names.slice(1, -1).split(" | ").join("");
  return shown.replace(/\s/g, "").length;
}

function withoutBeginning(runs: readonly Run[], units: number): Run[] {
  let left = units;
  return runs.map((run) => {
    if (left === 0) return run;
    const text = run.text.replace(/\s/g, "");
    const cut = Math.min(left, text.length);
    left -= cut;
    return { ...run, text: text.slice(cut) };
  });
}

/** A node of either parser; the trees are read as data, so that a new kind of node cannot be overlooked. */
interface Node {
  readonly type: string;
  readonly value: unknown;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function readAll(value: unknown, styles: readonly string[]): Run[] {
  if (Array.isArray(value)) return value.flatMap((each) => readAll(each, styles));
  return isNode(value) ? read(value, styles) : [];
}

const STYLE_OF: Readonly<Record<string, string>> = {
  BOLD: "bold",
  ITALIC: "italic",
  STRIKE: "strike",
  SPOILER: "spoiler",
  SPOILER_BLOCK: "spoiler",
  HEADING: "heading",
};

function read(node: Node, styles: readonly string[]): Run[] {
  const style = STYLE_OF[node.type];
  if (style !== undefined) return readAll(node.value, [...styles, style]);
  switch (node.type) {
    case "PLAIN_TEXT":
      return [{ text: String(node.value), styles }];
    case "PARAGRAPH":
      return readZero(readLine(readAll(node.value, styles), styles));
    case "BIG_EMOJI":
      return readAll(node.value, styles);
    case "INLINE_CODE":
      return readAll(node.value, [...styles, "code"]);
    case "CODE":
      return readBlock(node);
    case "QUOTE":
      return readAll(node.value, ["quote:1"]);
    case "UNORDERED_LIST":
    case "ORDERED_LIST":
      return itemsOf(node).flatMap((item) => {
        const runs = readBox(readAll(item.value, styles));
        // A task behind a plain item is an item that shows its box.
        if (item.number === undefined && runs[0]?.styles.includes("marker")) return runs;
        return [marker(0, typeof item.number === "number" ? `${item.number}.` : "-"), ...runs];
      });
    case "TASKS":
      return itemsOf(node).flatMap((item) => [
        marker(0, item.status === true ? "[x]" : "[ ]"),
        ...readAll(item.value, styles),
      ]);
    case "LINK":
      return readLink(node, styles);
    case "IMAGE":
      return readAll(member(node, "label"), [...styles.filter(isBlockStyle), `image:${srcOf(node)}`]);
    case "EMOJI":
      return [{ text: emojiText(node), styles }];
    case "MENTION_USER":
      return readAll(node.value, [...styles, "mention"]).map((run) => ({ ...run, text: `@${run.text}` }));
    case "MENTION_CHANNEL":
      return readAll(node.value, [...styles, "mention"]).map((run) => ({ ...run, text: `#${run.text}` }));
    case "KATEX":
    case "INLINE_KATEX":
      return [{ text: String(node.value), styles: ["math"] }];
    case "HORIZONTAL_RULE":
      return [{ text: "———", styles }];
    case "LINE_BREAK":
      return [];
    case "TABLE":
      return [
        ...readAll(member(node, "header"), [...styles, "table"]),
        ...readAll(member(node, "rows"), [...styles, "table"]),
      ];
    case "TABLE_ROW":
    case "TABLE_CELL":
      return readAll(node.value, styles);
    default:
      return [{ text: JSON.stringify(node.value) ?? "", styles: [...styles, node.type.toLowerCase()] }];
  }
}

/** An address that Rocket.Chat found in running text is told apart: it shows what was written all the same. */
function readLink(node: Node, styles: readonly string[]): Run[] {
  const src = srcOf(node);
  const label = readAll(member(node, "label"), []);
  const text = label.map((run) => run.text).join("");
  if (comparable(text) !== src && `mailto:${comparable(text)}` !== src)
    return label.map((run) => ({ ...run, styles: [...styles, ...run.styles, `link:${src}`] }));
  return [{ text: comparable(text), styles: [...styles, `link:${src}`, "address"] }];
}

function isBlockStyle(style: string): boolean {
  return isQuote(style) || style === "heading" || style === "table";
}

function isQuote(style: string): boolean {
  return style.startsWith("quote:");
}

function itemsOf(node: Node): Node[] {
  return Array.isArray(node.value) ? node.value.filter(isNode) : [];
}

function member(node: Node, key: string): unknown {
  const { value } = node;
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([k]) => k === key)?.[1]
    : undefined;
}

function srcOf(node: Node): string {
  const src = member(node, "src");
  return isNode(src) ? comparable(String(src.value).replace(/^\/\//, "")) : "";
}

function emojiText(node: Node): string {
  if (typeof node.unicode === "string") return node.unicode;
  const value = isNode(node.value) ? String(node.value.value) : "";
  return value === node.shortCode ? `:${value}:` : value;
}

function readBlock(node: Node): Run[] {
  const text = itemsOf(node)
    .map((line) => (isNode(line.value) ? String(line.value.value) : ""))
    .join("\n");
  const lines = text.split("\n");
  if (lines.length > 1 && lines.every((line) => /^\|.*\|$/.test(line)) && /^[|\s-]+$/.test(lines[1] ?? "")) {
    const cells = lines.toSpliced(1, 1).flatMap((line) => cellsOf(line, lines[1] ?? ""));
    return [
      {
        text: cells
          .map((cell) => cell.trim())
          .join("")
          .replaceAll(/\s/g, ""),
        styles: ["table"],
      },
    ];
  }
  return [{ text, styles: [`block:${node.language === "none" ? "" : String(node.language)}`] }];
}

/** Where the bars of a row are those of the rule, others are what a cell holds. */
function cellsOf(line: string, rule: string): string[] {
  const bars = [...rule.matchAll(/\|/g)].map(({ index }) => index);
  const isAligned = line.length === rule.length && bars.every((bar) => line[bar] === "|");
  if (!isAligned) return line.slice(1, -1).split(" | ");
  return bars.slice(1).map((bar, index) => line.slice((bars[index] ?? 0) + 1, bar));
}

/** Lines that show a list inside a list or quote, and a quote inside a quote. */
const INNER_QUOTE = /^(?:> )+/;
const INNER_ITEM = /^([\u2003]*) ?(?:([•◦▪])|(\d+\.)|(\[[ x]\]))(?: |$)/;

function readLine(runs: readonly Run[], styles: readonly string[]): Run[] {
  const [first, ...rest] = runs;
  if (first === undefined) return [];
  const quoted = styles.some(isQuote);
  const deeper = quoted ? (INNER_QUOTE.exec(first.text)?.[0] ?? "") : "";
  const deepen = (run: Run): Run =>
    deeper === ""
      ? run
      : {
          ...run,
          styles: run.styles.map((style) => (isQuote(style) ? `quote:${1 + deeper.length / 2}` : style)),
        };
  const opening = { ...first, text: first.text.slice(deeper.length) };
  const item = INNER_ITEM.exec(opening.text);
  const isItem = item !== null && (quoted || item[1] !== "" || item[4] !== undefined);
  if (!isItem) return [opening, ...rest].map(deepen);
  const [whole, indent = "", glyph, number, box] = item;
  const sign = glyph !== undefined ? "-" : (number ?? box ?? "");
  const left = { ...opening, text: opening.text.slice(whole.length) };
  return [marker(indent.length, sign), ...readBox([left, ...rest], indent.length).map(deepen)];
}

/** The number 0, which older servers would leave away, is kept from them by what is invisible. */
function readZero(runs: readonly Run[]): Run[] {
  const [first, ...rest] = runs;
  if (first === undefined || !first.text.startsWith("0\u200b. ")) return [...runs];
  return [marker(0, "0."), { ...first, text: first.text.slice(4) }, ...rest];
}

/** A box behind the number of an ordered item. */
function readBox(runs: readonly Run[], depth = 0): Run[] {
  const [first, ...rest] = runs;
  const box = /^(\[[ x]\]) /.exec(first?.text ?? "")?.[1];
  if (first === undefined || box === undefined) return [...runs];
  return [marker(depth, box), { ...first, text: first.text.slice(box.length) }, ...rest];
}
