// Owns reading Markdown: CommonMark and GFM into a syntax tree, with the mathematics that models write.

import { type CompileContext, fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { cjkFriendlyExtension } from "micromark-extension-cjk-friendly";
import { gfmStrikethroughCjkFriendly } from "micromark-extension-cjk-friendly-gfm-strikethrough";
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
const SQUARE = 91;
/** The parser's codes of line endings lie below. */
const LAST_LINE_ENDING = -2;
/** Opening character code to closing one: `\(…\)`, `\[…\]`. */
const BRACKETS = new Map<number | null, number>([
  [40, 41],
  [91, 93],
]);

/**
 * Parses Markdown of a bounded size (source.ts): the parser's time is not linear in it. Mathematics comes as an
 * `html` node whose value begins with a backslash.
 */
export function parseMarkdown(text: string): Root {
  const names = NEEDS.flatMap(([name, sign]) => (sign.test(text) ? [name] : []));
  const key = names.join();
  const found = readers.get(key) ?? readerOf(new Set(names));
  readers.set(key, found);
  return fromMarkdown(text, found);
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

const tokenizeBracketMath: Tokenizer = function (effects, ok, nok) {
  const until = untilClosed(this, effects, { ok, nok });
  // Rocket.Chat reads `\\[…\\]` only at the beginning of a line; elsewhere it is an escaped bracket.
  const { previous } = this;
  const open: State = (code) => {
    const closing = BRACKETS.get(code);
    const isInLine = code === SQUARE && previous !== null && previous >= LAST_LINE_ENDING;
    return closing === undefined || isInLine ? nok(code) : until(BACKSLASH, closing)(code);
  };
  return (code) => {
    effects.enter("math");
    effects.consume(code);
    return open;
  };
};

const tokenizeDollarMath: Tokenizer = function (effects, ok, nok) {
  const until = untilClosed(this, effects, { ok, nok });
  const second: State = (code) => (code === DOLLAR ? until(DOLLAR, DOLLAR)(code) : nok(code));
  return (code) => {
    effects.enter("math");
    effects.consume(code);
    return second;
  };
};

/** By tokenizer and closing character: the line on which none was found. It is not looked for there again. */
const missing = new WeakMap<object, Map<number, number>>();

/**
 * A state that takes the second opening character and reads up to the two closing ones. The end of the line before
 * them is a refusal: a token of the parser does not span lines.
 */
function untilClosed(
  tokenizer: ThisParameterType<Tokenizer>,
  effects: Parameters<Tokenizer>[0],
  end: { ok: State; nok: State },
): (first: number, second: number) => State {
  return (first, second) => {
    const { line } = tokenizer.now();
    const absent = missing.get(tokenizer) ?? new Map<number, number>();
    missing.set(tokenizer, absent);
    const inside: State = (code) => {
      if (code === null || code < LAST_LINE_ENDING) {
        absent.set(second, line);
        return end.nok(code);
      }
      effects.consume(code);
      return code === first ? closing : inside;
    };
    const closing: State = (code) => {
      if (code !== second) return inside(code);
      effects.consume(code);
      effects.exit("math");
      return end.ok;
    };
    return (code) => {
      if (absent.get(second) === line) return end.nok(code);
      effects.consume(code);
      return inside;
    };
  };
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

/** The signs behind which the end of emphasis stands, as in `**Note:**text`. */
const CLOSING = new Set(Array.from(":.!?,;)\"'”’»…", (sign) => sign.charCodeAt(0)));

/**
 * Stars between a closing sign and a letter only open emphasis by CommonMark. To people, and to Rocket.Chat, those of
 * `**Note:**text` close what is open.
 */
function closeBehindSigns(construct: Construct): Construct {
  const tokenize: Tokenizer = function (effects, ok, nok) {
    const { previous } = this;
    const end: State = (code) => {
      const token = this.events.at(-1)?.[1];
      const isDouble = token !== undefined && token.end.offset - token.start.offset > 1;
      if (isDouble && previous !== null && CLOSING.has(previous)) token._close = true;
      return ok(code);
    };
    return construct.tokenize.call(this, effects, end, nok);
  };
  return { ...construct, tokenize };
}

type Constructs = NonNullable<Syntax["text"]>;

/** The constructs of each character for which `map` gives one. */
function mapConstructs(
  constructs: Constructs = {},
  map: (construct: Construct) => Construct | undefined,
): Constructs {
  return Object.fromEntries(
    Object.entries(constructs).flatMap(([character, some]) => {
      const kept = [some ?? []].flat().flatMap((each) => map(each) ?? []);
      return kept.length === 0 ? [] : [[character, kept]];
    }),
  );
}

/** Between signs of Chinese, Japanese and Korean, emphasis opens and closes where CommonMark alone would see none. */
const cjk = cjkFriendlyExtension();
const CJK: Syntax = { ...cjk, text: mapConstructs(cjk.text, closeBehindSigns) };

const ADDRESS = /(?<!\]\(|<)https?:\/\/|www\./i;

/**
 * By name of construct: what is in every text that it reads. The others are parsed without it, which takes less time: it
 * would be tried at every letter, or on every line.
 */
const NEEDS: readonly (readonly [string, RegExp])[] = [
  ["emailAutolink", /@/],
  ["protocolAutolink", ADDRESS],
  ["wwwAutolink", ADDRESS],
  ["table", /\||:-|-:/],
  ["gfmFootnoteDefinition", /\[\^/],
  ["gfmFootnoteCall", /\[\^/],
  ["gfmPotentialFootnoteCall", /\[\^/],
  ["strikethrough", /~~/],
  ["tasklistCheck", /\[[ \t\nx]\]/i],
  ["bracketMath", /\\[([]/],
  ["dollarMath", /\$\$/],
];
const ALL = [
  gfm({ singleTilde: false }),
  CJK,
  gfmStrikethroughCjkFriendly({ singleTilde: false }),
  mathSyntax,
];
const OPTIONAL = new Set(NEEDS.map(([name]) => name));

type Reader = Exclude<Parameters<typeof fromMarkdown>[1], string | null | undefined>;

/** By the names of its constructs. */
const readers = new Map<string, Reader>();

function readerOf(names: ReadonlySet<string>): Reader {
  const keep = (construct: Construct): Construct | undefined =>
    OPTIONAL.has(construct.name ?? "") && !names.has(construct.name ?? "") ? undefined : construct;
  const extensions = ALL.map((syntax): Syntax => {
    const { document, flow, text } = syntax;
    return {
      ...syntax,
      ...(document && { document: mapConstructs(document, keep) }),
      ...(flow && { flow: mapConstructs(flow, keep) }),
      ...(text && { text: mapConstructs(text, keep) }),
    };
  });
  const hasAddresses = names.has("emailAutolink") || names.has("protocolAutolink");
  const tree = gfmFromMarkdown().map((each) => (hasAddresses ? each : { ...each, transforms: [] }));
  return { extensions, mdastExtensions: [...tree, mathToTree] };
}
