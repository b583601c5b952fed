import { Ajv } from "ajv";
import { createChannelMessageReplyPipeline } from "openclaw/plugin-sdk/channel-outbound";
import { resolveHeartbeatVisibility } from "openclaw/plugin-sdk/infra-runtime";
import { afterEach, describe, expect, it, vi } from "vitest";
import { accountSettings } from "../../../test/support/settings.ts";
import type { AccountSettings } from "../../settings.ts";
import { rocketchatSetupPlugin } from "../setup/plugin.ts";
import { security } from "../surface/security.ts";
import {
  assertOnlyOne,
  inspectAccount,
  isConfigured,
  listAccountIds,
  resolveAccount,
  resolveEndpoints,
} from "./account.ts";
import { findFaults, missingKeys } from "./faults.ts";
import { placeOf } from "./places.ts";
import { rocketchatConfigSchema } from "./schema.ts";

const complete = { serverUrl: "https://chat.example.org/sub/", userId: "u1", username: "@bot", pat: "token" };
const resolve = (section: object, accountId?: string) =>
  resolveAccount({ channels: { rocketchat: section } }, accountId);

function problems(section: object): { path: string; message: string }[] {
  const result = rocketchatConfigSchema.runtime?.safeParse(section);
  if (result === undefined || result.success) return [];
  return result.issues.map(({ path, message }) => ({ path: (path ?? []).join("."), message: message ?? "" }));
}

describe("the schema", () => {
  it("accepts every documented key", () => {
    const account = {
      ...complete,
      enabled: true,
      name: "Main",
      dmPolicy: "open",
      allowFrom: ["*"],
      groupPolicy: "allowlist",
      groupAllowFrom: ["u2", 3],
      rooms: { r1: { enabled: true, requireMention: false }, "*": {} },
      requireMention: true,
      commandAllowFrom: ["u2"],
      commands: { extra: true },
      dangerouslyAllowInsecure: false,
      network: { dangerouslyAllowPrivateNetwork: true },
    };
    const reference = { source: "env", provider: "default", id: "RC_PAT" };
    expect(
      problems({ ...account, defaultAccount: "ops", accounts: { ops: { ...account, pat: reference } } }),
    ).toEqual([]);
  });

  it.each([
    [{ dmPolicy: "everyone" }, "dmPolicy", '"pairing"|"allowlist"|"open"|"disabled"'],
    [{ groupPolicy: "pairing" }, "groupPolicy", '"open"|"disabled"|"allowlist"'],
    [{ serverUrl: "chat.example.org" }, "serverUrl", "does not begin with https://. Write the whole address"],
    [{ serverUrl: "https://u:p@chat.example.org" }, "serverUrl", "has a user name or a password in it"],
    [{ serverUrl: "https://:p@chat.example.org" }, "serverUrl", "has a user name or a password in it"],
    [{ serverUrl: "https://chat.example.org/?" }, "serverUrl", "has a question mark in it"],
    [{ serverUrl: "https://chat.example.org/#/home" }, "serverUrl", "has a # in it"],
    [{ serverUrl: "https://[::1" }, "serverUrl", "is no address"],
    [{ pat: "two words" }, "pat", "has a space, a line break or a special character in it"],
    [{ pat: "token\u200b" }, "pat", "Copy it again"],
    [{ pat: { source: "env", provider: "default", id: "lower" } }, "pat", "is no valid SecretRef"],
    [{ pat: { source: "exec", provider: "default", id: "../x" } }, "pat", "is no valid SecretRef"],
    [{ username: "open claw" }, "username", "is no username"],
    [{ serverUrl: "http://chat.example.org" }, "serverUrl", "dangerouslyAllowInsecure"],
    [{ dmPolicy: "open" }, "allowFrom", '"*"'],
    [{ token: "x" }, "", "token"],
    [{ rooms: { r1: { mention: true } } }, "rooms.r1", "mention"],
    [{ accounts: { ops: { requireMention: "yes" } } }, "accounts.ops.requireMention", "boolean"],
    [{ accounts: { ops: { serverUrl: "http://x.example" } } }, "accounts.ops.serverUrl", "https://"],
    [{ accounts: { ops: { dmPolicy: "open" } } }, "accounts.ops.allowFrom", '"*"'],
    [{ network: { proxy: "x" } }, "network", "proxy"],
  ])("refuses %j with the path and what is allowed", (section, path, hint) => {
    expect(problems(section)).toEqual([{ path, message: expect.stringContaining(hint) }]);
  });

  it.each([
    [{ dmPolicy: "open" }, false],
    [{ dmPolicy: "open", allowFrom: ["u1"] }, false],
    [{ dmPolicy: "open", allowFrom: ["u1", "*"] }, true],
    [{ dmPolicy: "allowlist", allowFrom: ["u1"] }, true],
    [{ accounts: { ops: { dmPolicy: "open" } } }, false],
    [{ accounts: { ops: { dmPolicy: "open", allowFrom: [7] } } }, false],
    [{ accounts: { ops: { dmPolicy: "open", allowFrom: ["*"] } } }, true],
    [{ allowFrom: ["*"], accounts: { ops: { dmPolicy: "open" } } }, true],
    [{ allowFrom: ["*"], accounts: { ops: { dmPolicy: "open", allowFrom: ["u1"] } } }, false],
  ])("is asked by the manifest alone whether %j is open to all knowingly: %j", (section, valid) => {
    const check = new Ajv({ strict: false, validateFormats: false }).compile(rocketchatConfigSchema.schema);
    expect(check(section)).toBe(valid);
  });

  it.each([
    [{ serverUrl: "chat.example.org" }, false],
    [{ serverUrl: "https://:p@chat.example.org" }, false],
    [{ serverUrl: "https://chat.example.org/chat" }, true],
    // What the manifest refuses, stops the whole gateway: an unencrypted address is its account's own trouble.
    [{ serverUrl: "http://chat.example.org" }, true],
    [{ accounts: { ops: { serverUrl: "chat.example.org" } } }, false],
  ])("is asked by the manifest alone whether the address in %j is one: %j", (section, valid) => {
    const check = new Ajv({ strict: false, validateFormats: false }).compile(rocketchatConfigSchema.schema);
    expect(check(section)).toBe(valid);
  });

  it("allows http for an account that inherits the development flag", () => {
    expect(
      problems({ dangerouslyAllowInsecure: true, accounts: { a: { serverUrl: "http://127.0.0.1:3000" } } }),
    ).toEqual([]);
  });
});

describe("resolveAccount", () => {
  it("fills in the safe defaults", () => {
    expect(resolve(complete)).toMatchObject({
      serverUrl: "https://chat.example.org/sub",
      username: "bot",
      patStatus: "available",
      dmPolicy: "pairing",
      groupPolicy: "allowlist",
      requireMention: true,
      dangerouslyAllowInsecure: false,
      allowPrivateNetwork: false,
    });
  });

  it("lets an account override the root and inherit the rest", () => {
    const section = {
      ...complete,
      requireMention: false,
      accounts: { ops: { userId: "u2", username: "ops", pat: "other" } },
    };
    expect(resolve(section, "ops")).toMatchObject({ userId: "u2", pat: "other", requireMention: false });
    expect(resolve(section, "ops").serverUrl).toBe("https://chat.example.org/sub");
  });

  it("gives an account with a server of its own no token of the root's server", () => {
    const section = { ...complete, accounts: { ops: { serverUrl: "https://other.example", userId: "u2" } } };
    expect(resolve(section, "ops")).toMatchObject({
      userId: "u2",
      username: "",
      pat: "",
      patStatus: "missing",
    });
    const spelled = { ...complete, accounts: { ops: { serverUrl: "HTTPS://chat.example.org/sub" } } };
    expect(resolve(spelled, "ops").pat).toBe("token");
  });

  it("knows an address in one spelling", () => {
    const address = (serverUrl: string) => resolve({ ...complete, serverUrl }).serverUrl;
    expect(address("HTTPS://Chat.Example.org:443/Sub//")).toBe("https://chat.example.org/Sub");
  });

  it("is disabled by the root or by itself", () => {
    expect(resolve({ ...complete, enabled: false, accounts: { a: { enabled: true } } }, "a").enabled).toBe(
      false,
    );
    expect(resolve({ ...complete, accounts: { a: { enabled: false } } }, "a").enabled).toBe(false);
  });

  it("keeps entries of allowlists as they are written, case and all", () => {
    const account = resolve({
      ...complete,
      allowFrom: ["user:aB3", "rocketchat:xY", 7],
      groupAllowFrom: [" Q "],
    });
    expect(account.allowFrom).toEqual(["user:aB3", "rocketchat:xY", "7"]);
    expect(account.groupAllowFrom).toEqual(["Q"]);
  });

  it("reads the other accounts when one breaks a rule", () => {
    const section = {
      ...complete,
      accounts: { default: {}, bad: { serverUrl: "x.example", dmPolicy: "open" } },
    };
    expect(problems(section)).not.toEqual([]);
    expect(isConfigured(resolve(section))).toBe(true);
  });

  it("names what is missing", () => {
    expect(missingKeys(resolve({ serverUrl: "https://x.example" }))).toEqual(["userId", "username", "pat"]);
    expect(isConfigured(resolve(complete))).toBe(true);
  });
});

describe("the environment", () => {
  afterEach(() => vi.unstubAllEnvs());
  const set = (values: Record<string, string>) => {
    for (const [name, value] of Object.entries(values)) vi.stubEnv(`ROCKETCHAT_${name}`, value);
  };
  const all = { URL: "https://env.example", USER_ID: "e1", USERNAME: "envbot", PAT: "env-token" };

  it("configures the default account by itself", () => {
    set(all);
    expect(listAccountIds({})).toEqual(["default"]);
    expect(resolveAccount({})).toMatchObject({
      serverUrl: "https://env.example",
      userId: "e1",
      username: "envbot",
      pat: "env-token",
      patStatus: "available",
    });
  });

  it("fills gaps of the configuration of the same server, and overrides nothing", () => {
    set({ ...all, URL: "https://CHAT.example.org:443/sub" });
    const { pat: _, ...withoutPat } = complete;
    expect(resolve(withoutPat)).toMatchObject({ userId: "u1", pat: "env-token" });
    expect(resolve(complete).pat).toBe("token");
    set({ URL: "" });
    expect(resolve(withoutPat).pat).toBe("env-token");
  });

  it("keeps a token from a server that it does not belong to", () => {
    set(all);
    const { pat: _, ...withoutPat } = complete;
    const account = resolve(withoutPat);
    expect(account).toMatchObject({
      serverUrl: "https://chat.example.org/sub",
      pat: "",
      patStatus: "missing",
    });
    expect(findFaults(account)).toEqual([
      {
        path: "channels.rocketchat",
        problem: "lacks pat",
        remedy: expect.stringContaining("ROCKETCHAT_URL is another server"),
      },
    ]);
  });

  it("shows no password that stands in its address, and says that there is one", () => {
    set({ ...all, URL: "https://admin:hunter2@env.example/chat" });
    const account = resolveAccount({});
    expect(JSON.stringify(account)).not.toContain("hunter2");
    expect(() => resolveEndpoints(account)).toThrow(/^ROCKETCHAT_URL has a user name or a password in it/);
  });

  it("does not stand in for a SecretRef that cannot be resolved", () => {
    set(all);
    const pat = { source: "file", provider: "vault", id: "/pat" };
    expect(inspectAccount({ channels: { rocketchat: { ...complete, pat } } })).toMatchObject({
      pat: "",
      patStatus: "configured_unavailable",
    });
  });

  it("says nothing of other accounts", () => {
    set(all);
    expect(missingKeys(resolve({ accounts: { ops: {} } }, "ops"))).toContain("pat");
    expect(listAccountIds({ channels: { rocketchat: { accounts: { ops: {} } } } })).toEqual([
      "default",
      "ops",
    ]);
  });
});

describe("two accounts of one bot user", () => {
  const cfg = (accounts: object) => ({ channels: { rocketchat: { ...complete, accounts } } });
  const check = (accounts: object, id: string) =>
    assertOnlyOne(cfg(accounts), resolveAccount(cfg(accounts), id));

  it("are refused but for the default one", () => {
    const accounts = { alpha: {}, default: {} };
    expect(() => check(accounts, "alpha")).toThrow(/accounts\.alpha: the account default is the same bot/);
    expect(() => check(accounts, "default")).not.toThrow();
  });

  it("are known by the address, however it is written", () => {
    const accounts = { default: {}, beta: { serverUrl: "https://CHAT.example.org:443/sub" } };
    expect(() => check(accounts, "beta")).toThrow(/same bot user/);
  });

  it.each([
    ["another user", { userId: "u2" }],
    ["another server", { serverUrl: "https://other.example", userId: "u1", username: "bot", pat: "other" }],
  ])("are none with %s", (_, changes) => {
    expect(() => check({ default: {}, beta: changes }, "beta")).not.toThrow();
  });

  it("are none while one of them is off or incomplete", () => {
    expect(() => check({ default: { enabled: false }, beta: {} }, "beta")).not.toThrow();
  });
});

describe("the audit", () => {
  const find = (account: AccountSettings) =>
    security.collectAuditFindings?.({
      cfg: {},
      account,
      sourceConfig: {},
      orderedAccountIds: [account.accountId],
      hasExplicitAccountPath: false,
    });

  it("finds an account whose token is not protected on its way", async () => {
    expect(await find(accountSettings())).toEqual([]);
    expect(await find(accountSettings({ dangerouslyAllowInsecure: true }))).toEqual([
      expect.objectContaining({ checkId: "channels.rocketchat.insecure-transport", severity: "critical" }),
    ]);
  });
});

describe("resolveEndpoints", () => {
  it("keeps the sub-path and asks for exactly /websocket", () => {
    expect(resolveEndpoints(resolve(complete))).toEqual({
      rest: "https://chat.example.org/sub",
      socket: "wss://chat.example.org/sub/websocket",
    });
  });

  it("refuses to send the token unencrypted", () => {
    const account = { ...resolve(complete), serverUrl: "http://chat.example.org" };
    expect(() => resolveEndpoints(account)).toThrow(/channels\.rocketchat\.serverUrl must be https/);
    expect(resolveEndpoints({ ...account, dangerouslyAllowInsecure: true }).socket).toBe(
      "ws://chat.example.org/websocket",
    );
  });

  it("says which keys an incomplete account lacks", () => {
    expect(() => resolveEndpoints(resolve({ userId: "u1" }))).toThrow("serverUrl, username, pat");
  });
});

describe("a key is named as it stands in the file", () => {
  const cfg = {
    channels: {
      rocketchat: { ...complete, tls: { caFile: "/x" }, accounts: { Ops: { userId: "u2", pat: "p" } } },
    },
  };

  it.each([
    ["default", "serverUrl", "channels.rocketchat.serverUrl"],
    ["ops", "serverUrl", "channels.rocketchat.serverUrl"],
    ["ops", "userId", "channels.rocketchat.accounts.Ops.userId"],
    ["ops", "tls.caFile", "channels.rocketchat.tls.caFile"],
    ["ops", "dangerouslyAllowInsecure", "channels.rocketchat.accounts.Ops.dangerouslyAllowInsecure"],
    ["new", "rooms", "channels.rocketchat.accounts.new.rooms"],
  ])("of the account %s: %s", (accountId, key, place) => {
    expect(placeOf(cfg, accountId, key)).toBe(place);
  });
});

describe("keys of an account that OpenClaw reads by itself", () => {
  const keys = {
    responsePrefix: "[labbot]",
    heartbeatVisibility: { showOk: true },
    healthMonitor: { enabled: false },
    configWrites: false,
    capabilities: ["inlineButtons"],
    defaultTo: "#ops",
    unfurlMedia: true,
  };
  const cfg = { channels: { rocketchat: { ...complete, accounts: { ops: keys } } } };

  it("are taken, for the root and for an account", () => {
    expect(problems({ ...complete, ...keys, accounts: { ops: keys } })).toEqual([]);
  });

  it("change what it does: the text before replies and what is seen of heartbeats", () => {
    const of = { channel: "rocketchat", accountId: "ops" };
    expect(createChannelMessageReplyPipeline({ cfg, agentId: "main", ...of }).responsePrefix).toBe(
      "[labbot]",
    );
    expect(resolveHeartbeatVisibility({ cfg, ...of })).toMatchObject({ showOk: true, showAlerts: true });
  });

  it("say where a message goes that names no target", () => {
    expect(rocketchatSetupPlugin.config.resolveDefaultTo?.({ cfg, accountId: "ops" })).toBe("#ops");
  });

  it("change without a reconnect", () => {
    const { noopPrefixes } = rocketchatSetupPlugin.reload ?? {};
    const live = ["messages.ackReactionScope", "messages.inbound", "channels.rocketchat.botLoopProtection"];
    expect(noopPrefixes).toEqual(expect.arrayContaining(live));
  });
});
