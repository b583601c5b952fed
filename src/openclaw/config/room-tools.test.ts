import { afterEach, describe, expect, it } from "vitest";
import { accountSettings } from "../../../test/support/settings.ts";
import { withIds } from "../../policy/names.ts";
import type { RoomRef, RoomSettings } from "../../settings.ts";
import { groups, shareRooms } from "./room-tools.ts";

const ID = "aobEdbYhXfu5hkeqG";
const unshared: (() => void)[] = [];
afterEach(() => {
  for (const unshare of unshared.splice(0)) unshare();
});

const rooms = (entries: Record<string, RoomSettings>) => new Map(Object.entries(entries));
const toolsOf = (cfg: object, groupId: string, sender: { senderId?: string; senderUsername?: string } = {}) =>
  groups.resolveToolPolicy?.({ cfg: { channels: { rocketchat: cfg } }, groupId, ...sender });

describe("the tools of a room", () => {
  it("are those of its entry, else of the default entry, never of both", () => {
    const cfg = { rooms: { [ID]: { tools: { allow: ["read"] } }, "*": { tools: { deny: ["exec"] } } } };
    expect(toolsOf(cfg, ID)).toEqual({ allow: ["read"] });
    expect(toolsOf(cfg, ID.toLowerCase())).toEqual({ allow: ["read"] });
    const known = {
      settings: () => accountSettings({ rooms: rooms(cfg.rooms) }),
      findRoom: (id: string) => ({ id }),
    };
    const unshare = shareRooms("default", known);
    expect(toolsOf(cfg, "other")).toEqual({ deny: ["exec"] });
    unshare();
    expect(toolsOf({ rooms: { [ID]: {} } }, ID)).toBeUndefined();
  });

  it("are what both let through where the id of another room differs from an entry's by capitals alone", () => {
    const entries = { [ID]: { tools: { deny: ["exec"] } }, "*": { tools: { deny: ["web"] } } };
    const settings = accountSettings({ rooms: rooms(entries) });
    const findRoom = () => ({ id: ID.toUpperCase() });
    unshared.push(shareRooms("default", { settings: () => settings, findRoom }));
    expect(toolsOf({ rooms: entries }, ID.toLowerCase())).toEqual({ deny: ["web", "exec"] });
  });

  it("may differ by sender, known by the id", () => {
    const toolsBySender = { "id:alice-id": { allow: ["exec"] }, "*": { deny: ["exec"] } };
    const cfg = { rooms: { [ID]: { tools: { allow: ["read"] }, toolsBySender } } };
    expect(toolsOf(cfg, ID, { senderId: "alice-id" })).toEqual({ allow: ["exec"] });
    expect(toolsOf(cfg, ID, { senderId: "bob-id", senderUsername: "alice-id" })).toEqual({
      deny: ["exec"],
    });
  });

  it("follow names and discussions while the account runs", () => {
    const settings = accountSettings({ rooms: rooms({ r1: { tools: { deny: ["exec"] } } }) });
    const parents: Record<string, string | undefined> = { d1: "r1", r2: undefined };
    const findRoom = (id: string) => (id in parents ? { id, parentId: parents[id] } : undefined);
    unshared.push(shareRooms("default", { settings: () => settings, findRoom }));
    const cfg = { rooms: { "#town": { tools: { deny: ["exec"] } } } };
    expect(toolsOf(cfg, "r1")).toEqual({ deny: ["exec"] });
    expect(toolsOf(cfg, "d1")).toEqual({ deny: ["exec"] });
    expect(toolsOf(cfg, "r2")).toBeUndefined();
  });

  it("are what every entry lets through while it cannot be told which is the room's", () => {
    const entries = {
      "*": { tools: { allow: ["read", "write", "exec"] } },
      "#ops": { tools: { allow: ["read", "exec"], deny: ["exec"] } },
      "#town": { toolsBySender: { "id:alice-id": { allow: ["*"] } }, tools: { deny: ["web"] } },
    };
    const strictest = { allow: ["read", "exec"], deny: ["exec", "web"] };
    // The account does not run, or has not looked the room up: it may be either, or a discussion in one of them.
    expect(toolsOf({ rooms: entries }, "r1")).toEqual(strictest);
    expect(toolsOf({ rooms: entries }, "r1", { senderId: "alice-id" })).toEqual({
      allow: ["read", "exec"],
      deny: ["exec"],
    });
    const settings = withIds(accountSettings({ rooms: rooms(entries) }), new Map([["#town", "r2"]]));
    const facts: Record<string, RoomRef> = {
      r1: { id: "r1", name: "ops" },
      d1: { id: "d1", name: "x", parentId: "r1" },
      d2: { id: "d2", name: "x", parentId: "r2" },
      r3: { id: "r3", name: "plaza" },
    };
    unshared.push(shareRooms("default", { settings: () => settings, findRoom: (id) => facts[id] }));
    const found = Object.fromEntries(["r1", "r2", "r3", "d1", "d2", "r4"].map((id) => [id, toolsOf({}, id)]));
    expect(found).toEqual({
      r1: entries["#ops"].tools,
      r2: entries["#town"].tools,
      r3: entries["*"].tools,
      d1: strictest,
      d2: entries["#town"].tools,
      r4: strictest,
    });
  });

  it("are none when no two entries agree on one", () => {
    const entries = { "*": { tools: { allow: ["read"] } }, "#ops": { tools: { allow: ["exec"] } } };
    expect(toolsOf({ rooms: entries }, "r1")).toEqual({ deny: ["*"] });
  });

  it("come with the need of a mention, which counts if it may be the room's", () => {
    const needs = (cfg: object) =>
      groups.resolveRequireMention?.({ cfg: { channels: { rocketchat: cfg } }, groupId: "r1" });
    expect(needs({ requireMention: false, rooms: { "#ops": { requireMention: true } } })).toBe(true);
    expect(needs({ requireMention: false })).toBe(false);
  });
});
