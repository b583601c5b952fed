// Owns text that must come out as it is: everything in it that Rocket.Chat would take for markup is disarmed.

import { type Mark, type Token, ZERO_WIDTH_SPACE } from "./token.ts";

/**
 * Endings of file names that are also top-level domains: Rocket.Chat makes `README.md` a link to a web site.
 * Endings with more use as an address than as a file (`com`, `app`, `dev`, `io`) are left out.
 */
const FILE_ENDINGS =
  "ac|ai|as|cab|cc|cl|cr|do|gdn|gz|hs|in|java|kt|la|lc|map|md|mk|ml|mm|mov|nu|pa|ph|php|pl|pm|properties|ps|pub|py|rb|rc|rs|sc|sh|so|sql|st|tf|ts|vi|zip";
const FILE_NAME = new RegExp(
  `^([("'\\[{]*)((?:[\\p{L}\\p{N}_.~-]*/)*[\\p{L}\\p{N}_.-]*[\\p{L}\\p{N}_]\\.(?:${FILE_ENDINGS}))([)"'\\]},.;:!?]*)$`,
  "iu",
);

/** No name of a file or a variable is longer. */
const MAX_NAME_UNITS = 200;

/** The smileys that people mean. Any other emoticon that stands alone is more likely a list number or a sign. */
const SMILEYS = new Set([":)", ":-)", ":(", ":-(", ";)", ";-)", ":D", ":-D", ":P", ":-P", ":'(", "<3"]);
const EMOTICONS =
  "</3|=D|>:\\)|>;\\)|>:-\\)|>=\\)|':\\)|':-\\)|'=\\)|':D|':-D|'=D|:'\\)|:'-\\)|[O0]:-?\\)|0:-?3|0;\\^\\)|[O0];-\\)|O=\\)|O:-?3|=\\]|=\\)|:\\]|;-?\\]|;D|;\\^\\)|=\\*|:-?\\*|:\\^\\*|=P|:-\\u00de|:\\u00de|:-?b|>:P|X-P|B-?\\)|8-?\\)|B-D|8-D|>:\\[|:-?\\[|=\\(|>:[\\\\/]|:-?/|:-\\.|:\\\\|=[/\\\\]|[:=]L|>\\.<|:'-\\(|;-?\\(|>:-?\\(|:@|[:=]\\$|D:|'[:=]-?\\(|:-?X|:-?#|=[X#]|-_{1,3}-|:-?O|O_O|>:O|[#%X]-?\\)|\\(y\\)|\\\\[0O]/";
const EMOTICON_WORD = new RegExp(`^(?:${EMOTICONS})$`);

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
  const file = word.length > MAX_NAME_UNITS ? null : FILE_NAME.exec(word);
  if (file !== null) {
    const [, before = "", name = "", after = ""] = file;
    const code: Token = { kind: "code", text: `\`${name}\``, marks, cut: () => cutWord(name, marks) };
    return [...disarm(before, marks), code, ...disarm(after, marks)];
  }
  if (EMOTICON_WORD.test(word) && !SMILEYS.has(word)) {
    const [first = "", ...rest] = word;
    return [...disarm(first, marks), ...disarm(`${ZERO_WIDTH_SPACE}${rest.join("")}`, marks)];
  }
  return disarm(word, marks);
}

/** Pieces without white space. Escapes become `glue`, which no mark spans. */
function disarm(word: string, marks: readonly Mark[]): Token[] {
  const out: Token[] = [];
  let plain = "";
  const flush = (): void => {
    if (plain !== "") out.push(wordToken(plain, marks));
    plain = "";
  };
  const mention = EXPLICIT.exec(word);
  let index = 0;
  if (mention !== null && !EVERYBODY.test(mention[2] ?? "")) {
    plain = `${mention[1]}${mention[2]}`;
    index = mention[0].length;
    if (/^[\p{L}\p{N}._:@-]/u.test(word.slice(index))) plain += ZERO_WIDTH_SPACE;
  }
  for (; index < word.length; index += 1) {
    const character = word[index] ?? "";
    if (isEscaped(word, index, marks)) {
      flush();
      out.push({ kind: "glue", text: `\\${character}`, marks: [] });
    } else {
      plain += character + (isArmed(word, index) ? ZERO_WIDTH_SPACE : "");
    }
  }
  flush();
  return out;
}

function isEscaped(word: string, index: number, marks: readonly Mark[]): boolean {
  const character = word[index] ?? "";
  if (character === "_") return marks.includes("italic") || !joinsWord(word, index);
  return character === "*" || character === "~" || character === "`";
}

/** An underscore in a plain identifier such as `snake_case` is left alone by Rocket.Chat. */
function joinsWord(word: string, index: number): boolean {
  const before = /[^(]*$/.exec(word.slice(Math.max(0, index - MAX_NAME_UNITS), index))?.[0] ?? "";
  return (
    /^[A-Za-z0-9]\w*$/.test(before) && /^_*[A-Za-z0-9]/.test(word.slice(index + 1)) && !before.endsWith("_")
  );
}

/** Whether the character and the next one together would be read as markup. */
function isArmed(word: string, index: number): boolean {
  const rest = word.slice(index + 1);
  const next = rest[0] ?? "";
  switch (word[index]) {
    case "@":
    case "#":
      return NAME.test(rest);
    case "\\":
      return /^[#.()[\]<]/.test(next);
    case "|":
      return next === "|";
    case "]":
      return next === "(";
    case "<":
      return next === "t" || rest.includes("|");
    default:
      return false;
  }
}

function wordToken(text: string, marks: readonly Mark[]): Token {
  return { kind: "word", text, marks, cut: () => cutWord(text, marks) };
}

/** A long run without space falls apart into its characters as people see them; never inside one. */
export function cutWord(text: string, marks: readonly Mark[]): Token[] {
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
  const pieces = Array.from(segments, ({ segment }) => segment);
  return pieces.map((piece) => ({ kind: "word", text: piece, marks }));
}
