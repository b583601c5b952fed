// Owns the oracle's reading of Markdown: what a text means by CommonMark and GFM, as far as the dialect can show it.

import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { cjkFriendlyExtension } from "micromark-extension-cjk-friendly";
import { gfmStrikethroughCjkFriendly } from "micromark-extension-cjk-friendly-gfm-strikethrough";
import { gfm } from "micromark-extension-gfm";
import { marker, type Run } from "./meaning.ts";

type Node = ReturnType<typeof fromMarkdown>["children"][number];

interface Reading {
  readonly styles: readonly string[];
  readonly depth: number;
  readonly quotes: number;
  readonly definitions: ReadonlyMap<string, string>;
  readonly nativeTables: boolean;
}

/** File names that a Rocket.Chat would link stand in code; only the spellings that the cases use. */
const FILE_NAME =
  /(?<=^[(["'{]*|\s[(["'{]*)((?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?:\/\d+)?|(?:[~\w.\p{L}-]+\/)*[\w.\p{L}-]*[\w\p{L}]\.(?:md|rs|py|sh|ts|zip|pl|so|java|rb|pub|sql|php|tf|map|gz))(?=[)\]"'},.;:!?]*(?:\s|$))/u;
const EXPLICIT = /(?<!\S)<([@#])(?!(?:all|here)>)([\w.-]*\w)>/g;

export function readCommonMark(text: string, { nativeTables = false } = {}): Run[] {
  const tree = fromMarkdown(text, {
    extensions: [
      gfm({ singleTilde: false }),
      cjkFriendlyExtension(),
      gfmStrikethroughCjkFriendly({ singleTilde: false }),
    ],
    mdastExtensions: [gfmFromMarkdown()],
  });
  const definitions = new Map<string, string>();
  const collect = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      if (node.type === "definition" && !definitions.has(node.identifier))
        definitions.set(node.identifier, node.url);
      if ("children" in node) collect(node.children);
    }
  };
  collect(tree.children);
  return readAll(tree.children, { styles: [], depth: 0, quotes: 0, definitions, nativeTables });
}

function readAll(nodes: readonly Node[], at: Reading): Run[] {
  return nodes.flatMap((node) => read(node, at));
}

function styled(at: Reading, ...styles: string[]): Reading {
  return { ...at, styles: [...new Set([...at.styles, ...styles])] };
}

function read(node: Node, at: Reading): Run[] {
  switch (node.type) {
    case "text":
      return readText(node.value, at);
    case "inlineCode":
      return readCode(node.value, at);
    case "strong":
      return readAll(node.children, styled(at, "bold"));
    case "emphasis":
      return readAll(node.children, styled(at, "italic"));
    case "delete":
      return readAll(node.children, styled(at, "strike"));
    case "link":
      return readLink(node.children, node.url, at);
    case "linkReference":
      return readLink(node.children, at.definitions.get(node.identifier) ?? "", at);
    case "image":
      return readImage(node.alt ?? "", node.url, at);
    case "imageReference":
      return readImage(node.alt ?? "", at.definitions.get(node.identifier) ?? "", at);
    case "footnoteReference":
      return [{ text: `[${node.label}]`, styles: at.styles }];
    case "footnoteDefinition":
      return [{ text: `[${node.label}]:`, styles: at.styles }, ...readAll(node.children, at)];
    case "heading":
      return readAll(node.children, styled(at, "title"));
    case "blockquote":
      return readAll(node.children, {
        ...at,
        quotes: at.quotes + 1,
        styles: [...at.styles.filter((style) => !style.startsWith("quote:")), `quote:${at.quotes + 1}`],
      });
    case "list":
      return node.children.flatMap((item, index) => {
        const number = node.ordered ? [marker(at.depth, `${(node.start ?? 1) + index}.`)] : [];
        const box = item.checked == null ? [] : [marker(at.depth, item.checked ? "[x]" : "[ ]")];
        const signs = number.length + box.length === 0 ? [marker(at.depth, "-")] : [...number, ...box];
        return [...signs, ...readAll(item.children, { ...at, depth: at.depth + 1 })];
      });
    case "code":
      return readBlock(
        node.value,
        node.lang && !/^\w[\w.-]*$/.test(node.lang) ? "?" : (node.lang?.toLowerCase() ?? ""),
        at,
      );
    case "thematicBreak":
      return [{ text: "———", styles: at.styles }];
    case "table": {
      const isNative = at.nativeTables && at.depth + at.quotes === 0 && !hasBarInCode(node);
      return node.children.flatMap((row) =>
        row.children.flatMap((cell) => {
          if (!isNative)
            return [{ text: cell.children.map(cellText).join("").replaceAll(/\s/g, ""), styles: ["table"] }];
          return readAll(cell.children, at).map((run) => ({ ...run, styles: [...run.styles, "table"] }));
        }),
      );
    }
    case "html":
      return readText(node.value, at);
    default:
      return "children" in node ? readAll(node.children, at) : [];
  }
}

/** No table of the server holds it: a bar in code ends the cell. */
function hasBarInCode(node: Node): boolean {
  if (node.type === "inlineCode") return node.value.includes("|");
  return "children" in node && node.children.some(hasBarInCode);
}

/** In a block of code an address stands behind its text. */
function cellText(node: Node): string {
  if ("value" in node) return node.value;
  if (node.type === "image") return node.alt ?? "";
  const text = "children" in node ? node.children.map(cellText).join("") : "";
  if (node.type !== "link" || node.url === text || node.url === `mailto:${text}`) return text;
  return text === "" ? node.url : `${text}(${node.url})`;
}

function readText(text: string, at: Reading): Run[] {
  const runs: Run[] = [];
  let rest = 0;
  for (const { index, 0: whole, 1: sign, 2: name } of text.matchAll(EXPLICIT)) {
    runs.push(...readFiles(text.slice(rest, index), at));
    runs.push({ text: `${sign}${name}`, styles: [...at.styles, "mention"] });
    rest = index + whole.length;
  }
  return [...runs, ...readFiles(text.slice(rest), at)];
}

function readFiles(text: string, at: Reading): Run[] {
  const shown = at.styles.some((style) => style === "title" || style.startsWith("link:"));
  return text.split(FILE_NAME).map((piece, index) => ({
    text: piece,
    styles: index % 2 === 1 && !shown ? [...at.styles, "code"] : at.styles,
  }));
}

/** A backtick cannot stand inside Rocket.Chat's inline code; it stands between two. */
function readCode(value: string, at: Reading): Run[] {
  return value
    .replaceAll("\n", " ")
    .split(/(`)/)
    .filter((piece) => piece !== "")
    .map((text) => ({ text, styles: text === "`" ? blockStyles(at) : [...at.styles, "code"] }));
}

/** Lines with three backticks cannot stand in Rocket.Chat's fence; they stand as text between two. */
function readBlock(value: string, language: string, at: Reading): Run[] {
  const runs: Run[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.join("") !== "" || lines.length > 1)
      runs.push({ text: lines.join("\n"), styles: [`block:${language}`] });
    lines = [];
  };
  for (const line of value.split("\n")) {
    if (line.includes("```")) {
      flush();
      runs.push({ text: line, styles: at.styles.filter((style) => !style.startsWith("quote:")) });
    } else lines.push(line);
  }
  flush();
  return runs;
}

function readLink(children: readonly Node[], url: string, at: Reading): Run[] {
  if (!/^[a-z][a-z0-9+-]*:./i.test(url) || /^(javascript|data|vbscript|file):/i.test(url)) {
    const address = url === "" || url.startsWith("#") ? [] : readCode(url, at);
    const label = readAll(children, at);
    if (address.length === 0) return label;
    return [...label, { text: "(", styles: at.styles }, ...address, { text: ")", styles: at.styles }];
  }
  const style = `link:${comparable(url)}`;
  const label = readAll(children, styled(at, style));
  const text = label.map((run) => run.text).join("");
  if (text.trim() === "" || text === url) return [{ text: comparable(url), styles: [...at.styles, style] }];
  if (!/[<>|]/.test(text) || !/[[\]*_~`\\]/.test(text)) return label;
  const link = { text: "link", styles: [style] };
  return [...readAll(children, at), { text: "(", styles: [] }, link, { text: ")", styles: [] }];
}

function readImage(alt: string, url: string, at: Reading): Run[] {
  if (at.styles.some((style) => style.startsWith("link:"))) return [{ text: alt, styles: at.styles }];
  const simple = /^https?:/i.test(url) && !/[()*[\\\]^_`{|}~]/.test(alt);
  if (!simple) return readLink([{ type: "text", value: alt }], url, at);
  return [{ text: alt === "" ? url : alt, styles: [...blockStyles(at), `image:${comparable(url)}`] }];
}

/** Emphasis around an image shows nothing. */
function blockStyles(at: Reading): string[] {
  return at.styles.filter((style) => style === "title" || style.startsWith("quote:"));
}

/** Addresses are compared without regard to which characters are percent-encoded. */
export function comparable(url: string): string {
  try {
    return decodeURIComponent(url).replace(/\/$/, "");
  } catch {
    return url;
  }
}
