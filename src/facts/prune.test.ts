import { describe, expect, it } from "vitest";
import { decodeRevision, type Revision } from "./change.ts";
import { decodePrune, isInThread, isPruned } from "./prune.ts";

const rule = (more: object = {}): object => ({
  rid: "r1",
  excludePinned: false,
  ignoreDiscussion: true,
  ts: { $gte: { $date: 100 }, $lte: { $date: 200 } },
  users: [],
  ...more,
});

function message(more: object = {}): Revision {
  const document = {
    _id: "m1",
    rid: "r1",
    ts: { $date: 150 },
    u: { _id: "alice-id", username: "alice" },
    ...more,
  };
  const revision = decodeRevision(document);
  if (revision === undefined) throw new Error("the document of the test is none");
  return revision;
}

function takes(raw: object, document: object = {}): boolean {
  const prune = decodePrune(raw);
  if (prune === undefined) throw new Error("the rule of the test is none");
  return isPruned(prune, message(document));
}

describe("a prune", () => {
  it.each<[string, boolean, object, object]>([
    ["what was sent in its span", true, rule(), {}],
    ["its ends", true, rule(), { ts: { $date: 200 } }],
    ["no later message", false, rule(), { ts: { $date: 201 } }],
    [
      "no open end",
      false,
      rule({ ts: { $gt: { $date: 100 }, $lt: { $date: 200 } } }),
      { ts: { $date: 200 } },
    ],
    ["what is inside open ends", true, rule({ ts: { $gt: { $date: 149 }, $lt: { $date: 151 } } }), {}],
    ["nothing of another room", false, rule({ rid: "r2" }), {}],
    ["the named messages alone", false, rule({ ids: ["m2"] }), {}],
    ["named messages whenever they were sent", true, rule({ ids: ["m1"], ts: { $gt: { $date: 900 } } }), {}],
    ["pinned ones", true, rule(), { pinned: true }],
    ["no pinned ones if it says so", false, rule({ excludePinned: true }), { pinned: true }],
    ["no discussions if it says so", false, rule(), { drid: "d1" }],
    ["discussions", true, rule({ ignoreDiscussion: false }), { drid: "d1" }],
    ["no others' than of its people", false, rule({ users: ["bob"] }), {}],
    ["its people's", true, rule({ users: ["bob", "alice"] }), {}],
  ])("takes %s", (_, expected, raw, document) => {
    expect(takes(raw, document)).toBe(expected);
  });

  it.each([
    ["takes files alone", rule({ filesOnly: true })],
    ["names no room", rule({ rid: undefined })],
    ["names neither messages nor times", rule({ ts: undefined })],
    ["is no object", "r1"],
  ])("that %s is none", (_, raw) => {
    expect(decodePrune(raw)).toBeUndefined();
  });
});

describe("a thread's message", () => {
  it.each([
    ["a reply", { tmid: "m0" }, true],
    ["a root", { tcount: 1 }, true],
    ["a discussion's message with its counters", { drid: "d1", dcount: 3 }, false],
    ["a lone message", {}, false],
  ])("is %s", (_, document, expected) => {
    expect(isInThread(message(document))).toBe(expected);
  });
});
