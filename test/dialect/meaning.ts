// Owns the test oracle's common form: what a reader sees, whichever syntax tree it came from.

/**
 * A run of text that is shown one way. Styles: `bold`, `italic`, `strike`, `code`, `block:LANGUAGE`, `link:URL`,
 * `image:URL`, `title` (CommonMark's heading), `heading` (Rocket.Chat's), `quote:DEPTH`, `marker`, `table`,
 * `mention`, `math`, `address` (a link that
 * shows where it leads), and for what is never wanted `spoiler`, `color`, `timestamp`.
 */
export interface Run {
  readonly text: string;
  readonly styles: readonly string[];
}

interface Character {
  readonly text: string;
  readonly styles: ReadonlySet<string>;
}

/** How the markers of lists are spelled in runs; `depth` counts the list items around. */
export function marker(depth: number, sign: string): Run {
  return { text: `${depth}:${sign}`, styles: ["marker"] };
}

/** Undefined when both show the same, else what the difference is. White space counts in code only. */
export function compareMeaning(wanted: readonly Run[], shown: readonly Run[]): string | undefined {
  const expected = charactersOf(wanted);
  const actual = charactersOf(shown);
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const a = expected[index];
    const b = actual[index];
    const reason =
      a?.text !== b?.text
        ? "text"
        : a && b && isShownAs({ ...a, styles: hardened(expected, index) }, b.styles)
          ? undefined
          : "style";
    if (reason !== undefined)
      return `${reason} at ${index}: ${context(expected, index)} ≠ ${context(actual, index)}`;
  }
  return undefined;
}

/** A dotted word in italics that touches other text goes without them: the parser of 8.7 reads an address there. */
function hardened(characters: readonly Character[], index: number): ReadonlySet<string> {
  const own = characters[index]?.styles ?? new Set();
  const isItalic = (at: number): boolean => characters[at]?.styles.has("italic") === true;
  let first = index;
  let last = index;
  while (isItalic(first - 1)) first -= 1;
  while (isItalic(last + 1)) last += 1;
  const text = characters.slice(first, last + 1).map((each) => each.text);
  return isItalic(index) && /[.]|:\/\//.test(text.join("")) ? new Set([...own, "perhaps"]) : own;
}

function context(characters: readonly Character[], index: number): string {
  const text = characters.slice(Math.max(0, index - 12), index + 12).map((each) => each.text);
  return `${JSON.stringify(text.join(""))} {${[...(characters[index]?.styles ?? [])].join(" ")}}`;
}

function charactersOf(runs: readonly Run[]): Character[] {
  return runs.flatMap(({ text, styles }) => {
    const exact = styles.some((style) => style === "code" || style.startsWith("block:"));
    const kept = exact ? text : text.replace(/[\s\u200b]/g, "");
    return Array.from(kept, (each) => ({ text: each, styles: new Set(styles) }));
  });
}

const MARKS = ["bold", "italic", "strike"];
/** Rocket.Chat 7 and early 8 take the colon of `**Label:**` for part of an emoticon, so it is set free. */
const MAY_LOSE_BOLD = /^[:=^-]$/;

/** Whether Rocket.Chat's styles show CommonMark's as well as the dialect can. */
function isShownAs({ styles: wanted, text }: Character, shown: ReadonlySet<string>): boolean {
  const block = [...wanted].find((style) => style.startsWith("block:"));
  if (block !== undefined) {
    const [only = "", ...others] = shown;
    return others.length === 0 && (only === block || (block === "block:?" && only.startsWith("block:")));
  }
  const left = new Set(shown);
  const title = wanted.has("title");
  if (title && !left.delete("heading") && !left.has("bold") && !/[:=^*_~`-]/.test(text)) return false;
  for (const style of wanted) {
    const has =
      left.delete(style) || (style.startsWith("image:") && left.delete(style.replace("image:", "link:")));
    const forgiven =
      style === "title" ||
      style === "perhaps" ||
      style === "mention" ||
      (style === "italic" && wanted.has("perhaps")) ||
      (title && MARKS.includes(style)) ||
      (MARKS.includes(style) && MAY_LOSE_BOLD.test(text)) ||
      (style === "code" && [...wanted].some((other) => other.startsWith("link:"))) ||
      (MARKS.includes(style) && /^[*_~`]$/.test(text));
    if (!has && !forgiven) return false;
  }
  if (title) for (const extra of ["bold", "code"]) left.delete(extra);
  if (left.delete("address")) for (const style of left) if (style.startsWith("link:")) left.delete(style);
  return left.size === 0;
}

export function hasStyle(runs: readonly Run[], style: string): boolean {
  return runs.some(({ styles }) => styles.includes(style));
}

/** The visible text without white space. */
export function textOf(runs: readonly Run[]): string {
  return runs.map(({ text }) => text.replace(/[\s\u200b]/g, "")).join("");
}
