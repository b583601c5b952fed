// What counts as a mention, by each version's rule.
import { describe, expect, it } from "vitest";
import { parseMarkdown, referencesInMarkdown, referencesInText } from "./mentions.ts";

const PATTERN = "[0-9a-zA-Z-_.]+";
const parsed = (text: string) => referencesInMarkdown(parseMarkdown(text));
const scanned = (text: string) => referencesInText(text, PATTERN);

describe("mentions", () => {
  it.each([
    ["@bot", ["bot"], ["bot"]],
    ["@bot, hello", ["bot"], ["bot"]],
    ["@bot: hello", ["bot"], ["bot"]],
    ["@bot's", ["bot"], ["bot"]],
    ["> @bot", ["bot"], ["bot"]],
    ["\n@bot", ["bot"], ["bot"]],
    ["@bot @bot @alice", ["bot", "alice"], ["bot", "alice"]],
    ["@bot.", ["bot."], ["bot."]],
    ["(@bot)", ["bot"], []],
    ["**@bot**", ["bot"], []],
    ["\\@bot", ["bot"], []],
    ["```\n@bot\n```", [], ["bot"]],
    ["x\u00a0@bot", [], ["bot"]],
    ["`@bot`", [], []],
    ['"@bot"', [], []],
    ["mail@bot", [], []],
    ["@@bot", [], []],
  ])("finds in %j %j by the parser and %j by the expression", (text, byParser, byExpression) => {
    expect(parsed(text).users).toEqual(byParser);
    expect(scanned(text).users).toEqual(byExpression);
  });
});

describe("addresses", () => {
  it("go by the parser's idea of a host from 8.3 on and by their scheme before", () => {
    expect(parsed("see https://example.test/a").urls).toEqual([]);
    expect(parsed("[a](https://example.test/a)").urls).toEqual(["https://example.test/a"]);
    expect(scanned("see https://example.test/a and <https://example.test/b>").urls).toEqual([
      "https://example.test/a",
      "https://example.test/b",
    ]);
    expect(scanned("`https://example.test/code`").urls).toEqual([]);
  });
});

it("finds channels", () => {
  expect(parsed("in #lobby").channels).toEqual(["lobby"]);
  expect(scanned("in #lobby").channels).toEqual(["lobby"]);
});
