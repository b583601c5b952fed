import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES } from "../../../test/dialect/cases.ts";
import { arbitraryMarkdown } from "../../../test/dialect/generator.ts";
import { withoutKnown } from "../../../test/dialect/known.ts";
import { PARSERS, readRocketChat } from "../../../test/dialect/rocketchat.ts";
import { DEFAULT_KATEX } from "../dialect/math.ts";
import { type FormatOptions, formatMarkdown } from "../markdown.ts";
import { settledPart } from "./settled.ts";

const OLD: FormatOptions = {
  tables: "code",
  modern: false,
  katex: DEFAULT_KATEX,
  limit: 5000,
  mode: "length",
};
const DOCUMENTS = Number(process.env.DIALECT_DOCUMENTS ?? 100);
const MINUTES = 60_000;
/** Every so many units a case is cut off. */
const STEP = 7;

const CHOSEN = [
  "Some **bold words over\ntwo lines** and _more of them_ here.",
  "Look at [the page of it](https://example.org/a_(b)?c=d) and `some code` there.",
  "Before\n\n```js\nconst a = 1;\nconst b = `x`;\n```\n\nafter **that** it goes on.",
  "| a | b |\n| --- | --- |\n| one | two |\n| three | four |\n\nand more",
  "1. first **item** of it\n2. second\n   - inner `code` here\n   - another\n\nEnd.",
  "> a quote of\n> two lines\n\n# A heading\n\nText with a_snake_case and 3 * 4 * 5.",
  "A formula \\(x + y\\) in a line, $$a = b$$ and the rest.",
  "A <!-- hidden words --> comment, <b>a tag</b> and &amp; a sign.",
  "Heading\n=======\n\nand text ~~that goes~~ on ***and on*** here",
  "- [ ] to do\n- [x] done with **mark\n  over lines** of it",
];

/** The letters and figures that a reader sees, without those that only count a list. */
const lettersOf = (version: string, tree: unknown): string =>
  withoutKnown(version, readRocketChat(tree))
    .filter(({ styles }) => !styles.includes("marker"))
    .map(({ text }) => text.replace(/[^\p{L}\p{N}]/gu, ""))
    .join("");

describe.each(PARSERS)("read by message-parser $version", ({ version, parse }) => {
  const modern = version === "0.32.0";
  const options: FormatOptions = {
    ...OLD,
    ...(modern && { tables: "native", modern }),
    ticksBreakFences: version === "0.31.36",
  };
  const read = (markdown: string): string =>
    formatMarkdown(markdown, options)
      .map((part) => lettersOf(version, parse(part)))
      .join("");

  /** Each text is read once: the parsers take their time. */
  const seen = new Map<string, string>();
  const readOnce = (markdown: string): string => {
    const known = seen.get(markdown) ?? read(markdown);
    seen.set(markdown, known);
    return known;
  };

  function expectPrefix(markdown: string, length: number): void {
    const whole = readOnce(markdown);
    const shown = readOnce(settledPart(markdown.slice(0, length)));
    expect(
      whole.startsWith(shown),
      `${JSON.stringify(markdown.slice(0, length))} shows ${shown} of ${whole}`,
    ).toBe(true);
  }

  it.each(CHOSEN)("each beginning of %j shows the beginning of the whole", (markdown) => {
    for (let length = 0; length <= markdown.length; length += 1) expectPrefix(markdown, length);
  });

  it(
    "beginnings of all forms show the beginning of the whole",
    () => {
      for (const { markdown } of CASES.flatMap(({ cases }) => cases))
        for (let length = 1; length < markdown.length; length += STEP) expectPrefix(markdown, length);
    },
    MINUTES,
  );

  it(
    `beginnings of ${DOCUMENTS} texts show the beginning of the whole`,
    () => {
      fc.assert(
        fc.property(arbitraryMarkdown, fc.nat(), (markdown, at) =>
          expectPrefix(markdown, at % (markdown.length + 1)),
        ),
        { numRuns: DOCUMENTS },
      );
    },
    10 * MINUTES,
  );
});

it("shows whole words, with open marks closed, and nothing that may become another thing", () => {
  expect(settledPart("Hello wor")).toBe("Hello");
  expect(settledPart("Hello **bold wo")).toBe("Hello **bold**");
  expect(settledPart("Hello **bold _both wo")).toBe("Hello **bold _both_**");
  expect(settledPart("See [the page](https://example.org/a b")).toBe("See");
  expect(settledPart("See **[the page](https")).toBe("See");
  expect(settledPart("Call `npm run te")).toBe("Call");
  expect(settledPart("```js\nconst a = 1;\ncons")).toBe("```js\nconst a = 1;");
  expect(settledPart("Look:\n\n```j")).toBe("Look:");
  expect(settledPart("Look:\n\n| a | b |\n| --")).toBe("Look:");
  expect(settledPart("| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 ")).toBe(
    "| a | b |\n| --- | --- |\n| 1 | 2 |",
  );
  expect(settledPart("One\n\n- ")).toBe("One");
  expect(settledPart("One\n\n2. ")).toBe("One");
  expect(settledPart("")).toBe("");
  expect(settledPart("word")).toBe("");
});

it("costs no more than linear time", () => {
  const hostile = ["[", "(", "`", "``` ", "<a", "*a", "_a ", "\\(", "$$", "![", "|\n", "[a](", "**a [b"];
  for (const unit of hostile) {
    const startedAt = performance.now();
    settledPart(unit.repeat(20_000));
    expect(performance.now() - startedAt, unit).toBeLessThan(1_000);
  }
});
