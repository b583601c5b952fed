// A message's text as elements, from the server's syntax tree or, without one, as it stands. Never as HTML.
import { type ComponentChild, Fragment, h } from "preact";
import { isJson, type Json, listOf, textOf } from "./wire.ts";

export interface TextContext {
  /** The reader's username, whose mentions stand out. */
  readonly me: string;
  /** Links without a scheme are on this server. */
  readonly server: string;
  /** The character of an emoji's short name with colons, or the name itself. */
  readonly emoji: (name: string) => string;
}

/** How deep a tree is followed; a real message is never that deep. */
const DEPTH = 12;

/** @param md untrusted; anything unknown in it is shown by its text, or left out when it has none */
export function renderText(md: unknown, text: string, context: TextContext): ComponentChild {
  if (!Array.isArray(md) || md.length === 0) return text === "" ? null : h("p", null, text);
  return md.map((node) => renderNode(node, context, DEPTH));
}

function renderNode(node: unknown, context: TextContext, depth: number): ComponentChild {
  if (depth === 0 || !isJson(node)) return null;
  const renderAll = (nodes: unknown) => listOf(nodes).map((child) => renderNode(child, context, depth - 1));
  const type = textOf(node, "type");
  const wrapper = Object.hasOwn(WRAPPERS, type) ? WRAPPERS[type] : undefined;
  if (wrapper) return h(wrapper[0], wrapper[1] ?? null, renderAll(node.value));
  const render = Object.hasOwn(RENDERERS, type) ? RENDERERS[type] : undefined;
  return render ? render(node, context, renderAll) : plain(node) || renderAll(node.value);
}

/** Nodes that are an element around their children. */
const WRAPPERS: Readonly<Record<string, readonly [string, Record<string, unknown>?]>> = {
  PARAGRAPH: ["p"],
  BOLD: ["strong"],
  ITALIC: ["em"],
  STRIKE: ["s"],
  QUOTE: ["blockquote"],
  BLOCKQUOTE: ["blockquote"],
  UNORDERED_LIST: ["ul"],
  BIG_EMOJI: ["p", { class: "big-emoji" }],
  TASKS: ["ul", { class: "tasks" }],
  SPOILER: ["span", { class: "spoiler", tabIndex: 0 }],
  SPOILER_BLOCK: ["div", { class: "spoiler", tabIndex: 0 }],
  TABLE_ROW: ["tr"],
  TABLE_CELL: ["td"],
};

type Renderer = (
  node: Json,
  context: TextContext,
  renderAll: (nodes: unknown) => ComponentChild[],
) => ComponentChild;

const RENDERERS: Readonly<Record<string, Renderer>> = {
  PLAIN_TEXT: (node) => textOf(node, "value"),
  LINE_BREAK: () => h("br", null),
  HORIZONTAL_RULE: () => h("hr", null),
  INLINE_CODE: (node) => h("code", null, plain(node)),
  INLINE_KATEX: (node) => h("code", null, textOf(node, "value")),
  KATEX: (node) => h("pre", { tabIndex: 0 }, h("code", null, textOf(node, "value"))),
  CODE: (node) => {
    const lines = listOf(node.value).map((line) => (isJson(line) ? plain(line) : ""));
    return h("pre", { tabIndex: 0 }, h("code", null, lines.join("\n")));
  },
  HEADING: (node, _, renderAll) =>
    h("p", { class: `heading level-${Number(node.level)}` }, renderAll(node.value)),
  ORDERED_LIST: (node, _, renderAll) => {
    const items = listOf(node.value).filter(isJson);
    return h(
      "ol",
      null,
      items.map((item) => h("li", { value: Number(item.number) || undefined }, renderAll(item.value))),
    );
  },
  LIST_ITEM: (node, _, renderAll) => h("li", null, renderAll(node.value)),
  TASK: (node, _, renderAll) => h("li", null, node.status === true ? "☑ " : "☐ ", renderAll(node.value)),
  MENTION_USER: (node, { me }) => {
    const name = plain(node);
    const mine = name === me || name === "all" || name === "here";
    return h("span", { class: mine ? "mention mine" : "mention" }, `@${name}`);
  },
  MENTION_CHANNEL: (node) => h("span", { class: "mention" }, `#${plain(node)}`),
  EMOJI: (node, { emoji }) => {
    const name = textOf(node, "shortCode");
    return textOf(node, "unicode") || (name ? emoji(`:${name}:`) : plain(node));
  },
  LINK: renderLink,
  IMAGE: renderLink,
  TIMESTAMP: (node) => {
    const seconds = Number(textOf(node.value, "timestamp"));
    return Number.isFinite(seconds) ? new Date(seconds * 1000).toLocaleString() : plain(node);
  },
  COLOR: (node) => {
    const { r, g, b } = isJson(node.value) ? node.value : {};
    const color = `rgb(${Number(r)}, ${Number(g)}, ${Number(b)})`;
    return h(Fragment, null, h("span", { class: "swatch", style: { background: color } }), color);
  },
  TABLE: (node, _, renderAll) => {
    const { header, rows } = isJson(node.value) ? node.value : {};
    const head = listOf(header).map((cell) => h("th", null, renderAll(isJson(cell) ? cell.value : [])));
    return h("table", null, h("thead", null, h("tr", null, head)), h("tbody", null, renderAll(rows)));
  },
};

/** A link opens elsewhere and tells nothing; an address that is none of the web's stays text. Images are links. */
function renderLink(
  { value }: Json,
  { server }: TextContext,
  renderAll: (nodes: unknown) => ComponentChild[],
): ComponentChild {
  if (!isJson(value)) return null;
  const address = textOf(value.src, "value");
  const shown = renderAll([value.label].flat());
  const url = URL.parse(address, server);
  if (!url || !/^(https?|mailto):$/.test(url.protocol)) return shown.length > 0 ? shown : address;
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, shown);
}

/** The text of a node whose value is plain text. */
function plain(node: Json): string {
  return typeof node.value === "string" ? node.value : textOf(node.value, "value");
}
