import { describe, expect, it } from "vitest";
import { noteServer } from "./server-notes.ts";

describe("what an operator is told about the server", () => {
  it.each(["7.0", "8.2.0", "9.1"])("is nothing for %s with both roles", (version) => {
    expect(noteServer({ version, roles: ["bot", "user"] })).toEqual([]);
  });

  it.each([
    ["6.5", "older than 7, not supported by its makers"],
    ["10.0", "newer than 9, not tried by us"],
  ])("is what %s means, which is not a version this is made for", (version, meaning) => {
    const note = expect.stringMatching(new RegExp(`Rocket\\.Chat ${version} is outside .*${meaning}`));
    expect(noteServer({ version, roles: ["bot", "user"] })).toEqual([note]);
  });

  it("is nothing of the version when the server does not tell it", () => {
    expect(noteServer({ version: undefined, roles: ["bot", "user"] })).toEqual([]);
  });

  it("is what a missing role costs", () => {
    expect(noteServer({ version: "8.2", roles: ["user"] })).toEqual([expect.stringContaining("10 requests")]);
    expect(noteServer({ version: "8.2", roles: ["bot"] })).toEqual([expect.stringContaining("role `user`")]);
  });
});
