// Owns texts of shapes that are hard on readers: every sign of Markdown repeated, left open, nested, unbalanced.
//
// None of them is hard on ours; that is what the bench shows.

/** By name: pieces that are repeated up to the wanted size. */
const PIECES: Readonly<Record<string, string>> = {
  words: "word ",
  "short lines": "some words\n",
  paragraphs: "a paragraph\n\n",
  digits: "1",
  spaces: " ",
  "line ends": "\n",
  "quote openings": "[ ](",
  "quote links": "[ ](https://chat.example.org/a?msg=",
  "message ids": "?msg=a",
  brackets: "[",
  "closing brackets": "]",
  "bracket pairs": "[a]",
  links: "[a](b) ",
  "open links": "[a](b",
  "open titles": '[a](b "c ',
  "open titles in parentheses": "[a](b (c ",
  "open addresses": "[a](<b",
  images: "![](",
  "open references": "[a][b",
  definitions: "[a]: b\n",
  footnotes: "[^a]: b [^a]\n",
  "opening stars": "*a ",
  "closing stars": "a* ",
  "stars on both sides": "*a*",
  "stars and lines": "*a_ ",
  bold: "**a** ",
  underscores: "_",
  names: "a_",
  tildes: "~~a ",
  "open code": "`a ",
  "runs of backticks": "`a``b```c````d",
  fences: "```\n",
  "fences of two kinds": "```a\n~~~b\n",
  "less than": "<",
  tags: "<b>",
  "tags with open attributes": '<a b="',
  "open comments": "<!--",
  "open instructions": "<?",
  "open declarations": "<!X ",
  "quotes in quotes": "> ",
  "quoted lines": "> a\n",
  "lists in lists": "- ",
  items: "- a\n",
  "numbered items": "1. a\n",
  tasks: "- [ ] a\n",
  headings: "# a\n",
  "underlined headings": "a\n=\n",
  rules: "---\n",
  bars: "|",
  cells: "|a",
  addresses: "http://a.b/ ",
  "addresses with signs": "http://a.b!",
  "one address after another": "www.a.",
  mail: "a@b.c ",
  dots: "a.",
  formulas: "\\(",
  "formulas of their own": "$$a ",
  backslashes: "\\",
  ampersands: "&amp;",
  "open mentions": "<@a",
  mentions: "@bot ",
  "other mentions": "@bot_",
  commands: "@bot !stop",
  exclamations: "!",
  colons: ":",
  spoilers: "||",
  parentheses: "(",
  "file names": "(a.md",
  emoji: "😀",
  combining: "a\u0301",
  "Chinese in bold": "**漢：**字",
  "half a character": "\ud800",
  JSON: '{"a":',
};

const MADE: Readonly<Record<string, (units: number) => string>> = {
  "an answer": (units) => ANSWER.repeat(Math.ceil(units / ANSWER.length)),
  "longer and longer backticks": (units) => joinWhile(units, (index) => `${"`".repeat(index + 1)}a`),
  "deeper and deeper lists": (units) => joinWhile(units, (index) => `${"  ".repeat(index)}- a\n`),
  "deeper and deeper quotes": (units) => joinWhile(units, (index) => `${">".repeat(index + 1)} a\n`),
  "a long table": (units) => joinWhile(units, (index) => (index === 1 ? "|-|-|\n" : "|a|b|\n")),
  "a wide table": (units) => table(units, (columns) => "|c".repeat(columns)),
  "a table of short rows": (units) => table(units, () => "|c"),
  "one word": (units) => "word".repeat(units / 4),
  "brackets closed at the end": (units) => "[".repeat(units / 2) + "]".repeat(units / 2),
};

const ANSWER = `## What I found

The **build** fails because \`tsconfig.json\` has *no* target, see [the page](https://example.org/docs).

- first \`npm ci\`
- then **run** the tests
  1. with a cache
  2. without one

| step | time |
|------|-----:|
| ci   | 10 s |
| test | 90 s |

\`\`\`sh
npm ci && npm test
\`\`\`

`;

function joinWhile(units: number, piece: (index: number) => string): string {
  const pieces: string[] = [];
  let length = 0;
  for (let index = 0; length < units; index += 1) {
    pieces.push(piece(index));
    length += pieces.at(-1)?.length ?? 0;
  }
  return pieces.join("");
}

function table(units: number, row: (columns: number) => string): string {
  const columns = Math.ceil(units / 16);
  const head = `${"|a".repeat(columns)}\n${"|-".repeat(columns)}|\n`;
  return head + joinWhile(units - head.length, () => `${row(columns)}\n`);
}

export const SHAPES: readonly string[] = [...Object.keys(PIECES), ...Object.keys(MADE)];

/** A text of the shape with exactly `units` UTF-16 units. */
export function textOfShape(shape: string, units: number): string {
  const piece = PIECES[shape];
  if (piece !== undefined) return piece.repeat(Math.ceil(units / piece.length)).slice(0, units);
  return (MADE[shape]?.(units) ?? "").slice(0, units);
}
