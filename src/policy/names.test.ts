import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accountSettings } from "../../test/support/settings.ts";
import type { AccountSettings, RoomSettings } from "../settings.ts";
import { isNameEntry, listNames, withIds } from "./names.ts";

const ID = "aobEdbYhXfu5hkeqG";
const HEX_ID = "6a0d1b2c3d4e5f6071829304";
const roomsOf = (entries: Record<string, RoomSettings>) => new Map(Object.entries(entries));
const asked = (settings: Partial<AccountSettings>) => listNames(accountSettings(settings));
const idsFor = (known: Record<string, string>) => new Map(Object.entries(known));

describe("listNames", () => {
  it.each([
    ["*"],
    [ID],
    [HEX_ID],
    [`${ID}${ID}`],
    [`user:${ID}`],
    ["user:alice"],
    ["rocketchat:alice"],
    ["rocketchat:user:alice"],
    ["accessGroup:ops"],
  ])("asks nothing about %s", (entry) => {
    expect(asked({ allowFrom: [entry], groupAllowFrom: [entry] })).toEqual([]);
    expect(isNameEntry(entry)).toBe(false);
  });

  it("asks about a marked name as a name, and about a bare word as an id first", () => {
    expect(asked({ allowFrom: ["@alice", " bob "] })).toEqual([
      { key: "@alice", kind: "user", name: "alice", mayBeId: false, path: "allowFrom" },
      { key: "@?bob", kind: "user", name: "bob", mayBeId: true, path: "allowFrom" },
    ]);
  });

  it("takes a marked name for a name even where it has the form of an id", () => {
    expect(asked({ allowFrom: [`@${ID}`] })).toMatchObject([{ name: ID, mayBeId: false }]);
  });

  it("asks about every list of people, and about rooms and their senders", () => {
    const rooms = roomsOf({ "#ops": { users: ["@carol"] }, GENERAL: {}, "*": {}, [ID]: { users: [ID] } });
    expect(
      asked({ groupAllowFrom: ["@alice"], rooms }).map(({ kind, path, name }) => [kind, path, name]),
    ).toEqual([
      ["user", "groupAllowFrom", "alice"],
      ["room", "rooms.#ops", "ops"],
      ["user", "rooms.#ops.users", "carol"],
      ["room", "rooms.GENERAL", "GENERAL"],
    ]);
  });

  it("asks about no people when their current names are to be matched", () => {
    const rooms = roomsOf({ "#ops": { users: ["@carol"] } });
    expect(asked({ dangerouslyAllowNameMatching: true, allowFrom: ["@alice"], rooms })).toMatchObject([
      { kind: "room", name: "ops" },
    ]);
  });
});

describe("withIds", () => {
  it("puts ids in place of names and leaves ids alone", () => {
    const settings = accountSettings({
      allowFrom: ["@alice", "user:x1", "*", "accessGroup:ops", ID],
      rooms: roomsOf({ "#ops": { users: ["bob"] }, "room:r9": {} }),
    });
    const ids = idsFor({ "@alice": "id-of-alice", "@?bob": "id-of-bob", "#ops": "id-of-ops" });
    const resolved = withIds(settings, ids);
    expect(resolved.allowFrom).toEqual(["id-of-alice", "x1", "*", "accessGroup:ops", ID]);
    expect([...resolved.rooms]).toEqual([
      ["r9", {}],
      ["id-of-ops", { users: ["id-of-bob"] }],
    ]);
  });

  it("keeps what it cannot resolve as an entry that is no id", () => {
    const settings = accountSettings({
      groupAllowFrom: ["ghost"],
      rooms: roomsOf({ "#gone": { enabled: false }, "*": { users: ["@ghost"] } }),
    });
    const resolved = withIds(settings, new Map());
    expect(resolved.groupAllowFrom).toEqual(["@ghost"]);
    expect([...resolved.rooms]).toEqual([
      ["*", { users: ["@ghost"] }],
      ["#gone", { enabled: false }],
    ]);
  });

  it("goes by the id where an id and a name mean the same room", () => {
    const settings = accountSettings({ rooms: roomsOf({ "#ops": {}, [ID]: { enabled: false } }) });
    expect([...withIds(settings, idsFor({ "#ops": ID })).rooms]).toEqual([[ID, { enabled: false }]]);
  });

  it("marks names for matching, and only names, when current names are to be matched", () => {
    const settings = accountSettings({ dangerouslyAllowNameMatching: true, allowFrom: ["alice", ID] });
    expect(withIds(settings, idsFor({ "@?alice": "x" })).allowFrom).toEqual(["@alice", ID]);
  });

  it("never turns a name into anything but what was looked up for it, or a mark that is no id", () => {
    const entry = fc.oneof(fc.string(), fc.constantFrom("@alice", "alice", ID, `@${ID}`));
    fc.assert(
      fc.property(fc.array(entry), (allowFrom) => {
        const settings = accountSettings({ allowFrom });
        const resolved = withIds(settings, new Map()).allowFrom;
        expect(resolved).toHaveLength(allowFrom.length);
        for (const { name } of listNames(settings)) expect(resolved).toContain(`@${name}`);
      }),
    );
  });
});
