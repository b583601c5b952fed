import { describe, expect, it } from "vitest";
import { rocketchatPlugin } from "../channel.ts";

const rocketchat = { allowFrom: ["u1"], groupAllowFrom: [], rooms: { r1: { users: ["u2"] }, r2: {} } };
const cfg = { channels: { rocketchat } };

describe("the lists of people", () => {
  it("are shown with those of rooms", () => {
    expect(rocketchatPlugin.allowlist?.readConfig?.({ cfg })).toEqual({
      dmAllowFrom: ["u1"],
      groupAllowFrom: [],
      dmPolicy: "pairing",
      groupPolicy: "allowlist",
      groupOverrides: [{ label: "r1", entries: ["u2"] }],
    });
  });

  it("are edited under one account's own key, each person once", async () => {
    const parsedConfig = structuredClone(cfg);
    const edit = { cfg, parsedConfig, accountId: "default", scope: "dm", action: "add" } as const;
    const add = (entry: string) => rocketchatPlugin.allowlist?.applyConfigEdit?.({ ...edit, entry });
    expect(await add("user:u3")).toMatchObject({ kind: "ok", changed: true });
    expect(await add("u3")).toMatchObject({ kind: "ok", changed: false });
    expect(parsedConfig.channels.rocketchat.allowFrom).toEqual(["u1", "user:u3"]);
  });

  it("are told to OpenClaw's doctor as they are: a room lets in, and no list of senders lets in everybody", () => {
    expect(rocketchatPlugin.doctor).toMatchObject({
      groupModel: "route",
      groupAllowFromFallbackToAllowFrom: false,
      warnOnEmptyGroupSenderAllowlist: false,
    });
  });
});
