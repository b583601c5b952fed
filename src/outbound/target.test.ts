import { describe, expect, it } from "vitest";
import { formatTarget, parseTarget } from "./target.ts";

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

  it.each(["#general", "@alice", "general", "room:", "", "room:a b"])("leaves %j to a look-up", (text) => {
    expect(parseTarget(text)).toBeUndefined();
  });

  it("reads back what it writes", () => {
    expect(parseTarget(formatTarget({ kind: "user", id: "u1" }))).toEqual({ kind: "user", id: "u1" });
  });
});
