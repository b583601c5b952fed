// Owns what is still open at the end of a paragraph: links, code and formulas are cut off, emphasis is closed.

interface Opening {
  readonly mark: string;
  readonly at: number;
}

/** What stands at a place: how far it reaches, or undefined when its end has not come. */
type Reach = number | undefined;

/** What begins a line of its own, in which no mark of the line before goes on. */
const OWN_LINE = /[ \t]*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>|\|)(?=[ \t|])/y;

/** The paragraph up to what is open in it and may become another thing, with the emphasis that is open there closed. */
export function cutOpen(text: string): string {
  const reader = new Reader(text);
  let at = 0;
  const open: Opening[] = [];
  while (at < text.length) {
    const next = reader.reach(at);
    if (next === undefined) break;
    if (isMark(text[at])) followMark(open, { mark: text.slice(at, next), at }, text);
    if (text[at] === "\n" && beginsOwnLine(text, at + 1)) open.length = 0;
    at = next;
  }
  return closeMarks(text.slice(0, at).trimEnd(), open);
}

const isMark = (sign: string | undefined): boolean => sign === "*" || sign === "_" || sign === "~";

function beginsOwnLine(text: string, at: number): boolean {
  OWN_LINE.lastIndex = at;
  return OWN_LINE.test(text);
}

/** A mark that has opened nothing yet is left out. */
function closeMarks(text: string, open: Opening[]): string {
  let kept = text;
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    if (last.at + last.mark.length < kept.length) break;
    kept = kept.slice(0, last.at).trimEnd();
    open.pop();
  }
  return (
    kept +
    open
      .map(({ mark }) => mark)
      .reverse()
      .join("")
  );
}

const LONGEST_MARK = 3;

function followMark(open: Opening[], { mark, at }: Opening, text: string): void {
  const before = text[at - 1] ?? " ";
  const after = text[at + mark.length] ?? " ";
  const opened = /\s/.test(before) ? -1 : open.findLastIndex((each) => each.mark === mark);
  if (opened >= 0) open.length = opened;
  else if (mayOpen(mark, before, after)) open.push({ mark, at });
}

function mayOpen(mark: string, before: string, after: string): boolean {
  if (mark.length > LONGEST_MARK || /\s/.test(after)) return false;
  if (mark.startsWith("~")) return mark === "~~";
  return !mark.startsWith("_") || !/[\p{L}\p{N}]/u.test(before);
}

/** Tags that are shown until they are closed, and mean a mark from then on. */
const PAIRED_TAG = /<(b|strong|i|em|s|del|strike|code|kbd)\s{0,9}>/iy;

const CLOSING: Readonly<Record<string, string>> = { "(": "\\)", "[": "\\]" };

/** Reads one paragraph from left to right; linear, since what is not closed ends the reading. */
class Reader {
  readonly #text: string;
  readonly #partners: ReadonlyMap<number, number>;
  readonly #lastAngle: number;
  /** By name of a tag: where it is closed for the last time. */
  readonly #lastTags: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.#text = text;
    this.#partners = pairBrackets(text);
    this.#lastAngle = text.lastIndexOf(">");
    const closed = [...text.matchAll(/<\/(\w{1,10})>/g)];
    this.#lastTags = new Map(closed.map(({ 1: name = "", index }) => [name.toLowerCase(), index]));
  }

  /** Where what stands at a place ends. */
  reach(at: number): Reach {
    const text = this.#text;
    switch (text[at]) {
      case "\\":
        return this.#reachEscape(at);
      case "`":
        return this.#reachCode(at);
      case "$":
        return text[at + 1] === "$" ? endOf(text, "$$", at + 2) : at + 1;
      case "<":
        return this.#reachTag(at);
      case "!":
        return text[at + 1] === "[" ? this.#reachLink(at + 1) : at + 1;
      case "[":
        return this.#reachLink(at);
      case "*":
      case "_":
      case "~":
        return at + runLength(text, at);
      default:
        return at + 1;
    }
  }

  #reachTag(at: number): Reach {
    if (!/[A-Za-z/!?]/.test(this.#text[at + 1] ?? "")) return at + 1;
    if (this.#lastAngle < at) return undefined;
    PAIRED_TAG.lastIndex = at;
    const name = PAIRED_TAG.exec(this.#text)?.[1]?.toLowerCase();
    return name !== undefined && (this.#lastTags.get(name) ?? -1) < at ? undefined : at + 1;
  }

  #reachEscape(at: number): Reach {
    const closing = CLOSING[this.#text[at + 1] ?? ""];
    return closing === undefined ? at + 2 : endOf(this.#text, closing, at + 2);
  }

  #reachCode(at: number): Reach {
    const run = this.#text.slice(at, at + runLength(this.#text, at));
    let end = this.#text.indexOf(run, at + run.length);
    while (end >= 0 && runLength(this.#text, end) !== run.length)
      end = this.#text.indexOf(run, end + runLength(this.#text, end));
    return end < 0 ? undefined : end + run.length;
  }

  /** `[…](…)`. What `[…][…]` shows depends on a definition that may still come, and `[…]:` may be one. */
  #reachLink(at: number): Reach {
    const text = this.#text;
    const end = this.#partners.get(at);
    if (end === undefined || text[end + 1] === "[" || text[end + 1] === ":") return undefined;
    if (text[end + 1] !== "(") return at + 1;
    const close = this.#partners.get(end + 1);
    return close === undefined ? undefined : close + 1;
  }
}

function endOf(text: string, closing: string, from: number): Reach {
  const end = text.indexOf(closing, from);
  return end < 0 ? undefined : end + closing.length;
}

function runLength(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** By opening bracket, its closing one. Brackets of the two kinds do not mind each other. */
function pairBrackets(text: string): Map<number, number> {
  const partners = new Map<number, number>();
  const open: Record<string, number[]> = { "]": [], ")": [] };
  for (const { 0: sign, index } of text.matchAll(/\\.|[[\]()]/g)) {
    if (sign === "[") open["]"]?.push(index);
    else if (sign === "(") open[")"]?.push(index);
    else if (sign.length === 1) {
      const opening = open[sign]?.pop();
      if (opening !== undefined) partners.set(opening, index);
    }
  }
  return partners;
}
