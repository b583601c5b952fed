import { afterEach, describe, expect, it } from "vitest";
import { accountSettings } from "../../../test/support/settings.ts";
import type { RoomSettings } from "../../settings.ts";
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
    expect(toolsOf(cfg, "other")).toEqual({ deny: ["exec"] });
    expect(toolsOf({ rooms: { [ID]: {} } }, ID)).toBeUndefined();
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
    const findRoom = (id: string) => (id === "d1" ? { id: "d1", parentId: "r1" } : undefined);
    unshared.push(shareRooms("default", { settings: () => settings, findRoom }));
    const cfg = { rooms: { "#town": { tools: { deny: ["exec"] } } } };
    expect(toolsOf(cfg, "r1")).toEqual({ deny: ["exec"] });
    expect(toolsOf(cfg, "d1")).toEqual({ deny: ["exec"] });
    expect(toolsOf(cfg, "r2")).toBeUndefined();
  });
});
