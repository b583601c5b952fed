import { describe, expect, it } from "vitest";
import { mentionsUser, stripMention } from "./mention.ts";
import type { MessageFacts } from "./message.ts";

const message: MessageFacts = {
  id: "m",
  roomId: "r",
  text: "",
  sentAt: 0,
  updatedAt: 0,
  sender: { id: "alice", username: undefined, name: undefined },
  systemType: undefined,
  threadId: undefined,
  mentions: [
    { id: "all", kind: "everyone" },
    { id: "bot", kind: "user" },
    { id: "team", kind: "team" },
  ],
};

describe("mentionsUser", () => {
  it("goes by the user id that the server listed", () => {
    expect(mentionsUser(message, "bot")).toBe(true);
    expect(mentionsUser(message, "carol")).toBe(false);
  });

  it("takes neither @all nor a team for a user of that id", () => {
    expect(mentionsUser(message, "all")).toBe(false);
    expect(mentionsUser(message, "team")).toBe(false);
  });
});

describe("stripMention", () => {
  it.each([
    ["@bot status?", "status?"],
    ["@bot, status?", "status?"],
    ["please @Bot: look", "please  look"],
    ["mail me@bot.example", "mail me@bot.example"],
    ["@bottle is another", "@bottle is another"],
    ["@bot-two is another", "@bot-two is another"],
    ["(@bot) hi", "() hi"],
    ["@bot", ""],
  ])("turns %j into %j", (text, stripped) => {
    expect(stripMention(text, "bot")).toBe(stripped);
  });

  it("takes a username literally", () => {
    expect(stripMention("@a.b hi, @axb too", "a.b")).toBe("hi, @axb too");
  });

  it("leaves the text alone without a username", () => {
    expect(stripMention(" @ hi ", "")).toBe("@ hi");
  });
});
