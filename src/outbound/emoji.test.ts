import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findEmoji, nearNames } from "./emoji.ts";

interface Entry {
  shortname: string;
  shortname_alternates: string[];
}
const toolkit: Record<string, Entry> = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve("emoji-toolkit/emoji.json")), "utf8"),
);
const known = new Set(
  Object.values(toolkit).flatMap(({ shortname, shortname_alternates }) => [
    shortname,
    ...shortname_alternates,
  ]),
);

describe("findEmoji", () => {
  it.each([
    ["eyes", "eyes"],
    [":eyes:", "eyes"],
    [" :Eyes: ", "eyes"],
    ["👀", "eyes"],
    ["+1", "thumbsup"],
    [":thumbs_up:", "thumbsup"],
    ["👍", "thumbsup"],
    ["👍🏽", "thumbsup_tone3"],
    [":+1_tone3:", "thumbsup_tone3"],
    [":thumbsup::skin-tone-4:", "thumbsup_tone3"],
    [":thumbsup_medium_skin_tone:", "thumbsup_tone3"],
    [":handshake_tone1_tone2:", "handshake_tone1_tone2"],
    [":Handshake_light_skin_tone_medium_light_skin_tone:", "handshake_tone1_tone2"],
    ["🫱🏻‍🫲🏼", "handshake_tone1_tone2"],
    ["✅", "white_check_mark"],
    ["❤️", "heart"],
    ["❤", "heart"],
    ["⏳", "hourglass_flowing_sand"],
    ["1️⃣", "one"],
    ["🇨🇭", "flag_ch"],
    ["👨‍👩‍👧", "family_mwg"],
  ])("reads %j as %s", (text, name) => {
    expect(findEmoji(text)).toBe(name);
  });

  it.each(["", ":", "not_an_emoji_x", "party-parrot", "👍👍", "eyes eyes"])("does not know %j", (text) => {
    expect(findEmoji(text)).toBeUndefined();
  });

  it("answers with names that the server knows, for every name and character there is", () => {
    const strangers: string[] = [];
    for (const [codePoints, { shortname, shortname_alternates }] of Object.entries(toolkit)) {
      const character = String.fromCodePoint(...codePoints.split("-").map((hex) => Number.parseInt(hex, 16)));
      for (const text of [character, shortname, ...shortname_alternates]) {
        const name = findEmoji(text);
        if (name !== undefined && !known.has(`:${name}:`)) strangers.push(`${text} as ${name}`);
      }
    }
    expect(strangers).toEqual([]);
  });

  it("finds every emoji, by its names with tones in words, too", () => {
    const missed = Object.values(toolkit).flatMap(({ shortname, shortname_alternates }) => {
      const worded = shortname_alternates.filter((name) => name.includes("_skin_tone"));
      return [shortname, ...worded].filter((name) => `:${findEmoji(name)}:` !== shortname);
    });
    expect(missed).toEqual([]);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void findEmoji(text)));
  });
});

describe("nearNames", () => {
  it.each([
    ["eye", "eyes"],
    ["thumsup", "thumbsup"],
    ["checkmark", "heavy_check_mark"],
    ["hartbeat", "heartbeat"],
  ])("offers for %j among others %s", (text, name) => {
    expect(nearNames(text)).toContain(name);
  });

  it("offers custom emoji", () => {
    expect(nearNames("party-parot", ["party-parrot", "shipit"])).toEqual(["party-parrot"]);
  });

  it("offers a handful at most, and nothing for nonsense", () => {
    expect(nearNames("face").length).toBeLessThanOrEqual(6);
    expect(nearNames("qqqqqqqqqqqq")).toEqual([]);
  });
});
