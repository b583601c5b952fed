import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { openSession, type Session } from "../../rest/administration.ts";
import { fetchMe } from "../../rest/auth.ts";
import { openSetupClient } from "../account/transport.ts";
import { inspectAccount, listAccountIds } from "../config/account.ts";
import { addBinding } from "./config-edit.ts";
import { planDeprovision } from "./deprovision.ts";
import { takeSteps } from "./provision.ts";
import { planRotation, type RotatePort } from "./rotate.ts";

const PASSWORD = "the bot user's password";
let emulator: Emulator;
let cfg: OpenClawConfig;
let said: string[];
/** What happened to the old token at which moment. */
let moments: string[];
let oldToken: string;
let listens: boolean;
beforeEach(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const { userId } = control.addUser({ username: "labbot", password: PASSWORD, roles: ["user", "bot"] });
  oldToken = control.personalAccessToken("labbot", "made by hand");
  const local = { dangerouslyAllowInsecure: true, network: { dangerouslyAllowPrivateNetwork: true } };
  cfg = {
    channels: {
      rocketchat: { serverUrl: emulator.url, userId, username: "labbot", pat: oldToken, ...local },
    },
  };
  addBinding(cfg, { agentId: "main", accountId: "default" });
  [said, moments, listens] = [[], [], true];
});
afterEach(() => emulator.close());

const openClient = (session: Session | undefined) =>
  openSetupClient(
    accountSettings({
      ...inspectAccount(cfg),
      userId: session?.userId ?? "",
      pat: session?.token ?? "",
    }),
  );

const works = (token: string) =>
  fetchMe(openClient({ userId: inspectAccount(cfg).userId, token })).then(
    () => true,
    () => false,
  );

function port(change: Partial<RotatePort> = {}): RotatePort {
  return {
    readConfig: async () => ({ cfg, authored: cfg }),
    changeConfig: async (mutate) => {
      const draft = structuredClone(cfg);
      mutate(draft);
      cfg = draft;
    },
    resolveSecret: async () => oldToken,
    storeSecret: async () => false,
    say: (line) => said.push(line),
    openClient,
    tryOverSocket: async (_, { token }) => {
      moments.push(`tried over the socket: old ${await works(oldToken)}, new ${await works(token)}`);
    },
    waitUntilListening: async () => {
      moments.push(`waits for the gateway: old ${await works(oldToken)}`);
      return listens;
    },
    askPassword: async () => PASSWORD,
    ...change,
  };
}

async function rotate(change: Partial<RotatePort> = {}) {
  await takeSteps(await planRotation("default", port(change)), (line) => said.push(line));
}

const tokens = () =>
  [...emulator.world.users.values()]
    .filter(({ username }) => username === "labbot")
    .flatMap((user) => user.tokens.flatMap(({ kind, secret }) => (kind === "personal" ? [secret] : [])));

describe("rotating a token", () => {
  it("makes the new one first, tries it, and revokes the old one when the gateway listens with the new one", async () => {
    await rotate();
    expect(moments).toEqual(["tried over the socket: old true, new true", "waits for the gateway: old true"]);
    const { pat } = inspectAccount(cfg);
    expect(tokens()).toEqual([pat]);
    expect(pat).not.toBe(oldToken);
    expect(said.join("\n")).not.toContain(pat);
  });

  it("leaves the old one while the gateway does not listen, and revokes it in the next run", async () => {
    listens = false;
    await rotate();
    expect(tokens()).toHaveLength(2);
    expect(said.join("\n")).toContain("the old one still works");
    await rotate();
    expect(tokens()).toEqual([inspectAccount(cfg).pat]);
  });

  it("changes nothing when the new one is refused, and leaves no third one behind in the next run", async () => {
    const refusal = { tryOverSocket: () => Promise.reject(new Error("refused")) };
    await expect(rotate(refusal)).rejects.toThrow("refused");
    expect(inspectAccount(cfg).pat).toBe(oldToken);
    await rotate();
    expect(tokens()).toEqual([inspectAccount(cfg).pat]);
  });

  it("says what to do where the server asks for a password that nobody gives, and changes nothing", async () => {
    await expect(rotate({ askPassword: async () => undefined })).rejects.toThrow(
      /asks for the password of @labbot.*ROCKETCHAT_BOT_PASSWORD.*openclaw rocketchat provision/,
    );
    expect(tokens()).toEqual([oldToken]);
    expect(inspectAccount(cfg).pat).toBe(oldToken);
  });

  it("shows it once where it cannot write, and finishes when it is in place", async () => {
    const pat = { source: "env", provider: "default", id: "RC_PAT" };
    cfg = { ...cfg, channels: { rocketchat: { ...cfg.channels?.rocketchat, pat } } };
    await rotate();
    const [, newToken = ""] = tokens();
    expect(said.filter((line) => line.includes(newToken))).toEqual([
      expect.stringContaining("the variable RC_PAT, where this program cannot write. It is shown this once"),
    ]);
    expect(await works(oldToken)).toBe(true);
    await rotate({ resolveSecret: async () => newToken });
    expect(tokens()).toEqual([newToken]);
    expect(cfg.channels?.rocketchat).toMatchObject({ pat });
  });
});

describe("deprovisioning", () => {
  async function deprovision(accountId = "default") {
    emulator.control.addAdmin({ username: `root-admin-${said.length}`, password: PASSWORD });
    const admin = await openSession(openClient(undefined), `root-admin-${said.length}`, PASSWORD);
    const plan = await planDeprovision(accountId, admin, port());
    await takeSteps(plan, (line) => said.push(line));
  }

  it("ends the bot user's tokens, and takes the account and its bindings away", async () => {
    await deprovision();
    expect(tokens()).toEqual([]);
    expect(cfg.bindings).toEqual([]);
    expect(cfg.channels?.rocketchat).not.toHaveProperty("pat");
    expect(cfg.channels?.rocketchat).toHaveProperty("dangerouslyAllowInsecure", true);
  });

  it("goes on after it broke off, and leaves other accounts alone", async () => {
    const other = emulator.control.addUser({ username: "deskbot", roles: ["user", "bot"] });
    const desk = {
      userId: other.userId,
      username: "deskbot",
      pat: emulator.control.personalAccessToken("deskbot"),
    };
    cfg = {
      ...cfg,
      channels: { rocketchat: { ...cfg.channels?.rocketchat, accounts: { default: {}, desk } } },
    };
    const broken = port({ changeConfig: () => Promise.reject(new Error("disk full")) });
    emulator.control.addAdmin({ username: "chief", password: PASSWORD });
    const admin = await openSession(openClient(undefined), "chief", PASSWORD);
    await expect(takeSteps(await planDeprovision("default", admin, broken), () => {})).rejects.toThrow(
      "disk full",
    );
    await deprovision();
    expect(listAccountIds(cfg)).toEqual(["desk"]);
    expect(inspectAccount(cfg, "desk")).toMatchObject({ ...desk, serverUrl: emulator.url });
  });

  it("names the accounts when there is none of that name", async () => {
    await expect(deprovision("typo")).rejects.toThrow("There is no account typo. There are: default");
  });
});
