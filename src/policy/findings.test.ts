import { describe, expect, it } from "vitest";
import { accountSettings } from "../../test/support/settings.ts";
import type { AccountSettings, RoomSettings } from "../settings.ts";
import { findConcerns } from "./findings.ts";

const ID = "aobEdbYhXfu5hkeqG";
const rooms = (entries: Record<string, RoomSettings>) => ({ rooms: new Map(Object.entries(entries)) });
const find = (settings: Partial<AccountSettings>, visibleReplies?: string) =>
  findConcerns(accountSettings(settings), { visibleReplies }).map(({ id, detail }) => `${id}: ${detail}`);

describe("findConcerns", () => {
  it("has nothing to say about ids and default policies", () => {
    expect(
      find({ allowFrom: [ID], groupAllowFrom: [ID], ...rooms({ [ID]: { users: [ID] }, "*": {} }) }),
    ).toEqual([]);
    expect(find({}, "automatic")).toEqual([]);
  });

  it.each<[string, Partial<AccountSettings>, string | undefined, RegExp]>([
    [
      "open direct messages",
      { dmPolicy: "open", allowFrom: ["*"] },
      undefined,
      /^open-to-everybody: dmPolicy/,
    ],
    ["open rooms", { groupPolicy: "open" }, undefined, /^open-to-everybody: groupPolicy/],
    ["everybody in a list", { allowFrom: ["*"] }, undefined, /^everybody-listed: .* in allowFrom$/],
    ["everybody in a room", rooms({ [ID]: { users: ["*"] } }), undefined, /^everybody-listed.*\.users$/],
    ["everybody as operator", { commandAllowFrom: ["*"] }, undefined, /^nobody-operates/],
    ["nobody in a list", { groupAllowFrom: [] }, undefined, /^nobody-listed: .*: groupAllowFrom$/],
    ["nobody in a room", rooms({ [ID]: { users: [] } }), undefined, /^nobody-listed: .*\.users$/],
    [
      "no group DM",
      { dm: { enabled: true, groupEnabled: true, groupRooms: [] } },
      undefined,
      /^nobody-listed: .*: dm\.groupRooms$/,
    ],
    ["a username", { groupAllowFrom: ["@alice"] }, undefined, /^names-listed: .* in groupAllowFrom;/],
    ["a bare name", rooms({ [ID]: { users: ["bob"] } }), undefined, new RegExp(`in rooms\\.${ID}\\.users;`)],
    ["a room's name", rooms({ "#town": {} }), undefined, /in rooms\.#town;/],
    [
      "matching of names",
      { dangerouslyAllowNameMatching: true, allowFrom: ["@a"] },
      undefined,
      /^name-matching/,
    ],
    ["replies by tool alone", {}, "message_tool", /^silent-in-rooms/],
  ])("remarks on %s", (_, settings, visibleReplies, expected) => {
    expect(find(settings, visibleReplies)).toEqual([expect.stringMatching(expected)]);
  });
});
