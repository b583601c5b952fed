// Owns tables: as Rocket.Chat's own, as an aligned code block, or as lists.

import { type Block, isTop, type Line, leadOf, type Place, textBlock } from "./block.ts";
import { readCodeBlock } from "./code.ts";
import { type InlineContext, plainText, readInline } from "./inline.ts";
import type { Phrasing, Table } from "./parse.ts";
import { type Token, ZERO_WIDTH_SPACE } from "./token.ts";

/** `native` is a table from Rocket.Chat 8.7 on and lines with bars before; `off` of OpenClaw is the same. */
export type TableMode = "code" | "bullets" | "native";

type Cell = readonly Phrasing[];

/** The names of the columns, and the line below. */
const HEAD_LINES = 2;

export function readTable(
  node: Table,
  { mode, place, context }: { mode: TableMode; place: Place; context: InlineContext },
): Block[] {
  const rows = node.children.map((row) => row.children.map((cell): Cell => cell.children));
  if (mode === "bullets") return [textBlock(writeBullets(rows, place, context))];
  const native = mode === "native" && isTop(place) ? writeNative(rows, node.align ?? [], context) : undefined;
  if (native) return [{ ...textBlock(native), heads: HEAD_LINES }];
  return readCodeBlock(writeAligned(rows), "").map((block, index) =>
    index === 0 ? { ...block, heads: HEAD_LINES } : block,
  );
}

/** Undefined when a cell holds a bar inside code or an address, where none can be escaped. */
function writeNative(
  rows: readonly Cell[][],
  align: readonly (string | null)[],
  context: InlineContext,
): Line[] | undefined {
  const cells = rows.map((row) => row.map((cell) => readInline(cell, context).map(inCell)));
  const barred = cells
    .flat(2)
    .some(({ kind, text }) => (kind === "code" || kind === "link") && text.includes("|"));
  if (barred) return undefined;
  const line = (tokens: Token[]): Line => ({ lead: "", rest: "", tokens });
  const [head = line([]), ...body] = cells.map((row) =>
    line([...row.flatMap((cell) => [BAR, ...cell, SPACE]), END]),
  );
  const rule = align.map((side) => (side === "center" ? ":-:" : side === "right" ? "--:" : "---"));
  return [head, line([{ kind: "glue", text: `| ${rule.join(" | ")} |`, marks: [] }]), ...body];
}

const BAR: Token = { kind: "glue", text: "| ", marks: [] };
const END: Token = { kind: "glue", text: "|", marks: [] };
const SPACE: Token = { kind: "glue", text: " ", marks: [] };

function inCell(token: Token): Token {
  if (token.kind === "break") return SPACE;
  if (token.kind !== "word") return token;
  return { kind: "word", text: token.text.replaceAll("|", "\\|"), marks: token.marks };
}

/** Columns as wide as their widest cell; a code block shows them so. */
function writeAligned(rows: readonly Cell[][]): string {
  const texts = rows.map((row) => row.map(cellText));
  const widths = widthsOf(texts);
  const write = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(row[column] ?? "", width)).join(" | ")} |`;
  const [head = [], ...body] = texts;
  return [write(head), write(widths.map((width) => "-".repeat(width))), ...body.map(write)].join("\n");
}

/** How many columns of spaces alignment may take, for each one of text and at least. */
const MAX_PADDING_RATIO = 4;
const MIN_PADDING = 4000;

/** All nothing where a few wide cells or short rows would make most of the block spaces. */
function widthsOf(rows: readonly string[][]): number[] {
  const widths: number[] = [];
  let text = 0;
  for (const row of rows)
    for (const [column, cell] of row.entries()) {
      const width = displayWidth(cell);
      text += width;
      widths[column] = Math.max(MIN_WIDTH, widths[column] ?? 0, width);
    }
  const whole = rows.length * widths.reduce((sum, width) => sum + width, 0);
  return whole <= MIN_PADDING + MAX_PADDING_RATIO * text ? widths : widths.map(() => 0);
}

const MIN_WIDTH = 3;

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Characters of East Asian scripts and pictures take two columns. */
function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  const segments = GRAPHEMES.segment(text);
  return Array.from(segments, ({ segment }) =>
    /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u.test(
      segment,
    )
      ? 2
      : 1,
  ).reduce<number>((sum, width) => sum + width, 0);
}

function cellText(cell: Cell): string {
  return cell
    .map(plainCell)
    .join("")
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .replaceAll("``", `\`${ZERO_WIDTH_SPACE}\``)
    .trim();
}

/** Code blocks hold no links, so an address stands behind its text. */
function plainCell(node: Phrasing): string {
  if (node.type === "html" && /^<br\s*\/?>$/i.test(node.value)) return " ";
  if ("children" in node && node.type !== "link" && node.type !== "linkReference") {
    return node.children.map(plainCell).join("");
  }
  const text = plainText(node);
  if (node.type !== "link" || node.url === text || node.url === `mailto:${text}`) return text;
  return text === "" ? node.url : `${text} (${node.url})`;
}

/** A row becomes its first cell in bold and one item for each further cell. */
function writeBullets(rows: readonly Cell[][], place: Place, context: InlineContext): Line[] {
  const [head = [], ...body] = rows;
  const lead = leadOf(place);
  const bullet = isTop(place) ? "- " : `${lead}• `;
  const items = (row: Cell[]): Line[] =>
    row.slice(1).flatMap((cell, index): Line[] => {
      if (cell.length === 0) return [];
      const label = readInline(head[index + 1] ?? [], context);
      const colon: Token[] = label.length === 0 ? [] : [{ kind: "word", text: ":", marks: [] }, BLANK];
      const tokens = [...label, ...colon, ...readInline(cell, context)].map(unbroken);
      return [{ lead: bullet, rest: `${lead}  `, tokens }];
    });
  return body.flatMap((row) => {
    const title = readInline(row[0] ?? [], { ...context, marks: ["bold"] }).map(unbroken);
    return title.length === 0 ? items(row) : [{ lead, rest: lead, tokens: title }, ...items(row)];
  });
}

const BLANK: Token = { kind: "space", text: " ", marks: [] };

function unbroken(token: Token): Token {
  return token.kind === "break" ? BLANK : token;
}
