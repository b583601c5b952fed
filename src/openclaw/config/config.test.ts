import { Ajv } from "ajv";
import { afterEach, describe, expect, it, vi } from "vitest";
import { accountSettings } from "../../../test/support/settings.ts";
import type { AccountSettings } from "../../settings.ts";
import { security } from "../surface/security.ts";
import {
  assertOnlyOne,
  inspectAccount,
  isConfigured,
  listAccountIds,
  missingKeys,
  resolveAccount,
  resolveEndpoints,
} from "./account.ts";
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
    [{ serverUrl: "chat.example.org" }, "serverUrl", "https:// address"],
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
    const section = { ...complete, accounts: { bad: { serverUrl: "http://x.example", dmPolicy: "open" } } };
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

  it("fills gaps of the configuration, and overrides nothing", () => {
    set(all);
    const { pat: _, ...withoutPat } = complete;
    expect(resolve(withoutPat)).toMatchObject({ userId: "u1", pat: "env-token" });
    expect(resolve(complete).pat).toBe("token");
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
    expect(() => check(accounts, "alpha")).toThrow(
      /accounts\.alpha\.userId: the account default is the same bot/,
    );
    expect(() => check(accounts, "default")).not.toThrow();
  });

  it("are known by the address, however it is written", () => {
    const accounts = { default: {}, beta: { serverUrl: "https://CHAT.example.org:443/sub" } };
    expect(() => check(accounts, "beta")).toThrow(/same bot user/);
  });

  it.each([
    ["another user", { userId: "u2" }],
    ["another server", { serverUrl: "https://other.example" }],
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
    expect(() => resolveEndpoints(account)).toThrow(/accounts\.default\.serverUrl must be https/);
    expect(resolveEndpoints({ ...account, dangerouslyAllowInsecure: true }).socket).toBe(
      "ws://chat.example.org/websocket",
    );
  });

  it("says which keys an incomplete account lacks", () => {
    expect(() => resolveEndpoints(resolve({ userId: "u1" }))).toThrow("serverUrl, username, pat");
  });
});
