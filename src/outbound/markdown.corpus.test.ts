import { describe, expect, it } from "vitest";
import { readCommonMark } from "../../test/dialect/commonmark.ts";
import { CORPUS, compareSeen, withoutFormulas } from "../../test/dialect/corpus.ts";
import { withoutKnown } from "../../test/dialect/known.ts";
import { compareMeaning, type Run } from "../../test/dialect/meaning.ts";
import { readParts } from "../../test/dialect/rocketchat.ts";
import { READINGS } from "../../test/dialect/servers.ts";
import { formatMarkdown } from "./markdown.ts";

const SMALL_LIMIT = 300;

/** Where code is divided, the end of a line is one of a message. */
const withoutLineEnds = (runs: readonly Run[]): Run[] =>
  runs.map((run) => ({ ...run, text: run.text.replace(/\s/g, "") }));

describe("the corpus", () => {
  it("is large, and says of each text what must be seen", () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(300);
    expect(new Set(CORPUS.map(({ markdown }) => markdown)).size).toBe(CORPUS.length);
    for (const { title, seen } of CORPUS) expect([title, seen.size]).not.toEqual([title, 0]);
  });
});

describe.each(READINGS)("an answer for a server $server, read by message-parser $version", (reading) => {
  const { version, parse, options } = reading;

  it.each(CORPUS)("shows $title", (sample) => {
    const wanted = withoutFormulas(readCommonMark(sample.means, { nativeTables: options.modern }));
    const whole = formatMarkdown(sample.markdown, options);
    const shown = withoutKnown(version, readParts(whole, parse));
    expect(compareMeaning(wanted, withoutFormulas(shown))).toBeUndefined();
    expect(compareSeen(sample, shown)).toBeUndefined();
    const parts = formatMarkdown(sample.markdown, { ...options, limit: SMALL_LIMIT });
    if (parts.length === 1) return expect(parts).toEqual(whole);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(SMALL_LIMIT);
    const divided = withoutKnown(version, readParts(parts, parse));
    expect(
      compareMeaning(withoutLineEnds(wanted), withoutLineEnds(withoutFormulas(divided))),
    ).toBeUndefined();
    expect(compareSeen(sample, divided)).toBeUndefined();
  });
});
