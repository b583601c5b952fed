import { describe, expect, it } from "vitest";
import { roomFacts } from "../../test/support/room.ts";
import { accountSettings } from "../../test/support/settings.ts";
import type { Presence } from "../facts/presence.ts";
import { type Companion, Company, presenceEventsIn, presenceReach, type Reach } from "./presence.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const member = (userId: string, conversation = "here", reach: Reach = "few"): Companion => ({
  userId,
  conversation,
  reach: () => reach,
});

/** Somebody's absence, seen from minute 10 to minute `until`. */
function comesBack(company: Company<Companion>, until = 70, userId = "a") {
  company.hear({ userId, presence: "away" }, 10 * MINUTE);
  return company.hear({ userId, presence: "active" }, until * MINUTE);
}

describe("coming back", () => {
  it("is told where the person wrote last, with the times of the absence", () => {
    const company = new Company<Companion>();
    for (const place of ["here", "there", "here"]) company.note(member("a", place), 0, 0);
    expect(comesBack(company)).toMatchObject({
      member: { userId: "a", conversation: "here" },
      awayAt: 10 * MINUTE,
      backAt: 70 * MINUTE,
    });
  });

  it("counts from when somebody was first seen away, and once", () => {
    const company = new Company<Companion>();
    company.note(member("a"), 0, 0);
    company.hear({ userId: "a", presence: "away" }, 10 * MINUTE);
    company.hear({ userId: "a", presence: "away" }, 20 * MINUTE);
    expect(company.hear({ userId: "a", presence: "active" }, 30 * MINUTE)?.awayAt).toBe(10 * MINUTE);
    expect(company.hear({ userId: "a", presence: "active" }, 40 * MINUTE)).toBeUndefined();
  });

  it("is nothing of who was not seen away, was so for a moment, or wrote meanwhile", () => {
    const company = new Company<Companion>();
    company.note(member("a"), 0, 0);
    expect(company.hear({ userId: "a", presence: "active" }, 5 * MINUTE)).toBeUndefined();
    expect(comesBack(company, 10.9)).toBeUndefined();
    company.hear({ userId: "a", presence: "away" }, 20 * MINUTE);
    company.wrote("a", 25 * MINUTE);
    expect(company.hear({ userId: "a", presence: "active" }, 40 * MINUTE)).toBeUndefined();
  });

  it("is told of who wrote before going, however late that is taken up", () => {
    const company = new Company<Companion>();
    company.hear({ userId: "a", presence: "away" }, 0);
    company.note(member("a"), 0, 0);
    company.hear({ userId: "a", presence: "away" }, 10 * MINUTE);
    company.wrote("a", 9 * MINUTE);
    expect(company.hear({ userId: "a", presence: "active" }, 40 * MINUTE)?.awayAt).toBe(10 * MINUTE);
  });

  it("counts anew from who is told to be away after a time in which nothing was heard, and goes on else", () => {
    const company = new Company<Companion>();
    for (const userId of ["a", "b"]) {
      company.note(member(userId), 0, 0);
      company.hear({ userId, presence: "away" }, 10 * MINUTE);
    }
    company.lose();
    company.hear({ userId: "a", presence: "away" }, 40 * MINUTE);
    expect(company.hear({ userId: "a", presence: "active" }, 40.1 * MINUTE)).toBeUndefined();
    expect(company.hear({ userId: "b", presence: "active" }, 40.1 * MINUTE)?.awayAt).toBe(10 * MINUTE);
  });

  it("is nothing of who does not want to be spoken to, not even later", () => {
    const company = new Company<Companion>();
    company.note(member("a"), 0, 0);
    company.hear({ userId: "a", presence: "away" }, 10 * MINUTE);
    for (const presence of ["busy", "active"] satisfies Presence[])
      expect(company.hear({ userId: "a", presence }, 40 * MINUTE)).toBeUndefined();
  });

  it("is nothing of who never wrote, or not within a day", () => {
    const company = new Company<Companion>();
    company.note(member("a"), 0, 0);
    expect(comesBack(company, 70, "b")).toBeUndefined();
    expect(comesBack(company, (24 * HOUR) / MINUTE)).toBeUndefined();
    expect(company.isEmpty(24 * HOUR)).toBe(true);
  });

  it("is forgotten after a day, too, of who dated a message in time to come", () => {
    const company = new Company<Companion>();
    company.note(member("a"), 48 * HOUR, 0);
    expect(company.isEmpty(24 * HOUR)).toBe(true);
  });

  it("is told in a conversation of up to eight people, unless of all", () => {
    const people = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const told = (names: readonly string[], reach: Reach): boolean => {
      const company = new Company<Companion>();
      for (const name of names) company.note(member(name, "here", reach), 0, 0);
      return comesBack(company) !== undefined;
    };
    expect([told(people, "few"), told([...people, "i"], "few"), told([...people, "i"], "all")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(told(["a"], "none")).toBe(false);
  });

  it("is told in the latest conversation where it may be", () => {
    const company = new Company<Companion>();
    company.note(member("a", "thread"), 0, 0);
    company.note(member("a", "room", "none"), 1, 1);
    expect(comesBack(company)?.member.conversation).toBe("thread");
  });

  it("is forgotten of whoever wrote longest ago when there are too many", () => {
    const company = new Company<Companion>();
    for (let index = 0; index <= 2000; index += 1) company.note(member(`u${index}`, "here", "all"), 0, 0);
    expect([comesBack(company, 70, "u0"), comesBack(company, 70, "u1")?.member.userId]).toEqual([
      undefined,
      "u1",
    ]);
  });
});

describe("the mode in force", () => {
  const settings = accountSettings({
    presenceEvents: { mode: "auto", prompt: "Say hello." },
    rooms: new Map([
      ["on", { presenceEvents: { mode: "on" } }],
      ["off", { presenceEvents: { mode: "off", prompt: "" } }],
    ]),
  });
  const room = (id: string) => roomFacts({ id });

  it.each([
    ["leaves out a room's top level", room("r1"), undefined, "none"],
    ["takes in a thread", room("r1"), "t1", "few"],
    ["takes in a direct message", roomFacts({ type: "d", chatType: "direct" }), undefined, "few"],
    ["takes in a group DM", roomFacts({ type: "d", chatType: "group" }), undefined, "few"],
    ["is the room's own", room("on"), undefined, "all"],
    ["is off in a room of its own", room("off"), "t1", "none"],
  ])("%s", (_, place, threadId, reach) => {
    expect(presenceReach(settings, place, threadId)).toBe(reach);
  });

  it("takes what a room does not say from the account", () => {
    expect(presenceEventsIn(settings, room("on"))).toEqual({ mode: "on", prompt: "Say hello." });
    expect(presenceEventsIn(settings, room("off"))).toEqual({ mode: "off", prompt: "" });
    expect(presenceReach(accountSettings(), room("r1"), "t1")).toBe("none");
  });
});
