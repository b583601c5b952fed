// Owns random Markdown of the kind that models write: every form, nested, with signs that mean something elsewhere.

import fc from "fast-check";

const WORDS =
  'foo|bar|a|x1|snake_case|été|日本|🙂|@all|@here|@bob|#123|#general|5 * 3|2 < 3|a & b|README.md|:smile:|10:30|(so)|"q"|it\'s|https://example.org|8)|e.g.|50%|$5|a/b|x=y|~5|[1]|\\\\_|\\\\*'.split(
    "|",
  );
const word = fc.constantFrom(...WORDS);
const words = fc.array(word, { minLength: 1, maxLength: 6 }).map((all) => all.join(" "));
const plain = fc
  .array(fc.constantFrom("foo", "bar", "b c", "été"), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(" "));
const code = fc.constantFrom("x", "a_b", "f(*args)", "@all", "a b", "#1", "~/x").map((text) => `\`${text}\``);
const link = fc
  .tuple(
    plain,
    fc.constantFrom("https://example.org/a_b", "https://example.org/(x)", "mailto:a@b.org", "./rel.md"),
  )
  .map(([label, url]) => `[${label}](${url})`);
const marked = fc
  .tuple(fc.constantFrom("**", "*", "~~"), fc.oneof(plain, code, link))
  .map(([mark, text]) => `${mark}${text}${mark}`);
const inline = fc.oneof(words, words, code, link, marked);
const line = fc.array(inline, { minLength: 1, maxLength: 4 }).map((all) => all.join(" "));

const CODE_LINES = [
  "let a = 1;",
  "",
  "  indented *x*",
  "a `b`",
  "@all @here",
  "# comment",
  "- dash",
  "x_y_z",
  "[a](b)",
];
const fence = fc
  .tuple(
    fc.constantFrom("", "js", "cpp"),
    fc.array(fc.constantFrom(...CODE_LINES), { minLength: 1, maxLength: 6 }),
  )
  .map(([language, lines]) => `\`\`\`${language}\n${lines.join("\n")}\n\`\`\``);
const quote = line.map((text) => `> ${text}`);
const heading = fc
  .tuple(fc.integer({ min: 1, max: 6 }), line)
  .map(([depth, text]) => `${"#".repeat(depth)} ${text}`);
const bullets = fc
  .array(line, { minLength: 1, maxLength: 3 })
  .map((all) => all.map((text) => `- ${text}`).join("\n"));
const nested = fc.tuple(line, line, line).map(([a, b, c]) => `- ${a}\n  - ${b}\n- ${c}`);
const numbers = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.array(line, { minLength: 1, maxLength: 3 }))
  .map(([start, all]) => all.map((text, index) => `${start + index}. ${text}`).join("\n"));
const tasks = fc
  .array(fc.tuple(fc.constantFrom("[ ]", "[x]"), line), { minLength: 1, maxLength: 3 })
  .map((all) => all.map(([box, text]) => `- ${box} ${text}`).join("\n"));
const block = fc.oneof(
  line,
  line,
  fc.tuple(line, line).map((both) => both.join("\n")),
  fence,
  quote,
  heading,
  bullets,
  nested,
  numbers,
  tasks,
);

export const arbitraryMarkdown = fc
  .array(block, { minLength: 1, maxLength: 4 })
  .map((all) => all.join("\n\n"));
