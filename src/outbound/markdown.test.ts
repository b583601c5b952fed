import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES } from "../../test/dialect/cases.ts";
import { readCommonMark } from "../../test/dialect/commonmark.ts";
import { arbitraryMarkdown } from "../../test/dialect/generator.ts";
import { KNOWN, withoutKnown } from "../../test/dialect/known.ts";
import { compareMeaning, hasStyle, textOf } from "../../test/dialect/meaning.ts";
import { writeFormattingPage } from "../../test/dialect/page.ts";
import { PARSERS, readRocketChat } from "../../test/dialect/rocketchat.ts";
import { MODERN, OLD, READINGS } from "../../test/dialect/servers.ts";
import { type FormatOptions, formatMarkdown } from "./markdown.ts";

const ALL = CASES.flatMap(({ title, cases }) => cases.map((each) => ({ title, ...each })));
/** The parsers take their time over links and nested marks: 10,000 documents, by this variable, take minutes. */
const DOCUMENTS = Number(process.env.DIALECT_DOCUMENTS ?? 200);
const RUNS = { numRuns: 100 };
const MINUTES = 60_000;

describe.each(READINGS)("for a server $server, read by message-parser $version", (reading) => {
  const { version, parse, options } = reading;
  const show = (markdown: string) =>
    withoutKnown(
      version,
      formatMarkdown(markdown, options).flatMap((part) => readRocketChat(parse(part))),
    );

  it.each(ALL.filter(({ title }) => title !== "Mathematics"))("shows what $markdown means", (each) => {
    const wanted = readCommonMark(each.means ?? each.markdown, { nativeTables: options.modern });
    expect(compareMeaning(wanted, show(each.markdown))).toBeUndefined();
  });

  it.each(ALL.filter(({ title }) => title === "Mathematics"))("shows $markdown as mathematics", (each) => {
    expect(hasStyle(show(each.markdown), "math")).toBe(true);
  });

  it(
    `shows what ${DOCUMENTS} texts mean: words, marks, code, links, lists`,
    () => {
      fc.assert(
        fc.property(arbitraryMarkdown, (markdown) => {
          const wanted = readCommonMark(markdown, { nativeTables: options.modern });
          expect(compareMeaning(wanted, show(markdown))).toBeUndefined();
        }),
        { numRuns: DOCUMENTS },
      );
    },
    60 * MINUTES,
  );

  it("never mentions everybody, whatever is written", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            ..."@all @here `*_~[](<>)|#.-\n\\ x".split(""),
            "@all",
            "@here",
            "<@all>",
            "<@here>",
          ),
        ),
        (signs) => {
          const called = show(signs.join("")).filter(({ styles }) => styles.includes("mention"));
          expect(called.filter(({ text }) => /^@(all|here)\b/i.test(text))).toEqual([]);
        },
      ),
      RUNS,
    );
  });
});

/** What KaTeX a server has, as its settings say, and how each form of a formula is posted to it. */
const FORMULAS = [
  {
    server: "brackets, the default",
    katex: { parentheses: true, dollars: false },
    posted: ["a \\(x\\) b", "\\[x\\]", "\\[\nx\ny\n\\]", "> \\(x y\\)"],
    costs: "$5 and $10, $HOME/bin:$PATH",
  },
  {
    server: "brackets and dollars",
    katex: { parentheses: true, dollars: true },
    posted: ["a \\(x\\) b", "\\[x\\]", "\\[\nx\ny\n\\]", "> \\(x y\\)"],
    costs: "`$5` and `$10`, `$HOME/bin:$PATH`",
  },
  {
    server: "dollars alone",
    katex: { parentheses: false, dollars: true },
    posted: ["a $x$ b", "$$x$$", "$$\nx\ny\n$$", "> $x y$"],
    costs: "`$5` and `$10`, `$HOME/bin:$PATH`",
  },
  {
    server: "nothing",
    katex: { parentheses: false, dollars: false },
    posted: ["a `x` b", "`x`", "```latex\nx\ny\n```", "```latex\nx\ny\n```"],
    costs: "$5 and $10, $HOME/bin:$PATH",
  },
] as const;
const WRITTEN = ["a \\(x\\) b", "$$x$$", "$$\nx\ny\n$$", "> $$\n> x\n> y\n> $$"];
const COSTS = "$5 and $10, $HOME/bin:$PATH";

describe.each(FORMULAS)("where the KaTeX of the server reads $server", ({ katex, posted, costs }) => {
  const { parentheses, dollars } = katex;
  const options: FormatOptions = { ...OLD, katex };
  const asked = parentheses || dollars ? { parenthesisSyntax: parentheses, dollarSyntax: dollars } : null;

  it("formulas are written as it reads them, or as code", () => {
    expect(WRITTEN.map((each) => formatMarkdown(each, options).join())).toEqual(posted);
  });

  it("dollars are no formula", () => {
    expect(formatMarkdown(COSTS, options)).toEqual([costs]);
    expect(formatMarkdown("only $5", options)).toEqual(["only $5"]);
  });

  describe.each(PARSERS)("by message-parser $version", ({ parse }) => {
    const show = (markdown: string) =>
      formatMarkdown(markdown, options).flatMap((part) => readRocketChat(parse(part, asked)));

    it.each(WRITTEN)("%j is a formula where there are any", (markdown) => {
      expect(hasStyle(show(markdown), "math")).toBe(asked !== null);
      expect(textOf(show(markdown))).toMatch(/^a?xy?b?$/);
    });

    it.each([
      COSTS,
      `# ${COSTS}`,
      `- $5\n- **$6**`,
      "> $5\n\n> $6",
      "5$ or US$6, *$7*",
      "| $5 | $6 |\n|-|-|\n| $7 | $8 |",
      "$`$`",
      "$5 with `echo $HOME`",
      "`$HOME` for $5",
      "$5\n\n```\necho $HOME\n```",
    ])("%j holds none", (markdown) => {
      expect(hasStyle(show(markdown), "math")).toBe(false);
      expect(textOf(show(markdown)).replace(/[^$]/g, "")).toBe(markdown.replace(/[^$]/g, ""));
    });

    it("an address with a dollar ends none", () => {
      expect(hasStyle(show("$5 at [a shop](https://shop.example/$6)"), "math")).toBe(false);
    });

    it("signs of formulas chosen by chance are none", () => {
      const sign = fc.constantFrom(
        "$",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "5",
        "a",
        " ",
        "\n",
        "*",
        "`",
        "_",
        ".",
        "- ",
        "# ",
      );
      fc.assert(
        fc.property(fc.array(sign), (signs) => {
          const text = signs.join("").replaceAll("$$", "$").replaceAll("\\", "");
          expect(hasStyle(show(text), "math")).toBe(false);
        }),
        RUNS,
      );
    });
  });
});

describe("the messages", () => {
  it.each(ALL)("are as documented for $markdown", ({ markdown, posted }) => {
    expect(formatMarkdown(markdown, OLD)).toEqual(posted === "" ? [] : [posted]);
  });

  it("are none for a text without anything visible", () => {
    for (const text of ["", " \n\t", "\u200b", "<!-- x -->", "```\n```", "[a]: https://example.org"])
      expect(formatMarkdown(text, OLD)).toEqual([]);
  });

  it.each(["length", "newline"] as const)("join to the whole text, each within the limit, by %s", (mode) => {
    const texts = fc.array(arbitraryMarkdown, { minLength: 1, maxLength: 3 }).map((all) => all.join("\n\n"));
    fc.assert(
      fc.property(texts, fc.integer({ min: 200, max: 500 }), (markdown, limit) => {
        const whole = formatMarkdown(markdown, { ...OLD, limit: 1e6, mode });
        const parts = formatMarkdown(markdown, { ...OLD, limit, mode });
        const read = (messages: readonly string[]): string =>
          textOf(messages.flatMap((part) => readRocketChat(PARSERS[0].parse(part))));
        expect(read(parts)).toBe(read(whole));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part.isWellFormed()).toBe(true);
          expect((part.match(/^```/gm) ?? []).length % 2).toBe(0);
        }
      }),
      RUNS,
    );
  });

  it("open a fence again with the language that it had", () => {
    const code = Array.from({ length: 400 }, (_, index) => `let line${index} = ${index};`);
    const parts = formatMarkdown(`\`\`\`js\n${code.join("\n")}\n\`\`\``, { ...OLD, limit: 2000 });
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part).toMatch(/^```js\n[\s\S]*\n```$/);
    expect(parts.map((part) => part.slice(6, -4)).join("\n")).toBe(code.join("\n"));
  });

  it("hold code longer than a message in as few pieces as there is room for", () => {
    const code = "abcdefg ".repeat(523);
    const parts = formatMarkdown(`\`${code.trim()}\``, { ...OLD, limit: 4000 });
    expect(parts).toHaveLength(2);
    const lines = parts.flatMap((part) => part.split("\n"));
    for (const line of lines) expect(line).toMatch(/^`[^`]+`$/);
    expect(lines.length).toBeLessThan(5);
    expect(lines.join("").replace(/[` ]/g, "")).toBe(code.replaceAll(" ", ""));
  });

  it.each([
    ["an aligned block", OLD, /^```\n\| name +\| size +\|\n\| -+ \| -+ \|\n\| row/],
    ["a table of the server", MODERN, /^\| name \| size \|\n\| --- \| --- \|\n\| row/],
  ])("show the head of a table in each of them, as %s", (_, options, head) => {
    const rows = Array.from({ length: 60 }, (_row, index) => `| row ${index} | ${index * 7} |`);
    const parts = formatMarkdown(`| name | size |\n|---|---|\n${rows.join("\n")}`, {
      ...options,
      limit: 300,
    });
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(head);
      expect(part.length).toBeLessThanOrEqual(300);
    }
    expect(parts.join("\n").match(/row \d+/g)).toHaveLength(60);
  });

  it.each([
    [840, 80, 1000],
    [840, 150, 1000],
    [3350, 400, 4000],
    [3350, 700, 4000],
  ])("show the head of a table once, %i units into a message, %i units wide", (before, width, limit) => {
    const row = `| ${"x".repeat(width)} |`;
    const table = [row, "| - |", ...Array.from({ length: 12 }, () => "| y |")].join("\n");
    for (const part of formatMarkdown(`${"word ".repeat(before / 5).trim()}\n\n${table}`, {
      ...OLD,
      limit,
    })) {
      expect(part.length).toBeLessThanOrEqual(limit);
      expect((part.match(/\| -+ \|/g) ?? []).length).toBeLessThanOrEqual(1);
      expect((part.match(/\| x+ /g) ?? []).length).toBe(part.includes("| y") ? 1 : 0);
    }
  });

  it("are within the limit for a table that is a head alone", () => {
    for (const options of [OLD, MODERN])
      for (const part of formatMarkdown(`| ${"x".repeat(600)} |\n| - |`, { ...options, limit: 1000 }))
        expect(part.length).toBeLessThanOrEqual(1000);
  });

  it("never divide a character or a link", () => {
    const link = "[a link](https://example.org/with/a/long/address)";
    for (const part of formatMarkdown(`${link} `.repeat(60), { ...OLD, limit: 200 }))
      expect(part.replaceAll(link, "").trim()).toBe("");
    const parts = formatMarkdown("👍🏽".repeat(500), { ...OLD, limit: 201 });
    expect(parts.join("")).toBe("👍🏽".repeat(500));
    for (const part of parts) expect(part.length % "👍🏽".length).toBe(0);
  });

  it("are few: at most a quarter more than the text needs", () => {
    const word = fc.stringMatching(/^[a-z]{1,9}$/);
    const words = (most: number) => fc.array(word, { minLength: 1, maxLength: most, size: "max" });
    const line = words(60).map((all) => all.join(" "));
    const lines = (begin: string) =>
      fc
        .array(words(12), { minLength: 1, maxLength: 12, size: "max" })
        .map((all) => all.map((one) => begin + one.join(" ")).join("\n"));
    const code = lines("").map((all) => `\`\`\`\n${all}\n\`\`\``);
    const blocks = fc.array(fc.oneof(line, lines(""), lines("- "), code), {
      minLength: 8,
      maxLength: 30,
      size: "max",
    });
    fc.assert(
      fc.property(blocks, fc.integer({ min: 200, max: 2_000 }), (all, limit) => {
        const markdown = all.join("\n\n");
        const [whole = ""] = formatMarkdown(markdown, { ...OLD, limit: 1e6 });
        const parts = formatMarkdown(markdown, { ...OLD, limit });
        expect(parts.length).toBeLessThanOrEqual(Math.ceil(1.25 * Math.ceil(whole.length / limit)));
      }),
      RUNS,
    );
  });

  it("are few, too, where every paragraph takes a little more than half of one", () => {
    const paragraph = "some words ".repeat(11).trim();
    for (const begin of ["", "- ", "> "]) {
      const text = Array.from({ length: 40 }, () => begin + paragraph).join("\n\n");
      const parts = formatMarkdown(text, { ...OLD, limit: 200 });
      expect(parts.length).toBeLessThanOrEqual(Math.ceil(1.25 * Math.ceil(text.length / 200)));
      expect(parts.join(" ").match(/words/g)).toHaveLength(440);
    }
  });

  it("are divided at paragraphs", () => {
    const paragraphs = Array.from({ length: 10 }, (_, index) => `${index} ${"word ".repeat(20)}`.trim());
    for (const part of formatMarkdown(paragraphs.join("\n\n"), { ...OLD, limit: 300, mode: "newline" }))
      for (const paragraph of part.split("\n\n")) expect(paragraphs).toContain(paragraph);
  });
});

describe("texts that no parser is made for", () => {
  const join = (markdown: string) => formatMarkdown(markdown, OLD).join("");

  it.each(["*a", "_a ", "~~a", "*_a", "*a\n", "> *a\n"])(
    "keep every letter of %j again and again",
    (piece) => {
      const times = 20_000;
      expect(join(piece.repeat(times)).match(/a/g)).toHaveLength(times);
    },
  );

  it.each([">", "- ", "1. ", "> - "])("may begin with %j again and again", (piece) => {
    expect(join(`${piece.repeat(10_000)}the end`)).toContain("the end");
  });

  // Each took the conversion of version 0.1 minutes, or made it throw.
  it.each([
    ["lists within lists", nestedLists(1_000_000)],
    ["a table of short rows", `${"|a".repeat(2_000)}\n${"|-".repeat(2_000)}|\n${"|end\n".repeat(5_000)}`],
    ["a table of many cells", `|a|b|\n|-|-|\n${"|end|end|\n".repeat(5_000)}`],
    ["formulas that do not end", `${"\\(a ".repeat(25_000)}end`],
    ["a log without empty lines", "1 2 3 4\n".repeat(20_000).concat("end")],
    ["a line without end", "some words ".repeat(30_000).concat("end")],
    ["one word without end", `${"abcdefgh".repeat(25_000)} end`],
    ["underlined headings", "end\n=\n".repeat(20_000)],
    ["brackets", `${"]".repeat(100_000)}${"[".repeat(100_000)}end`],
    ["tags that are not closed", `${"<b>".repeat(20_000)}end`],
    ["comments between spaces", `${"<!-- --> ".repeat(20_000)}end`],
  ])("are read when they are %s", (_, markdown) => {
    expect(join(markdown)).toContain("end");
  });

  it("are not made longer without end by the columns of a table", () => {
    const markdown = `|${"a".repeat(4_000)}|b|\n|-|-|\n${"|c|d|\n".repeat(1_000)}`;
    expect(join(markdown).length).toBeLessThan(4 * markdown.length);
  });

  it("are not those of many bold words, in a list or a table, nor code full of marks", () => {
    const list = Array.from({ length: 900 }, (_, index) => `- **word${index}** and more`).join("\n");
    expect(join(list).match(/\*word\d+\*/g)).toHaveLength(900);
    const code = `\`\`\`\n${"some_name = other_name\n".repeat(5_000)}\`\`\`\n\n`;
    expect(join(`${code}**bold**`)).toContain("*bold*");
  });
});

function nestedLists(units: number): string {
  const list = Array.from({ length: 700 }, (_, depth) => `${"  ".repeat(depth)}- end`).join("\n");
  return `${list}\n\n`.repeat(Math.ceil(units / list.length));
}

describe("the known differences", () => {
  it("are few, and each says why it stays", () => {
    expect(KNOWN.length).toBeLessThanOrEqual(1);
    for (const { reason } of KNOWN) expect(reason).toMatch(/, so /);
  });
});

describe("docs/FORMATTING.md", () => {
  it("is what the cases say; the failing comparison shows what to write", () => {
    const page = readFileSync(new URL("../../docs/FORMATTING.md", import.meta.url), "utf8");
    expect(page).toBe(writeFormattingPage(page));
  });
});
