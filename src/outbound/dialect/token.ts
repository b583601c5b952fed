// Owns the pieces that a line of text is made of, and writing them down in Rocket.Chat's dialect.

/** From the outside in; a mark never stands in a list twice. */
export type Mark = "bold" | "italic" | "strike";

/**
 * One piece of a line, in the spelling that goes out. `glue` pieces (escapes, line ends) take no marks, since
 * Rocket.Chat knows no escape inside emphasis. `cut` gives a piece in smaller ones of at most `limit` units.
 */
export interface Token {
  readonly kind: "word" | "space" | "glue" | "code" | "link" | "break";
  readonly text: string;
  readonly marks: readonly Mark[];
  readonly cut?: ((limit: number) => Token[]) | undefined;
  /** How a link is written in a text with a bare `[`, which would open its label too early. */
  readonly guarded?: string | undefined;
}

/** Invisible; separates what Rocket.Chat would otherwise read as one thing. */
export const ZERO_WIDTH_SPACE = "\u200b";

/** `**` and not `*`: `(*a*)` and `*a:*` hold emoticons. */
const DELIMITER: Record<Mark, string> = { bold: "**", italic: "_", strike: "~~" };

export const BREAK: Token = { kind: "break", text: "", marks: [] };

/** The tokens of one line as text. Marks are closed and opened so that they never stand around bare space. */
export function writeTokens(line: readonly Token[]): string {
  return writePieces(line, () => undefined).join("");
}

/** For each number of tokens how many units they take, written with their marks closed; nearly, at the end of each. */
export function measureTokens(line: readonly Token[]): number[] {
  const lengths = [0];
  let count = 0;
  writePieces(line, (length, marks, isWhole) => {
    if (!isWhole) return;
    count += 1;
    lengths[count] = length + marks.reduce((sum, mark) => sum + DELIMITER[mark].length, 0);
  });
  return lengths;
}

type Watch = (length: number, open: readonly Mark[], isWhole: boolean) => void;

function writePieces(line: readonly Token[], watch: Watch): string[] {
  const pieces: string[] = [];
  let length = 0;
  // Enough of the end for what the next piece could make with it.
  let tail = "";
  const put = (text: string): void => {
    if (text === "") return;
    pieces.push(text);
    length += text.length;
    tail = text.length < TAIL_UNITS ? (tail + text).slice(-TAIL_UNITS) : text.slice(-TAIL_UNITS);
  };
  const close = (closing: readonly Mark[]): void => {
    if (closing.length === 0) return;
    put(separatorBefore(closing, tail));
    for (const mark of closing) put(DELIMITER[mark]);
  };
  let open: readonly Mark[] = [];
  for (const { kind, text, marks, isHead } of settleMarks(breakDomains(line))) {
    const opaque = kind === "code" || kind === "link";
    const kept = opaque && isGlued(tail, open) ? NO_MARKS : commonPrefix(open, marks);
    const closing = open.length === kept.length ? NO_MARKS : open.slice(kept.length).reverse();
    const opening = marks.slice(kept.length);
    close(closing);
    const next = opening[0] === undefined ? text : DELIMITER[opening[0]];
    if (isMisread(tail, next, closing)) put(ZERO_WIDTH_SPACE);
    for (const mark of opening) put(DELIMITER[mark]);
    put(text);
    open = marks;
    watch(length, open, isHead !== true);
  }
  close([...open].reverse());
  return pieces;
}

const NO_MARKS: readonly Mark[] = [];

/** `isHead` marks the first of two pieces that were one. */
type Settled = Token & { readonly isHead?: boolean };

const TAIL_UNITS = 4;

/** What keeps the end of a text and its closing mark apart: `#_` is a name, `-_-` and `=*` are emoticons. */
function separatorBefore(closing: readonly Mark[], out: string): string {
  const misread =
    (closing[0] === "italic" && /[@#-]$/.test(out)) || (closing[0] === "bold" && /[:=][-^]?$/.test(out));
  return misread ? ZERO_WIDTH_SPACE : "";
}

/** Within marks, code and links are read only after space or an opening mark. */
function isGlued(out: string, open: readonly Mark[]): boolean {
  const innermost = open.at(-1);
  return innermost !== undefined && !/\s$/.test(out) && !out.endsWith(DELIMITER[innermost]);
}

/** Whether what stands and what comes would be read as one thing, or not as the markup that they are. */
function isMisread(out: string, next: string, closing: readonly Mark[]): boolean {
  if (next === "_" || closing.at(-1) === "italic") {
    const touching = next === "_" ? /[A-Za-z0-9_]$/.test(out) : /^[A-Za-z0-9_]/.test(next);
    if (touching) return true;
  }
  if (closing[0] !== undefined && next === DELIMITER[closing[0]]) return true;
  return (
    BEFORE_MISREAD.has(out.at(-1) ?? "") &&
    MISREAD.some(([before, after]) => before.test(out) && after.test(next))
  );
}

/** What the end of a text and the beginning of the next make together. */
const MISREAD: readonly (readonly [RegExp, RegExp])[] = [
  // Names: `#` before an underscore.
  [/[@#]$/, /^[\p{L}\p{N}._-]/u],
  // Emoticons and emoji: `:*`, `=\`, `:[`, `:_x:`, `-_-`.
  [/[:=][-^]?$/, /^[*\\[]/],
  [/[:-]$/, /^_/],
  // Escapes that none wrote, and an image out of a link.
  [/\\$/, /^[*_~`#.([\])<]/],
  [/!$/, /^\[/],
];

/** What the first of each pair above ends with: most words end otherwise. */
const BEFORE_MISREAD = new Set("@#:=^-\\!");

/**
 * Rocket.Chat takes `host.name` and all up to the next space for an address, markup included. Where a word with
 * a dot touches markup, the dot is escaped; in italics, where no escape is read, the word goes without them.
 */
function breakDomains(line: readonly Token[]): Token[] {
  const touches = (token: Token | undefined): boolean => token !== undefined && token.kind !== "space";
  return line.map((token, index) => {
    const glued = touches(line[index - 1]) || touches(line[index + 1]);
    if (token.kind !== "word" || !glued || !/[^\s.\\]\.[^\s.]|:\/\//.test(token.text)) return token;
    const marks = token.marks.filter((mark) => mark !== "italic");
    if (marks.length > 0) return { ...token, marks };
    const text = token.text.replace(/(?<=[^\s.\\])\.(?=[^\s.])/g, "\\.");
    return { ...token, marks, text: text.replaceAll("://", `:${ZERO_WIDTH_SPACE}//`) };
  });
}

/** Space between two pieces has the marks that both have; at an end it has none. */
function settleMarks(line: readonly Token[]): Settled[] {
  const out: Settled[] = [];
  let before: readonly Mark[] = [];
  const following = piecesBehind(line);
  line.forEach((token, index) => {
    if (token.kind === "space") {
      const marks = commonPrefix(commonPrefix(before, token.marks), following[index]?.marks ?? []);
      out.push({ ...token, marks });
      return;
    }
    for (const each of freeColon(token, line[index + 1])) out.push(each);
    before = token.marks;
  });
  return out;
}

/** For each piece the next one that is no space. */
function piecesBehind(line: readonly Token[]): (Token | undefined)[] {
  const following: (Token | undefined)[] = [];
  let next: Token | undefined;
  for (let index = line.length - 1; index >= 0; index -= 1) {
    following[index] = next;
    if (line[index]?.kind !== "space") next = line[index];
  }
  return following;
}

/** `:*` and `=*` are kisses to older servers, so the colon of `**Label:**` is set behind the asterisks. */
function freeColon(token: Token, next: Token | undefined): Settled[] {
  if (token.kind !== "word" || !token.marks.includes("bold") || next?.marks.includes("bold")) return [token];
  const tail = tailOf(token.text);
  if (tail === "" || /:[\w+.-]+:$/.test(token.text)) return [token];
  const outside = token.marks.slice(0, token.marks.indexOf("bold"));
  const colon: Token = { kind: "word", text: tail, marks: outside };
  const label = token.text.slice(0, -tail.length);
  return label === "" ? [colon] : [{ ...token, text: label, isHead: true }, colon];
}

/** The colons and equals signs at the end, and one sign of a nose behind them. */
function tailOf(text: string): string {
  const end = /[-^]$/.test(text) ? text.length - 1 : text.length;
  let start = end;
  while (text[start - 1] === ":" || text[start - 1] === "=") start -= 1;
  return start === end ? "" : text.slice(start);
}

export function commonPrefix(a: readonly Mark[], b: readonly Mark[]): readonly Mark[] {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
