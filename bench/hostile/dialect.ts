// Owns measuring what writing an answer in Rocket.Chat's dialect costs beyond parsing it as Markdown.

import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { cjkFriendlyExtension } from "micromark-extension-cjk-friendly";
import { gfm } from "micromark-extension-gfm";
import { DEFAULT_KATEX } from "../../src/outbound/dialect/math.ts";
import { type FormatOptions, formatMarkdown } from "../../src/outbound/markdown.ts";
import type { Bench } from "../figures.ts";
import { leastCosts } from "./cost.ts";

/** UTF-16 units of the answer. */
const UNITS = 4_000;
/** Cold code is slow, whatever it reads. */
const WARM_UP_ROUNDS = 40;
const ROUNDS = { few: 40, many: 200 };
const MAX_RATIO = 1.5;

const OPTIONS: FormatOptions = {
  tables: "code",
  modern: false,
  katex: DEFAULT_KATEX,
  limit: UNITS,
  mode: "length",
};

const SECTION = `## What was found

The import of **orders** stopped at _row 312_: its \`price\` is empty. The [log](https://example.org/log) says so.

1. Fill in the price, or leave the row out.
2. Run \`import --from 312\` again.
   - It skips what is there already.

\`\`\`ts
const rows = await read(file);
for (const row of rows) if (row.price === "") throw new Error("no price");
\`\`\`

| row | price |
|-----|-------|
| 311 | 4.20  |
| 312 |       |

`;

const WHY =
  "The parse of GitHub's forms and of CJK, which the dialect needs, takes as much by itself: the row below.";

/** By turns in one run, so that a machine that is busy is so for all. What reads tables and links is a part of it. */
export const benchDialect: Bench = async () => {
  const answer = SECTION.repeat(Math.ceil(UNITS / SECTION.length)).slice(0, UNITS);
  const format = (): unknown => formatMarkdown(answer, OPTIONS);
  const parse = (): unknown => fromMarkdown(answer);
  const extensions = [gfm({ singleTilde: false }), cjkFriendlyExtension()];
  const parseAll = (): unknown => fromMarkdown(answer, { extensions, mdastExtensions: [gfmFromMarkdown()] });
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) [format(), parse(), parseAll()];
  const isGood = ([formatting = 0, parsing = 0]: readonly number[]): boolean =>
    formatting <= MAX_RATIO * parsing;
  const [value = 0, floor = 0, extended = 0] = leastCosts(
    [format, parse, parseAll].map((run) => ({ run, times: 1 })),
    isGood,
    ROUNDS,
  );
  return [
    {
      name: `formatting an answer of ${UNITS} characters, against the parse alone`,
      value,
      floor,
      unit: "ms",
      target: { ratio: MAX_RATIO },
      why: WHY,
    },
    { name: "its parse with GitHub's forms and those of CJK", value: extended, floor, unit: "ms" },
  ];
};
