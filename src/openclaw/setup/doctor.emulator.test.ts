import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import type { AccountSettings, RoomSettings } from "../../settings.ts";
import { checkAccount } from "./doctor.ts";

let emulator: Emulator;
let account: AccountSettings;
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  const town = control.addRoom({ name: "town", type: "p", members: ["alice", "labbot"] });
  account = accountSettings({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    rooms: new Map([[town, {}]]),
    allowPrivateNetwork: true,
    dangerouslyAllowInsecure: true,
  });
});
afterAll(() => emulator.close());

/** Outcome and remedy of one check. */
async function outcomeOf(id: string, changes: Partial<AccountSettings> = {}, cfg: OpenClawConfig = {}) {
  const found = (await checkAccount(cfg, { ...account, ...changes })).filter((check) => check.id === id);
  for (const { outcome, remedy } of found) expect(remedy === undefined).toBe(outcome === "ok");
  return found.map(({ outcome }) => outcome);
}

function serving(name: string, prepare: (rid: string) => void = () => {}) {
  const rid = emulator.control.addRoom({ name, type: "p", members: ["alice", "labbot"] });
  prepare(rid);
  return { rooms: new Map<string, RoomSettings>([[rid, {}]]) };
}

describe("the checks of a well set-up account", () => {
  it("find nothing but what a local test needs", async () => {
    const checks = await checkAccount({}, account);
    expect(checks.filter(({ outcome }) => outcome !== "ok").map(({ id }) => id)).toEqual(["tls"]);
    expect(checks.map(({ id }) => id)).toEqual([
      "server",
      "tls",
      "version",
      "clock",
      "token",
      "username",
      "role-bot",
      "role-user",
      "changes",
      "room",
      "dm-policy",
      "group-policy",
      "group-replies",
    ]);
  });
});

describe("a check fails", () => {
  it("config: without a token", async () => {
    expect(await outcomeOf("config", { pat: "", patStatus: "missing" })).toEqual(["failure"]);
    expect(await outcomeOf("config")).toEqual([]);
  });

  it("server: where nothing listens, and on a private network that is not allowed", async () => {
    expect(await outcomeOf("server", { serverUrl: "http://127.0.0.1:9" })).toEqual(["failure"]);
    expect(await outcomeOf("server", { allowPrivateNetwork: false })).toEqual(["failure"]);
  });

  it("version: of a server that is too old", async () => {
    const old = await startEmulator({ profile: "6.5" });
    expect(await outcomeOf("version", { serverUrl: old.url })).toEqual(["warning"]);
    await old.close();
  });

  it("clock: of a server whose time is off", async () => {
    emulator.faults.lasting.clockSkewMs = 300_000;
    expect(await outcomeOf("clock")).toEqual(["warning"]);
    emulator.faults.clear();
  });

  it("token: that is not known, or is another user's", async () => {
    expect(await outcomeOf("token", { pat: "not-a-token" })).toEqual(["failure"]);
    const { userId } = emulator.control.addUser({ username: "carol" });
    expect(await outcomeOf("token", { userId })).toEqual(["failure"]);
  });

  it("username: that is not the token's", async () => {
    expect(await outcomeOf("username", { username: "otherbot" })).toEqual(["failure"]);
  });

  it.each([
    ["role-bot", ["user"], "role-user"],
    ["role-user", ["bot", "admin"], "role-bot"],
  ])("%s: when the bot user has only the roles %j", async (lacking, roles, having) => {
    const username = `only-${having}`;
    const { userId } = emulator.control.addUser({ username, roles });
    const pat = emulator.control.personalAccessToken(username);
    const changes = { userId, pat, username, rooms: new Map() };
    expect(await outcomeOf(lacking, changes)).toEqual(["warning"]);
    expect(await outcomeOf(having, changes)).toEqual(["ok"]);
  });

  it("changes: when the workspace forbids editing or deleting", async () => {
    expect(await outcomeOf("changes")).toEqual(["ok"]);
    for (const id of ["Message_AllowEditing", "Message_AllowDeleting"]) {
      emulator.control.setSetting(id, false);
      expect(await outcomeOf("changes")).toEqual(["warning"]);
      emulator.control.setSetting(id, true);
    }
  });

  it("rooms: when none is served", async () => {
    expect(await outcomeOf("rooms", { rooms: new Map() })).toEqual(["warning"]);
    expect(await outcomeOf("rooms", { rooms: new Map(), groupPolicy: "disabled" })).toEqual([]);
  });

  it("room: that the bot is not in, that is encrypted, read-only, or where it is muted", async () => {
    const { control } = emulator;
    expect(await outcomeOf("room", { rooms: new Map([["nowhere", {}]]) })).toEqual(["failure"]);
    expect(await outcomeOf("room", serving("plain"))).toEqual(["ok"]);
    expect(
      await outcomeOf(
        "room",
        serving("secret", (rid) => control.encrypt(rid)),
      ),
    ).toEqual(["failure"]);
    const readOnly = serving("news", (rid) => control.setReadOnly({ as: "alice", rid }));
    expect(await outcomeOf("room", readOnly)).toEqual(["failure"]);
    const muted = serving("quiet", (rid) => control.mute({ as: "alice", rid, username: "labbot" }));
    expect(await outcomeOf("room", muted)).toEqual(["failure"]);
  });

  it("policies: that let everybody in", async () => {
    expect(await outcomeOf("dm-policy", { dmPolicy: "open" })).toEqual(["warning"]);
    expect(await outcomeOf("group-policy", { groupPolicy: "open" })).toEqual(["warning"]);
  });

  it("lists: that shut everybody out, or make nobody an operator", async () => {
    expect(await outcomeOf("lists", { groupAllowFrom: [] })).toEqual(["warning"]);
    expect(await outcomeOf("lists", { commandAllowFrom: ["*"] })).toEqual(["warning"]);
  });

  it("group-replies: when answers in rooms stay private", async () => {
    const cfg: OpenClawConfig = { messages: { groupChat: { visibleReplies: "message_tool" } } };
    expect(await outcomeOf("group-replies", {}, cfg)).toEqual(["warning"]);
  });
});
