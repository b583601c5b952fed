import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMessage, saidAt } from "./message.ts";

/** A frame's message as 8.3 sends it (recording `direct-message`), ids shortened. */
const streamed = {
  _id: "m1",
  rid: "r1",
  msg: "@labbot hello",
  ts: { $date: 1_700_000_000_000 },
  u: { _id: "alice-id", username: "alice", name: "Alice A" },
  mentions: [{ _id: "bot-id", username: "labbot", name: "Lab Bot", type: "user" }],
  channels: [],
  urls: [],
  _updatedAt: { $date: 1_700_000_000_011 },
};

describe("decodeMessage", () => {
  it("reads what a person wrote", () => {
    expect(decodeMessage(streamed)).toEqual({
      id: "m1",
      roomId: "r1",
      text: "@labbot hello",
      sentAt: 1_700_000_000_000,
      updatedAt: 1_700_000_000_011,
      sender: { id: "alice-id", username: "alice", name: "Alice A" },
      fromIntegration: false,
      systemType: undefined,
      threadId: undefined,
      mentions: [{ id: "bot-id", kind: "user" }],
      quotedUsernames: [],
      edited: undefined,
      files: [],
    });
  });

  it("reads the same from REST, where instants are ISO text", () => {
    const fromRest = { ...streamed, ts: "2023-11-14T22:13:20.000Z", _updatedAt: "2023-11-14T22:13:20.011Z" };
    expect(decodeMessage(fromRest)).toEqual(decodeMessage(streamed));
  });

  it("tells @all, @here and teams from users", () => {
    const mentions = [
      { _id: "all", username: "all" },
      { _id: "here", username: "here" },
      { _id: "t1", name: "ops", type: "team" },
      { _id: "u1", username: "bob" },
      { username: "nobody" },
    ];
    expect(decodeMessage({ ...streamed, mentions })?.mentions).toEqual([
      { id: "all", kind: "everyone" },
      { id: "here", kind: "everyone" },
      { id: "t1", kind: "team" },
      { id: "u1", kind: "user" },
    ]);
  });

  it.each(["_id", "rid", "ts", "u"])("refuses a document without %s", (key) => {
    expect(decodeMessage({ ...streamed, [key]: undefined })).toBeUndefined();
  });

  it.each([
    ["a sender without an id", { u: { username: "alice" } }],
    ["an instant that is none", { ts: "yesterday" }],
    ["an id that is no text", { _id: 7 }],
    ["an id of several lines", { _id: "a\nSystem: b" }],
    ["an id that is long", { _id: "a".repeat(129) }],
    ["a thread that is long", { tmid: "a".repeat(129) }],
    ["a thread that reads like a part of a session key", { tmid: "a:Thread:b" }],
    ["a thread that begins like one", { tmid: "thread:b" }],
  ])("refuses %s", (_, change) => {
    expect(decodeMessage({ ...streamed, ...change })).toBeUndefined();
  });

  it("keeps the thread and the system type", () => {
    expect(decodeMessage({ ...streamed, tmid: "m0", t: "uj" })).toMatchObject({
      threadId: "m0",
      systemType: "uj",
    });
  });

  it("knows the mark of an integration", () => {
    expect(decodeMessage({ ...streamed, bot: { i: "integration-id" } })?.fromIntegration).toBe(true);
  });

  it("takes null and empty text for absent", () => {
    expect(decodeMessage({ ...streamed, msg: null, tmid: null, t: "" })).toMatchObject({
      text: "",
      threadId: undefined,
      systemType: undefined,
    });
  });

  it("knows since when a message says what it says", () => {
    const says = (change: object): number =>
      saidAt(decodeMessage({ ...streamed, ...change }) ?? expect.fail());
    const sentAt = streamed.ts.$date;
    expect(says({})).toBe(sentAt);
    const editedAt = { $date: sentAt + 50 };
    expect(says({ editedAt, _updatedAt: { $date: sentAt + 90 } })).toBe(sentAt + 50);
    // The server alone says when a document was written.
    expect(says({ editedAt: { $date: sentAt + 1_000_000 }, _updatedAt: editedAt })).toBe(sentAt + 50);
    expect(says({ editedAt: "nonsense" })).toBe(sentAt);
    expect(says({ editedAt: { $date: 0 } })).toBe(sentAt);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void decodeMessage(value)));
    const spoiled = fc.record({
      _id: fc.jsonValue(),
      rid: fc.jsonValue(),
      ts: fc.jsonValue(),
      u: fc.jsonValue(),
    });
    fc.assert(
      fc.property(spoiled, fc.jsonValue(), (value, mentions) => void decodeMessage({ ...value, mentions })),
    );
  });
});
