// Owns reading Markdown: CommonMark and GFM into a syntax tree, with the mathematics that models write.

import { type CompileContext, fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

export type Root = ReturnType<typeof fromMarkdown>;
type Content = Root["children"][number];
type NodeOf<Type extends string> = Extract<Content, { type: Type }>;
type Paragraph = NodeOf<"paragraph">;
export type Phrasing = Paragraph["children"][number];
export type List = NodeOf<"list">;
export type Table = NodeOf<"table">;
/** What may stand where a block may: also what stands in list items, quotes and footnotes. */
export type Flow = Content;

type Token = Parameters<CompileContext["enter"]>[1];
type Syntax = ReturnType<typeof gfm>;
type Construct = Exclude<NonNullable<NonNullable<Syntax["text"]>[number]>, readonly unknown[]>;
type Tokenizer = Construct["tokenize"];
type State = ReturnType<Tokenizer>;

const BACKSLASH = 92;
const DOLLAR = 36;
/** The parser's codes of line endings lie below. */
const LAST_LINE_ENDING = -2;
/** Opening character code to closing one: `\(…\)`, `\[…\]`. */
const BRACKETS = new Map<number | null, number>([
  [40, 41],
  [91, 93],
]);

/** Parses Markdown. Mathematics comes as an `html` node whose value begins with a backslash. */
export function parseMarkdown(text: string): Root {
  return fromMarkdown(text, {
    extensions: [gfm({ singleTilde: false }), mathSyntax, { disable: { null: excessive(text) } }],
    mdastExtensions: [gfmFromMarkdown(), mathToTree],
  });
}

/**
 * Marks of emphasis in one paragraph, and in all. The parser's time grows with the square of their number: it would
 * hold up everything else in this process for seconds.
 */
const MAX_MARKS_IN_PARAGRAPH = 2000;
const MAX_MARKS = 8000;

/** Quotes and lists that begin within one another on one line; the parser's stack grows with them. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){30}/m;

/** What is no emphasis: fenced code. */
const FENCED = /^(`{3,}|~{3,})[\s\S]*?^\1/gm;

/** A blank line, or the next row or item, ends a paragraph. */
const PARAGRAPH_END = /\n(?=[ \t]*(?:\n|\||[-*+][ \t]|\d{1,9}[.)][ \t]))/;

/** The names of the parser's constructs that a text uses beyond any sense; their marks stay what they are then. */
function excessive(text: string): string[] {
  const counts = text
    .replace(FENCED, "")
    .split(PARAGRAPH_END)
    .map((paragraph) => paragraph.match(/[*_~]/g)?.length ?? 0);
  const isDense =
    Math.max(...counts) > MAX_MARKS_IN_PARAGRAPH || counts.reduce((all, count) => all + count) > MAX_MARKS;
  return [
    ...(isDense ? ["attention", "strikethrough"] : []),
    ...(TOO_DEEP.test(text) ? ["blockQuote", "list"] : []),
  ];
}

/** Whether an `html` node is mathematics, in the form that Rocket.Chat's KaTeX reads. */
export function isMath(html: string): boolean {
  return html.startsWith("\\");
}

declare module "micromark-util-types" {
  interface TokenTypeMap {
    math: "math";
  }
}

const tokenizeBracketMath: Tokenizer = (effects, ok, nok) => {
  let closing: number | undefined;
  const open: State = (code) => {
    closing = BRACKETS.get(code);
    if (closing === undefined) return nok(code);
    effects.consume(code);
    return inside;
  };
  const { inside } = untilClosed(effects, { ok, nok, first: BACKSLASH, second: () => closing });
  return (code) => {
    effects.enter("math");
    effects.consume(code);
    return open;
  };
};

const tokenizeDollarMath: Tokenizer = (effects, ok, nok) => {
  const { inside } = untilClosed(effects, { ok, nok, first: DOLLAR, second: () => DOLLAR });
  const second: State = (code) => {
    if (code !== DOLLAR) return nok(code);
    effects.consume(code);
    return inside;
  };
  return (code) => {
    effects.enter("math");
    effects.consume(code);
    return second;
  };
};

/** States that read up to the two closing characters; the end of the paragraph before them is a refusal. */
function untilClosed(
  effects: Parameters<Tokenizer>[0],
  end: { ok: State; nok: State; first: number; second: () => number | undefined },
): { inside: State } {
  const inside: State = (code) => {
    if (code === null) return end.nok(code);
    // On one line only: a token of the parser does not span lines.
    if (code < LAST_LINE_ENDING) return end.nok(code);
    effects.consume(code);
    return code === end.first ? closing : inside;
  };
  const closing: State = (code) => {
    if (code !== end.second()) return inside(code);
    effects.consume(code);
    effects.exit("math");
    return end.ok;
  };
  return { inside };
}

const mathSyntax: Syntax = {
  text: {
    [BACKSLASH]: { name: "bracketMath", tokenize: tokenizeBracketMath },
    [DOLLAR]: { name: "dollarMath", tokenize: tokenizeDollarMath },
  },
};

const mathToTree = {
  enter: {
    math(this: CompileContext, token: Token): void {
      const source = this.sliceSerialize(token);
      const value = source.startsWith("$$") ? `\\[${source.slice(2, -2)}\\]` : source;
      this.enter({ type: "html", value }, token);
    },
  },
  exit: {
    math(this: CompileContext, token: Token): void {
      this.exit(token);
    },
  },
};
