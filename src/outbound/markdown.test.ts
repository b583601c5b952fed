import { describe, expect, it } from "vitest";
import { CASES } from "../../test/dialect/cases.ts";
import { readCommonMark } from "../../test/dialect/commonmark.ts";
import { compareMeaning } from "../../test/dialect/meaning.ts";
import { PARSERS, readRocketChat } from "../../test/dialect/rocketchat.ts";
import { type FormatOptions, formatMarkdown } from "./markdown.ts";

const OPTIONS: FormatOptions = { tables: "code", modern: false, limit: 5000, mode: "length" };

describe("the dialect", () => {
  describe.each(PARSERS)("read by message-parser $version", ({ parse }) => {
    it.each(CASES)("shows what $markdown means", ({ markdown }) => {
      const shown = formatMarkdown(markdown, OPTIONS).flatMap((part) => readRocketChat(parse(part)));
      expect(compareMeaning(readCommonMark(markdown), shown)).toBeUndefined();
    });
  });

  it.each(CASES)("writes $markdown", ({ markdown, posted }) => {
    expect(formatMarkdown(markdown, OPTIONS)).toEqual([posted]);
  });
});
