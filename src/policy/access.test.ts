import { describe, expect, it } from "vitest";
import { roomFacts } from "../../test/support/room.ts";
import { accountSettings } from "../../test/support/settings.ts";
import type { ChatType, RoomFacts } from "../facts/room.ts";
import type { AccountSettings, RoomSettings } from "../settings.ts";
import { refusePlace, resolveSenderRule } from "./access.ts";

const base = accountSettings();

const place = (chatType: ChatType, id = "r1"): RoomFacts => roomFacts({ id, chatType });
const rooms = (entries: Record<string, RoomSettings>) => ({ rooms: new Map(Object.entries(entries)) });

describe("refusePlace", () => {
  it.each<[string, Partial<AccountSettings>, RoomFacts, string | undefined]>([
    ["a direct message", {}, place("direct"), undefined],
    [
      "a direct message when they are off",
      { dm: { ...base.dm, enabled: false } },
      place("direct"),
      "direct-messages-off",
    ],
    ["a group DM by default", {}, place("group"), "group-dms-off"],
    ["a group DM by a rooms entry", rooms({ r1: {} }), place("group"), "group-dms-off"],
    ["a group DM when they are on", { dm: { ...base.dm, groupEnabled: true } }, place("group"), undefined],
    [
      "a listed group DM",
      { dm: { enabled: true, groupEnabled: true, groupRooms: ["r1"] } },
      place("group"),
      undefined,
    ],
    [
      "an unlisted group DM",
      { dm: { enabled: true, groupEnabled: true, groupRooms: [] } },
      place("group"),
      "group-dms-off",
    ],
    [
      "a group DM that is not among those listed",
      { dm: { enabled: true, groupEnabled: true, groupRooms: ["r2"] } },
      place("group"),
      "group-dms-off",
    ],
    ["a room by default", {}, place("channel"), "room-not-allowed"],
    ["a listed room", rooms({ r1: {} }), place("channel"), undefined],
    ["a room that is switched off", rooms({ r1: { enabled: false } }), place("channel"), "room-not-allowed"],
    ["any room by the default entry", rooms({ "*": {} }), place("channel"), undefined],
    [
      "a room off under the default entry",
      rooms({ "*": {}, r1: { enabled: false } }),
      place("channel"),
      "room-not-allowed",
    ],
    ["a room under open", { groupPolicy: "open" }, place("channel"), undefined],
    [
      "a room off under open",
      { groupPolicy: "open", ...rooms({ r1: { enabled: false } }) },
      place("channel"),
      "room-not-allowed",
    ],
    [
      "a listed room under disabled",
      { groupPolicy: "disabled", ...rooms({ r1: {} }) },
      place("channel"),
      "room-not-allowed",
    ],
    [
      "a room whose entry was not resolved, under the default entry",
      rooms({ "*": {}, "#ops": { enabled: false } }),
      { ...place("channel"), name: "ops" },
      "room-not-allowed",
    ],
    [
      "a room of another name",
      rooms({ "*": {}, "#ops": {} }),
      { ...place("channel"), name: "town" },
      undefined,
    ],
    ["a room named like a property of every object", {}, place("channel", "constructor"), "room-not-allowed"],
  ])("judges %s", (_, settings, room, expected) => {
    expect(refusePlace({ ...base, ...settings }, room)).toBe(expected);
  });
});

describe("resolveSenderRule", () => {
  it("lets every member of a room speak when nobody is listed", () => {
    expect(resolveSenderRule(base, place("channel"))).toEqual({ groupPolicy: "open", groupAllowFrom: [] });
  });

  it("asks for the account's list, and for a room's own list in place of it", () => {
    const settings = { ...base, groupAllowFrom: ["alice"], ...rooms({ r1: { users: ["bob"] } }) };
    expect(resolveSenderRule(settings, place("channel"))).toEqual({
      groupPolicy: "allowlist",
      groupAllowFrom: ["bob"],
    });
    expect(resolveSenderRule(settings, place("channel", "r2"))).toEqual({
      groupPolicy: "allowlist",
      groupAllowFrom: ["alice"],
    });
  });

  it("lets nobody speak by a list that was written and is empty", () => {
    const nobody = { groupPolicy: "allowlist", groupAllowFrom: [] };
    expect(resolveSenderRule({ ...base, groupAllowFrom: [] }, place("channel"))).toEqual(nobody);
    const settings = { ...base, groupAllowFrom: ["alice"], ...rooms({ r1: { users: [] } }) };
    expect(resolveSenderRule(settings, place("channel"))).toEqual(nobody);
  });

  it("lets only the people of allowFrom speak in a group DM", () => {
    const settings = { ...base, allowFrom: ["alice"], groupAllowFrom: ["bob"] };
    expect(resolveSenderRule(settings, place("group"))).toEqual({
      groupPolicy: "allowlist",
      groupAllowFrom: ["alice"],
    });
  });
});
