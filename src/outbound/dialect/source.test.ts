// Owns the tests of dividing a text into stretches.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideSource } from "./source.ts";

const FILLER = `${"some words ".repeat(280)}.`;
const far = (...texts: readonly string[]): string => texts.join(`\n\n${FILLER}\n\n`);
const appendixOf = (text: string, word: string): string | undefined =>
  divideSource(text).find((stretch) => stretch.text.includes(word))?.appendix;

describe("a text in stretches", () => {
  it("is all there, in order", () => {
    const pieces = fc.constantFrom(
      "a b",
      "\n",
      "\r\n",
      "\n\n",
      "```",
      "~~~~",
      "- ",
      "> ",
      "[a]: b",
      "<",
      "    ",
    );
    const long = fc.constantFrom(FILLER, "word".repeat(1_100), "a line\n".repeat(700), "*a ".repeat(2_000));
    const texts = fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, { weight: 1, arbitrary: long }));
    // Inline code that is divided is closed and opened again.
    const visible = (text: string): string => text.replace(/[\s`]/g, "");
    fc.assert(
      fc.property(texts, (all) => {
        const text = all.join("");
        const joined = divideSource(text).map((stretch) => stretch.text);
        expect(visible(joined.join(""))).toBe(visible(text));
      }),
      { numRuns: 300 },
    );
  });

  it("is read by the parser no more than so much at once", () => {
    for (const text of [`${FILLER}\n\n`.repeat(9), "word ".repeat(9_000), "a line\n".repeat(9_000)])
      for (const stretch of divideSource(text)) {
        expect(stretch.kind).toBe("markdown");
        expect(stretch.text.length).toBeLessThan(4_100);
      }
  });

  it("says what was before each", () => {
    const line = "word ".repeat(1_500).trim();
    const text = `${line}\n\`\`\`\ncode\n\`\`\`\nbehind\n\n${FILLER}`;
    expect(divideSource(text).map(({ kind, before }) => [kind, before])).toEqual([
      ["markdown", "line end"],
      ["markdown", "same line"],
      ["code", "line end"],
      ["markdown", "line end"],
      ["markdown", "empty line"],
    ]);
  });
});

describe("a definition", () => {
  it("is behind the stretches that refer to it, and behind no others", () => {
    const text = far(
      "[one] here",
      "[two] here",
      "none here",
      "[One]: https://one.example\n[two]: https://two.example",
    );
    expect(appendixOf(text, "[one] here")).toBe("[One]: https://one.example");
    expect(appendixOf(text, "[two] here")).toBe("[two]: https://two.example");
    expect(appendixOf(text, "none here")).toBe("");
  });

  it.each(["[text][a label]", "[A  Label]", "[a label][]", "![a picture][A\nlabel]"])(
    "is found by %j",
    (reference) => {
      const text = far(`see ${reference}`, "[A label]: https://label.example");
      expect(appendixOf(text, "see ")).toBe("[A label]: https://label.example");
    },
  );

  it("is the first of its label", () => {
    const text = far("[a]: https://first.example", "[a] here", "[a]: https://second.example");
    expect(appendixOf(text, "[a] here")).toBe("[a]: https://first.example");
  });

  it("is none in a code block", () => {
    expect(appendixOf(far("[a] here", "```\n[a]: https://code.example\n```"), "[a] here")).toBe("");
  });

  it("stands behind a stretch once, and only so many do", () => {
    const names = Array.from({ length: 400 }, (_, index) => `a${index}`);
    const uses = names.map((name) => `[${name}]`).join(" ");
    const definitions = names.map((name) => `[${name}]: https://${name}.example`).join("\n\n");
    const lines = (appendixOf(far(`${uses} ${uses}`, definitions), "[a0] ") ?? "").split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe("a block with more signs than the parser reads in good time", () => {
  it("is plain as a whole, however many stretches it is", () => {
    const signs = `${"a line\n".repeat(1_500)}${"*a_ ".repeat(2_000)}`;
    const stretches = divideSource(`before\n\n${signs}\n\nbehind`);
    expect(stretches.length).toBeGreaterThan(4);
    expect(stretches.map(({ kind }) => kind)).toEqual([
      "markdown",
      ...stretches.slice(2).map(() => "plain"),
      "markdown",
    ]);
  });

  it("leaves the markup of others as it is", () => {
    const text = far("**before**", "*a_ ".repeat(2_000), "**behind**");
    const kinds = divideSource(text).map((stretch) => [stretch.text.slice(0, 4), stretch.kind]);
    expect(kinds).toContainEqual(["**be", "markdown"]);
    expect(divideSource(text).find((stretch) => stretch.text.includes("behind"))?.kind).toBe("markdown");
  });
});
