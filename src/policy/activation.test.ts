import { describe, expect, it } from "vitest";
import { knowing } from "../../test/support/knowledge.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import type { AccountSettings } from "../settings.ts";
import { type Knowledge, readActivation, refuseInRoom } from "./activation.ts";

function message(changes: object = {}): MessageFacts {
  const raw = { _id: "m1", rid: "r1", msg: "hi", ts: { $date: 1 }, u: { _id: "alice" }, ...changes };
  const decoded = decodeMessage(raw);
  if (decoded === undefined) throw new Error("not a message");
  return decoded;
}

const team = { mentions: [{ _id: "team1", name: "ops", type: "team" }] };
const person = { mentions: [{ _id: "bob", username: "bob", type: "user" }] };
const quote = (author: object) => ({ attachments: [{ message_link: "https://x/?msg=1", ...author }] });
const off = (key: keyof AccountSettings["implicitMentions"]): Partial<AccountSettings> => ({
  implicitMentions: { ...accountSettings().implicitMentions, [key]: false },
});

const read = (changes: object, known: Partial<Knowledge> = {}, settings: Partial<AccountSettings> = {}) =>
  readActivation(message(changes), accountSettings(settings), knowing(known));

describe("readActivation", () => {
  it.each<[string, object, Partial<Knowledge>, boolean | undefined]>([
    ["nothing", {}, {}, false],
    ["the bot's name", { msg: "hi @labbot" }, {}, true],
    ["a pattern", {}, { matchesPattern: () => true }, true],
    ["@all and @here", { mentions: [{ _id: "all" }, { _id: "here" }] }, { isOwnTeam: () => true }, false],
    ["a person", person, { isOwnTeam: () => true }, false],
    ["the bot's team", team, { isOwnTeam: (id) => id === "team1" }, true],
    ["another team", team, { isOwnTeam: () => false }, false],
    ["a team of which nothing is known", team, { isOwnTeam: () => undefined }, undefined],
    ["such a team beside the bot's name", { ...team, msg: "@labbot" }, { isOwnTeam: () => undefined }, true],
  ])("takes %s for a mention: %#", (_, changes, known, expected) => {
    expect(read(changes, known).wasMentioned).toBe(expected);
  });

  it.each<[string, object, Partial<Knowledge>, Partial<AccountSettings>, string[]]>([
    ["a thread of the bot's", { tmid: "t1" }, { threadRole: () => "author" }, {}, ["reply_to_bot"]],
    ["the same, switched off", { tmid: "t1" }, { threadRole: () => "author" }, off("replyToBot"), []],
    [
      "a thread with a reply of the bot's",
      { tmid: "t1" },
      { threadRole: () => "participant" },
      {},
      ["bot_thread_participant"],
    ],
    [
      "the same, switched off",
      { tmid: "t1" },
      { threadRole: () => "participant" },
      off("threadParticipation"),
      [],
    ],
    ["somebody's thread", { tmid: "t1" }, {}, {}, []],
    ["no thread", {}, { threadRole: () => "author" }, {}, []],
    [
      "a quote of the bot",
      quote({ author_icon: "/avatar/labbot", author_name: "Lab" }),
      {},
      {},
      ["quoted_bot"],
    ],
    ["a quote of the bot without picture", quote({ author_name: "labbot" }), {}, {}, ["quoted_bot"]],
    ["the same, switched off", quote({ author_name: "labbot" }), {}, off("quotedBot"), []],
    [
      "a quote of somebody",
      quote({ author_icon: "/avatar/bob?format=svg", author_name: "labbot" }),
      {},
      {},
      [],
    ],
    ["an attachment that is no quote", { attachments: [{ author_name: "labbot" }] }, {}, {}, []],
  ])("reads the implicit mentions in %s", (_, changes, known, settings, expected) => {
    expect(read(changes, known, settings).implicit).toEqual(expected);
  });
});

describe("refuseInRoom", () => {
  const rooms = (entry: object) => ({ rooms: new Map([["r1", entry]]) });
  const refuse = (changes: object, settings: Partial<AccountSettings>, known: Partial<Knowledge> = {}) =>
    refuseInRoom(
      message(changes),
      { id: "r1" },
      { settings: accountSettings(settings), known: knowing(known) },
    );

  it.each<[string, object, Partial<AccountSettings>, Partial<Knowledge>, string | undefined]>([
    ["a mention of somebody else", person, {}, {}, "others-mentioned"],
    ["a mention of a foreign team", team, {}, {}, "others-mentioned"],
    ["a mention of the bot's team", team, {}, { isOwnTeam: () => true }, undefined],
    ["a mention of both", { ...person, msg: "@labbot and @bob" }, {}, {}, undefined],
    ["@all", { mentions: [{ _id: "all" }] }, {}, {}, undefined],
    ["nobody's mention", {}, {}, {}, undefined],
    [
      "a mention of somebody else in the bot's thread",
      { ...person, tmid: "t1" },
      {},
      { threadRole: () => "author" },
      "others-mentioned",
    ],
  ])("judges %s where other mentions are ignored", (_, changes, settings, known, expected) => {
    expect(
      refuse(changes, { ...rooms({ requireMention: false, ignoreOtherMentions: true }), ...settings }, known),
    ).toBe(expected);
  });

  it("lets go on what a team may decide about which nothing is known yet", () => {
    expect(refuse(team, rooms({}), { isOwnTeam: () => undefined })).toBeUndefined();
    expect(refuse(team, rooms({}), { isOwnTeam: () => false })).toBe("not-mentioned");
  });
});

describe("a discussion", () => {
  const judge = (entries: Record<string, object>, settings: Partial<AccountSettings> = {}) =>
    refuseInRoom(
      message({ rid: "d1" }),
      { id: "d1", parentId: "r1" },
      {
        settings: accountSettings({ rooms: new Map(Object.entries(entries)), ...settings }),
        known: knowing(),
      },
    );

  it.each<[string, Record<string, object>, string | undefined]>([
    ["is served when its parent is", { r1: { requireMention: false } }, undefined],
    [
      "is not served when its parent is switched off",
      { r1: { enabled: false }, "*": {} },
      "room-not-allowed",
    ],
    [
      "is served by its own entry when its parent is switched off",
      { d1: { requireMention: false }, r1: { enabled: false } },
      undefined,
    ],
    ["is not served when its own entry says so", { d1: { enabled: false }, r1: {} }, "room-not-allowed"],
    [
      "takes nothing from its parent when it has an entry of its own",
      { d1: {}, r1: { requireMention: false } },
      "not-mentioned",
    ],
    [
      "goes by its parent before the default entry",
      { r1: {}, "*": { requireMention: false } },
      "not-mentioned",
    ],
    ["is not served when neither is listed", {}, "room-not-allowed"],
  ])("%s", (_, entries, expected) => {
    expect(judge(entries)).toBe(expected);
  });
});
