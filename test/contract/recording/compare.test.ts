import { describe, expect, test } from "vitest";
import { compareRecordings } from "./compare.ts";
import type { Json, JsonObject } from "./json.ts";
import { type FrameStep, loadRecordings, type Recording, type RestStep, type Step } from "./recording.ts";

const HEADERS = {
  "content-type": "application/json",
  "x-ratelimit-limit": "10",
  "x-ratelimit-remaining": "9",
};

function recording(steps: Step[], timed = false): Recording {
  return {
    scenario: "sample",
    about: "",
    version: "",
    timed,
    steps: [{ kind: "phase", name: "one" }, ...steps],
  };
}

function rest(
  body: Json,
  more: { status?: number; headers?: JsonObject; path?: string; loose?: boolean } = {},
): RestStep {
  const { status = 200, headers = HEADERS, path = "/api/v1/chat.postMessage", loose } = more;
  const answer = { status, headers, body };
  return {
    kind: "rest",
    actor: "alice",
    method: "POST",
    path,
    headersSent: {},
    answer,
    ...(loose && { loose }),
  };
}

function incoming(frame: Json, ms = 0): FrameStep {
  return { kind: "frame", actor: "alice", socket: "alice#1", dir: "in", frame, ms };
}

function message(fields: JsonObject, roomName = "rec-a"): FrameStep {
  const args = [{ _id: "<id:1>", ts: { $date: "<date:1>" }, ...fields }, { roomName }];
  const event = { eventName: "__my_messages__", args };
  return incoming({ msg: "changed", collection: "stream-room-messages", id: "id", fields: event });
}

function closed(code: number, by = "server"): Step {
  return { kind: "socket", actor: "alice", socket: "alice#1", event: "close", code, reason: "", by, ms: 0 };
}

function differences(real: Step[], played: Step[], timed = false): string[] {
  return compareRecordings(recording(real, timed), recording(played, timed)).differences;
}

describe("what the comparison reports", () => {
  const cases: [what: string, real: Step[], played: Step[], line: RegExp][] = [
    ["a missing key", [rest({ a: 1, b: 2 })], [rest({ a: 1 })], /body\.b: 2 -> absent/],
    ["an extra key", [rest({ a: 1 })], [rest({ a: 1, b: 2 })], /body\.b: absent -> 2/],
    [
      "a key missing deep inside",
      [rest({ a: { b: { c: 1 } } })],
      [rest({ a: { b: {} } })],
      /body\.a\.b\.c: 1 -> absent/,
    ],
    ["another type", [rest({ a: "1" })], [rest({ a: 1 })], /body\.a: string 1 -> number 1/],
    ["null for an object", [rest({ a: {} })], [rest({ a: null })], /body\.a: object \{\} -> null null/],
    ["a boolean turned", [rest({ a: true })], [rest({ a: false })], /body\.a: true -> false/],
    ["a counter", [rest({ tcount: 1 })], [rest({ tcount: 2 })], /body\.tcount: 1 -> 2/],
    ["a longer list", [rest({ l: [1] })], [rest({ l: [1, 1] })], /body\.l\.length: 1 -> 2/],
    ["another status", [rest({}, { status: 400 })], [rest({})], /status: 400 -> 200/],
    [
      "another error text",
      [rest({ success: false, error: "no" }, { status: 400 })],
      [rest({ success: false, error: "never" }, { status: 400 })],
      /body\.error: no -> never/,
    ],
    ["an enumeration", [message({ t: "au" })], [message({ t: "ul" })], /only in the recording/],
    [
      "another content type",
      [rest({})],
      [rest({}, { headers: { ...HEADERS, "content-type": "text/html" } })],
      /content-type: application\/json -> text\/html/,
    ],
    [
      "missing headers",
      [rest({})],
      [rest({}, { headers: { "content-type": "application/json" } })],
      /headers: x-rate/,
    ],
    [
      "another limit",
      [rest({})],
      [rest({}, { headers: { ...HEADERS, "x-ratelimit-limit": "5" } })],
      /limit: 10 -> 5/,
    ],
    [
      "a missing frame",
      [message({}), message({ tmid: "<id:2>" })],
      [message({})],
      /reply \| only in the recording/,
    ],
    ["a frame too many", [message({})], [message({}), message({})], /only in the run/],
    [
      "two frames in the wrong order",
      [message({ tcount: 1 }), message({ tmid: "<id:2>" })],
      [message({ tmid: "<id:2>" }), message({ tcount: 1 })],
      /out of order/,
    ],
    ["another close code", [closed(1000)], [closed(1006)], /code: 1000 -> 1006/],
    ["a close by the other side", [closed(1000)], [closed(1000, "client")], /by: server -> client/],
    [
      "an id used again",
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:2>" })],
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:1>" })],
      /body\._id \(identity\)/,
    ],
    [
      "a new id where the same is due",
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:1>" })],
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:2>" })],
      /body\._id \(identity\)/,
    ],
    ["no id where one is due", [rest({ x: "<id:1>" })], [rest({ x: "word" })], /body\.x \(id\)/],
  ];

  test.each(cases)("%s", (_, real, played, line) => {
    expect(differences(real, played).join("\n")).toMatch(line);
  });
});

describe("what the comparison lets pass", () => {
  const cases: [what: string, real: Step[], played: Step[]][] = [
    ["other dates and texts", [rest({ ts: "<date:1>", name: "a" })], [rest({ ts: "<date:9>", name: "b" })]],
    ["ids numbered otherwise", [rest({ _id: "<id:1>" })], [rest({ _id: "<id:7>" })]],
    [
      "numbers inside an error text",
      [rest({ success: false, error: "wait 5 s" })],
      [rest({ success: false, error: "wait 60 s" })],
    ],
    [
      "messages of two rooms in either order",
      [message({}, "a"), message({ t: "au" }, "b")],
      [message({ t: "au" }, "b"), message({}, "a")],
    ],
    ["a REST answer before or after the frame it sets off", [rest({}), message({})], [message({}), rest({})]],
    [
      "ids of a list in another order",
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:2>" }), rest({ uids: ["<id:1>", "<id:2>"] })],
      [rest({ _id: "<id:1>" }), rest({ _id: "<id:2>" }), rest({ uids: ["<id:2>", "<id:1>"] })],
    ],
    ["a ping in a scenario without times", [message({})], [message({}), incoming({ msg: "ping" })]],
    [
      "longer lists of a loose step",
      [rest({ l: [1] }, { loose: true })],
      [rest({ l: [1, 2] }, { loose: true })],
    ],
  ];

  test.each(cases)("%s", (_, real, played) => {
    expect(differences(real, played)).toEqual([]);
  });
});

test("frames of a timed scenario may come two seconds apart and no more", () => {
  const ping = (ms: number) => [incoming({ msg: "ping" }, ms)];
  expect(differences(ping(15_000), ping(16_900), true)).toEqual([]);
  expect(differences(ping(15_000), ping(17_100), true).join()).toMatch(/ms: 15000 -> 17100/);
});

test("a pong that answers no ping counts, one that does not", () => {
  const pong: Step = { kind: "frame", actor: "alice", socket: "alice#1", dir: "out", frame: { msg: "pong" } };
  expect(differences([message({}), pong], [message({})]).join()).toMatch(/> pong \| only in the recording/);
  expect(differences([message({})], [message({}), incoming({ msg: "ping" }), pong])).toEqual([]);
});

describe("ignore rules", () => {
  const real = recording([rest({ a: 1 }), rest({ b: true })]);
  const played = recording([rest({}), rest({ b: false })]);
  const rule = { scenario: "sample", match: "body\\.a: 1 -> absent", reason: "known" };

  test("a step whose differences are all accepted agrees, and the rule tells what it accepted", () => {
    const verdict = compareRecordings(real, played, [rule]);
    expect(verdict).toMatchObject({ agree: 1, total: 2, differences: [expect.stringMatching(/body\.b/)] });
    expect(verdict.ignored.get(rule)).toHaveLength(1);
  });

  test("a rule of another scenario accepts nothing", () => {
    const verdict = compareRecordings(real, played, [{ ...rule, scenario: "other" }]);
    expect(verdict).toMatchObject({ agree: 0, total: 2 });
  });
});

describe("the recordings of the real servers", () => {
  const [newer, older] = [loadRecordings("8.3"), loadRecordings("6.5")];

  test.each([
    ["8.3", newer],
    ["6.5", older],
  ])("%s agrees with itself in every step", (_, recordings) => {
    for (const one of recordings.values()) {
      const verdict = compareRecordings(one, one);
      expect(verdict.differences).toEqual([]);
      expect(verdict.total).toBeGreaterThan(0);
      expect(verdict.agree).toBe(verdict.total);
    }
  });

  test("the two versions differ in what is known to differ", () => {
    const compare = (name: string) => {
      const [a, b] = [newer.get(name), older.get(name)];
      return a && b ? compareRecordings(a, b).differences.join("\n") : "";
    };
    expect(compare("login-resume")).toMatch(/error\.error: 401 -> 403/);
    expect(compare("thread")).toMatch(/out of order/);
    expect(compare("rest-errors")).toMatch(/no\.such\.endpoint \| status: 404 -> 200/);
    expect(compare("upload-image")).toMatch(/failure: absent -> timeout/);
  });
});
