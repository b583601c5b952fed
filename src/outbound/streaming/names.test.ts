import fc from "fast-check";
import { expect, it } from "vitest";
import { referencesInMarkdown, referencesInText } from "../../../emulator/world/messages/mentions.ts";
import { PARSERS } from "../../../test/dialect/rocketchat.ts";
import { DEFAULT_KATEX } from "../dialect/math.ts";
import { formatMarkdown } from "../markdown.ts";
import { namesSomebody } from "./names.ts";

/** Whom any server calls for a text. */
const called = (text: string): string[] => [
  ...referencesInText(text, "[0-9a-zA-Z-_.]+").users,
  ...PARSERS.flatMap(({ parse }) => referencesInMarkdown(parse(text)).users),
];

it.each([
  "@ann",
  "_@ann_",
  "*@ann*",
  "~@ann~",
  "(@ann)",
  "> @ann",
  "@all",
  "- @here",
  "\\@ann",
  "a\u00a0@ann",
])("finds whom %j may call", (text) => {
  expect(namesSomebody(text)).toBe(true);
});

it.each(["", "ann", "ann@example.org", "@ ann", "@", "@\u200bann"])("finds nobody in %j", (text) => {
  expect(namesSomebody(text)).toBe(false);
});

const format = (markdown: string): string[] =>
  formatMarkdown(markdown, {
    tables: "code",
    modern: false,
    katex: DEFAULT_KATEX,
    limit: 5_000,
    mode: "length",
  });

it("finds whomever one of the servers calls for a message of ours", () => {
  const signs = "@ann @all `*_~[](<>)|#.-\n\\ x\u00a0é".split("");
  const part = fc.constantFrom(...signs, "<@ann>", "<@ann>", "@here", "https://");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      for (const text of format(parts.join("")))
        expect([text, called(text).length === 0 || namesSomebody(text)]).toEqual([text, true]);
    }),
  );
});

it.each(["*<@ann> look* here", "**see <@ann>**", "_<@ann>_ and on", "~~<@ann>~~, gone", "> *<@ann>*"])(
  "the name in %j is read as the name alone",
  (markdown) => {
    const [text = ""] = format(markdown);
    for (const { parse } of PARSERS) expect(referencesInMarkdown(parse(text)).users).toEqual(["ann"]);
  },
);
