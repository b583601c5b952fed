import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mentionsBot, stripMention } from "./mention.ts";
import type { MentionFacts, MessageFacts } from "./message.ts";

const bot = { userId: "bot-id", username: "labbot" };

const message = (text: string, mentions: readonly MentionFacts[] = []): MessageFacts => ({
  id: "m",
  roomId: "r",
  text,
  sentAt: 0,
  updatedAt: 0,
  sender: { id: "alice", username: undefined, name: undefined },
  fromIntegration: false,
  quotedUsernames: [],
  edited: undefined,
  files: [],
  systemType: undefined,
  threadId: undefined,
  mentions,
});

describe("mentionsBot", () => {
  it("believes the id that the server listed, whatever the text says", () => {
    expect(mentionsBot(message("hello", [{ id: "bot-id", kind: "user" }]), bot)).toBe(true);
  });

  it.each([
    { id: "all", kind: "everyone" },
    { id: "here", kind: "everyone" },
    { id: "bot-id", kind: "team" },
    { id: "carol", kind: "user" },
  ] as const)("does not count %j", (mention) => {
    expect(mentionsBot(message("hello", [mention]), bot)).toBe(false);
  });

  // The texts of the recording `mention-forms`; what the server itself lists is beside the point here.
  it.each([
    ["@labbot", true],
    ["hello @labbot", true],
    ["(@labbot)", true],
    ["@labbot.", true],
    ["@labbot, hello", true],
    ["@labbot: hello", true],
    ["@labbot!", true],
    ["@labbot?", true],
    ["@labbot's", true],
    ["@LABBOT", true],
    ["@Labbot hi", true],
    ["> @labbot", true],
    ["**@labbot**", true],
    ["_@labbot_", true],
    ["\n@labbot", true],
    ['"@labbot"', true],
    ["x\u00a0@labbot", true],
    ["\uff0c@labbot", true],
    ["\\@labbot", true],
    ["`code` @labbot", true],
    ["ask @labbot. Now", true],
    ["ask @labbot...", true],
    ["_@labbot_.", true],
    ["__@labbot.__", true],
    ["@labbot-", false],
    ["@labbot_", false],
    ["@labbot--x", false],
    ["@labbot..x", false],
    ["@labbot-. Now", false],
    ["_@labbot__", false],
    ["mail_@labbot", false],
    ["@labbot:-x", false],
    ["@labbot@other", false],
    ["@labbot-x", false],
    ["@labbot_x", false],
    ["@labbotx", false],
    ["@labbot.two", false],
    ["@labbot:chat.example", false],
    ["labbot hi", false],
    ["mail@labbot", false],
    ["a@labbot.example", false],
    ["`@labbot`", false],
    ["```\n@labbot\n```", false],
    ["```\n@labbot without an end", false],
    ["[@labbot](https://example.test)", false],
    ["@alice", false],
    ["@all", false],
    ["/@labbot", false],
    ["@@labbot", false],
    ["no mention yet", false],
  ])("reads %j as %s", (text, named) => {
    expect(mentionsBot(message(text), bot)).toBe(named);
  });

  it("takes a username literally", () => {
    expect(mentionsBot(message("@axb"), { ...bot, username: "a.b" })).toBe(false);
    expect(mentionsBot(message("@a.b hi"), { ...bot, username: "a.b" })).toBe(true);
  });

  it("finds nothing for a bot without a username", () => {
    expect(mentionsBot(message("@ hi"), { ...bot, username: "" })).toBe(false);
  });

  it("never throws and is quick on any text", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        (text, username) => void mentionsBot(message(text), { ...bot, username }),
      ),
    );
    expect(mentionsBot(message(`${"_".repeat(20_000)}@labbot${"_".repeat(20_000)}`), bot)).toBe(true);
    expect(mentionsBot(message("@labbot-".repeat(5_000)), bot)).toBe(false);
    expect(mentionsBot(message("`".repeat(20_000) + "@labbo".repeat(5_000)), bot)).toBe(false);
  });
});

describe("stripMention", () => {
  it.each([
    ["@labbot status?", "status?"],
    ["@labbot, status?", "status?"],
    ["please @Labbot: look", "please  look"],
    ["mail me@labbot.example", "mail me@labbot.example"],
    ["@labbottle is another", "@labbottle is another"],
    ["(@labbot) hi", "() hi"],
    ["@labbot run `@labbot`", "run `@labbot`"],
    ["@labbot", ""],
    ["@labbot- !stop", "@labbot- !stop"],
    ["@labbot_, @labbot: hi", "@labbot_,  hi"],
  ])("turns %j into %j", (text, stripped) => {
    expect(stripMention(text, "labbot")).toBe(stripped);
  });

  it("leaves the text alone without a username", () => {
    expect(stripMention(" @ hi ", "")).toBe("@ hi");
  });
});
