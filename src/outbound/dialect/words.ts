// Owns text that must come out as it is: everything in it that Rocket.Chat would take for markup is disarmed.

import { type Mark, type Token, ZERO_WIDTH_SPACE } from "./token.ts";

/**
 * Endings of file names that are also top-level domains: Rocket.Chat makes `README.md` a link to a web site.
 * Endings with more use as an address than as a file (`com`, `app`, `dev`, `io`) are left out.
 */
const FILE_ENDINGS = new Set(
  "ac|ai|as|cab|cc|cl|cr|do|gdn|gz|hs|in|java|kt|la|lc|map|md|mk|ml|mm|mov|nu|pa|ph|php|pl|pm|properties|ps|pub|py|rb|rc|rs|sc|sh|so|sql|st|tf|ts|vi|zip".split(
    "|",
  ),
);
const BEFORE_FILE = /^[("'[{]*/;
const AFTER_FILE = new Set(")\"']},.;:!?");
/** A path and the name up to its ending; what stands before that ending is a letter, a digit or a line. */
const FILE_PATH = /^[\p{L}\p{N}_./~-]*$/u;
const FILE_STEM = /^[\p{L}\p{N}_.-]*$/u;
const NAME_END = /[\p{L}\p{N}_]$/u;

/** Of a host, with a port or the size of its net: from 8.3 on Rocket.Chat makes a bare one a link to `//10.0.0.1`. */
const HOST_NUMBERS = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:\/\d{1,2})?$/;

/** No name of a file or a variable is longer. */
const MAX_NAME_UNITS = 200;

/** The smileys that people mean. Any other emoticon that stands alone is more likely a list number or a sign. */
const SMILEYS = new Set([":)", ":-)", ":(", ":-(", ";)", ";-)", ":D", ":-D", ":P", ":-P", ":'(", "<3"]);
const EMOTICON_WORD =
  /^(?:<\/3|=D|>:\)|>;\)|>:-\)|>=\)|':\)|':-\)|'=\)|':D|':-D|'=D|:'\)|:'-\)|[O0]:-?\)|0:-?3|0;\^\)|[O0];-\)|O=\)|O:-?3|=\]|=\)|:\]|;-?\]|;D|;\^\)|=\*|:-?\*|:\^\*|=P|:-\u00de|:\u00de|:-?b|>:P|X-P|B-?\)|8-?\)|B-D|8-D|>:\[|:-?\[|=\(|>:[\\/]|:-?\/|:-\.|:\\|=[/\\]|[:=]L|>\.<|:'-\(|;-?\(|>:-?\(|:@|[:=]\$|D:|'[:=]-?\(|:-?X|:-?#|=[X#]|-_{1,3}-|:-?O|O_O|>:O|[#%X]-?\)|\(y\)|\\[0O]\/)$/;
const MAX_EMOTICON_UNITS = 5;

/** What Rocket.Chat's names are made of, in its parser and in its default `UTF8_User_Names_Validation`. */
const NAME = /^[\p{L}\p{N}._-]/u;

/** The one way to address somebody, at the beginning of a word. Everybody at once is never addressed. */
const EXPLICIT = /^<([@#])([\w.-]*\w)>/;
const EVERYBODY = /^(all|here)$/i;

/** Splits running text into tokens. Line feeds become `break` tokens. */
export function readWords(text: string, marks: readonly Mark[]): Token[] {
  return text.split(/(\n|[ \t]+|\u00a0)/).flatMap((piece): Token[] => {
    if (piece === "") return [];
    if (piece === "\n") return [{ kind: "break", text: "", marks: [] }];
    if (/^[ \t]/.test(piece)) return [{ kind: "space", text: piece, marks }];
    return readWord(piece, marks);
  });
}

function readWord(word: string, marks: readonly Mark[]): Token[] {
  const file = readFileName(word);
  if (file !== undefined) {
    const { before, name, after } = file;
    const code: Token = {
      kind: "code",
      text: `\`${name}\``,
      marks,
      cut: (limit) => cutWord(name, limit, marks),
    };
    return [...disarm(before, marks), code, ...disarm(after, marks)];
  }
  if (word.length <= MAX_EMOTICON_UNITS && EMOTICON_WORD.test(word) && !SMILEYS.has(word)) {
    const [first = "", ...rest] = word;
    return [...disarm(first, marks), ...disarm(`${ZERO_WIDTH_SPACE}${rest.join("")}`, marks)];
  }
  return disarm(word, marks);
}

function readFileName(word: string): { before: string; name: string; after: string } | undefined {
  if (word.length > MAX_NAME_UNITS || !word.includes(".")) return undefined;
  const before = BEFORE_FILE.exec(word)?.[0] ?? "";
  let end = word.length;
  while (AFTER_FILE.has(word[end - 1] ?? "")) end -= 1;
  const name = word.slice(before.length, end);
  if (HOST_NUMBERS.test(name)) return { before, name, after: word.slice(end) };
  const dot = name.lastIndexOf(".");
  if (dot < 1 || !FILE_ENDINGS.has(name.slice(dot + 1).toLowerCase())) return undefined;
  const path = name.slice(0, dot);
  const stem = path.slice(path.lastIndexOf("/") + 1);
  const isFile = FILE_PATH.test(path) && FILE_STEM.test(stem) && NAME_END.test(stem);
  return isFile ? { before, name, after: word.slice(end) } : undefined;
}

/** Signs of which at least one is in every word that is not shown as it is written. */
const ARMED = /[*_~`@#\\|\]<]/;

/** Pieces without white space. Escapes become `glue`, which no mark spans. */
function disarm(word: string, marks: readonly Mark[]): Token[] {
  if (word === "") return [];
  if (!ARMED.test(word)) return [wordToken(word, marks)];
  const out: Token[] = [];
  const plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) out.push(wordToken(plain.join(""), marks));
    plain.length = 0;
  };
  const mention = EXPLICIT.exec(word);
  let index = 0;
  if (mention !== null && !EVERYBODY.test(mention[2] ?? "")) {
    plain.push(`${mention[1]}${mention[2]}`);
    index = mention[0].length;
    const rest = word.slice(index);
    // The underscore that closes the emphasis would be taken for a part of the name.
    const meetsMark = rest === "" && marks.includes("italic");
    if (meetsMark || MENTION_GOES_ON.test(rest)) plain.push(ZERO_WIDTH_SPACE);
  }
  const joins = underscoresInNames(word);
  const lastBar = word.lastIndexOf("|");
  for (; index < word.length; index += 1) {
    const character = word[index] ?? "";
    const isEscaped =
      character === "_" ? marks.includes("italic") || !joins.has(index) : ESCAPED.has(character);
    if (isEscaped) {
      flush();
      out.push({ kind: "glue", text: `\\${character}`, marks: [] });
    } else {
      plain.push(character);
      if (isArmed(word, index, lastBar)) plain.push(ZERO_WIDTH_SPACE);
    }
  }
  flush();
  return out;
}

const ESCAPED = new Set("*~`");
const MENTION_GOES_ON = /^[\p{L}\p{N}._:@-]/u;

/** Where an underscore stands in a plain identifier such as `snake_case`, which Rocket.Chat leaves alone. */
function underscoresInNames(word: string): Set<number> {
  const found = new Set<number>();
  if (!word.includes("_")) return found;
  // Since the last bracket: whether all were letters and digits, and how many.
  let isName = true;
  let length = 0;
  for (let index = 0; index < word.length; index += 1) {
    const character = word[index] ?? "";
    if (character === "(") {
      isName = true;
      length = 0;
      continue;
    }
    if (character !== "_") isName &&= /[A-Za-z0-9]/.test(character);
    else if (length === 0) isName = false;
    else if (isName && word[index - 1] !== "_") {
      let end = index;
      while (word[end] === "_") end += 1;
      if (/[A-Za-z0-9]/.test(word[end] ?? "")) found.add(index);
    }
    length += 1;
  }
  return found;
}

/** Whether the character and the next one together would be read as markup. */
function isArmed(word: string, index: number, lastBar: number): boolean {
  const next = word[index + 1] ?? "";
  switch (word[index]) {
    case "@":
    case "#":
      return NAME.test(word.slice(index + 1, index + 3));
    case "\\":
      return ESCAPABLE.has(next);
    case "|":
      return next === "|";
    case "]":
      return next === "(";
    case "<":
      return next === "t" || lastBar > index;
    default:
      return false;
  }
}

const ESCAPABLE = new Set("#.()[]<");

function wordToken(text: string, marks: readonly Mark[]): Token {
  return { kind: "word", text, marks, cut: (limit) => cutWord(text, limit, marks) };
}

/** A long run without space in words of at most `limit` units. */
export function cutWord(text: string, limit: number, marks: readonly Mark[] = []): Token[] {
  return cutText(text, limit).map((piece) => ({ kind: "word", text: piece, marks }));
}

/** In pieces of at most `limit` units; a character as people see it is never divided, unless it alone is longer. */
export function cutText(text: string, limit: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (text.length - from > limit) {
    const end = from + lastEdge(text.slice(from, from + limit + 1), limit);
    pieces.push(text.slice(from, end));
    from = end;
  }
  return [...pieces, text.slice(from)];
}

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** No character that people use has more units. */
const MAX_CHARACTER_UNITS = 100;

/** Where the last character ends that lies within `limit` units. */
function lastEdge(text: string, limit: number): number {
  if (isPlain(text.slice(limit - 1))) return limit;
  const start = Math.max(0, limit - MAX_CHARACTER_UNITS);
  let edge = 0;
  for (const { index } of GRAPHEMES.segment(text.slice(start)))
    if (start + index <= limit) edge = start + index;
  if (edge > start) return edge;
  return /[\udc00-\udfff]/.test(text[limit] ?? "") && limit > 1 ? limit - 1 : limit;
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
