import { describe, expect, it } from "vitest";
import { decodeRoom } from "./room.ts";

describe("decodeRoom", () => {
  it.each([
    [
      "a public channel",
      { _id: "r", t: "c", name: "general" },
      { id: "r", chatType: "channel", label: "general" },
    ],
    [
      "a discussion by its title",
      { _id: "r", t: "p", name: "Xa9", fname: "Plan" },
      { chatType: "channel", label: "Plan" },
    ],
    [
      "a direct message",
      { _id: "r", t: "d", uids: ["a", "b"] },
      { id: "r", chatType: "direct", label: undefined },
    ],
    [
      "what members wrote over it",
      { _id: "r", t: "c", topic: "pumps", announcement: "closed", description: "of the plant" },
      { topic: "pumps", announcement: "closed", description: "of the plant" },
    ],
    ["when it was made", { _id: "r", t: "c", ts: "1970-01-01T00:00:05.000Z" }, { createdAt: 5000 }],
    ["a group DM", { _id: "r", t: "d", uids: ["a", "b", "c"] }, { chatType: "group" }],
    ["one's own room", { _id: "r", t: "d", uids: ["a", "a"] }, { chatType: "group" }],
    ["a direct room of unknown members", { _id: "r", t: "d" }, { chatType: "group" }],
  ])("reads %s", (_, raw, facts) => {
    expect(decodeRoom(raw)).toMatchObject(facts);
  });

  it.each([[null], [{ t: "c" }], [{ _id: "r", t: "l" }], [{ _id: "r" }]])("refuses %j", (raw) => {
    expect(decodeRoom(raw)).toBeUndefined();
  });
});
