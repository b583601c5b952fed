import { describe, expect, it } from "vitest";
import { formatTarget, parseNamedTarget, parseTarget } from "./target.ts";

describe("parseTarget", () => {
  it.each([
    ["room:GENERAL", { kind: "room", id: "GENERAL" }],
    ["user:aB3", { kind: "user", id: "aB3" }],
    ["rocketchat:room:x1", { kind: "room", id: "x1" }],
    ["channel:x1", { kind: "room", id: "x1" }],
    ["group:x1", { kind: "room", id: "x1" }],
    [" USER:aB3 ", { kind: "user", id: "aB3" }],
  ])("reads %j", (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(["#general", "@alice", "general", "room:", "", "room:a b", "room:x1:thread:y", "GENERAL"])(
    "leaves %j to a look-up",
    (text) => {
      expect(parseTarget(text)).toBeUndefined();
    },
  );

  it("reads back what it writes", () => {
    expect(parseTarget(formatTarget({ kind: "user", id: "u1" }))).toEqual({ kind: "user", id: "u1" });
  });
});

describe("parseNamedTarget", () => {
  it.each([
    ["#general", { kind: "room-name", name: "general" }],
    ["rocketchat:#general", { kind: "room-name", name: "general" }],
    ["#The plan", { kind: "room-name", name: "The plan" }],
    ["@alice.b", { kind: "user-name", name: "alice.b" }],
  ])("reads %j", (text, target) => {
    expect(parseNamedTarget(text)).toEqual(target);
  });

  it.each(["general", "#", "@", "##a", "@@a", "room:x1", "# a", ""])("finds no name in %j", (text) => {
    expect(parseNamedTarget(text)).toBeUndefined();
  });
});
