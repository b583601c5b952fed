import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { openSession } from "../../rest/administration.ts";
import { openSetupClient } from "../account/transport.ts";
import { inspectAccount } from "../config/account.ts";
import { probeToken } from "./probe.ts";
import { digestOf, type ProvisionOptions, provision } from "./provision.ts";

const PASSWORD = "an administrator's password";
let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
  emulator.control.addUser({ username: "alice" });
  emulator.control.addAdmin({ username: "root-admin", password: PASSWORD });
  emulator.control.addRoom({ name: "square", type: "p", members: ["alice", "root-admin"] });
});
afterEach(() => emulator.close());

const local = { dangerouslyAllowInsecure: true, network: { dangerouslyAllowPrivateNetwork: true } };

/** Provisions as the administrator; answers with the configuration and what was said. */
async function run(change: Partial<ProvisionOptions> = {}) {
  const said: string[] = [];
  const account = accountSettings({
    serverUrl: emulator.url,
    allowPrivateNetwork: true,
    dangerouslyAllowInsecure: true,
  });
  const openClient: ProvisionOptions["openClient"] = (session) =>
    openSetupClient({ ...account, userId: session?.userId ?? "", pat: session?.token ?? "" });
  const options: ProvisionOptions = {
    cfg: { channels: { rocketchat: local } },
    serverUrl: emulator.url,
    bots: [{ agentId: "main" }],
    rooms: ["#square"],
    mailDomain: "bots.invalid",
    dryRun: false,
    adminDigest: digestOf(PASSWORD),
    openClient,
    say: (line) => said.push(line),
    ...change,
  };
  const session = await openSession(openClient(undefined), "root-admin", PASSWORD);
  return { cfg: await provision(options, session), said };
}

const worksIn = async (cfg: OpenClawConfig) => {
  const probe = await probeToken(inspectAccount(cfg, "main"));
  return probe.ok ? { roles: probe.user.roles, rooms: probe.rooms.map(({ name }) => name) } : probe.problem;
};
const complete = { roles: ["user", "bot"], rooms: ["square"] };

it("makes a bot user that works, in its room, bound to its agent", async () => {
  const { cfg } = await run();
  expect(await worksIn(cfg)).toEqual(complete);
  expect(cfg.bindings).toEqual([{ agentId: "main", match: { channel: "rocketchat", accountId: "main" } }]);
});

it("finds nothing to do the second time", async () => {
  const { cfg } = await run();
  const again = await run({ cfg });
  expect(again.said).toEqual(["@main-bot for the agent main: nothing to do"]);
  expect(again.cfg).toBe(cfg);
});

it("says its plan and does nothing in a dry run", async () => {
  const cfg = { channels: { rocketchat: local } };
  const dry = await run({ cfg, dryRun: true });
  expect(dry.cfg).toBe(cfg);
  expect(dry.said).toEqual([
    "would create the user @main-bot with the roles user and bot",
    "would issue a personal access token for @main-bot",
    "would invite @main-bot to #square",
    "would write the account main and bind it to the agent main",
  ]);
  expect(emulator.control.requests().filter(({ path }) => path.endsWith("users.create"))).toEqual([]);
});

it("repairs a bot user that lacks a role, its token and its room", async () => {
  emulator.control.addUser({ username: "main-bot", roles: ["bot"] });
  const { cfg, said } = await run();
  expect(said[0]).toBe("give @main-bot the roles bot, user");
  expect(await worksIn(cfg)).toEqual({ ...complete, roles: ["bot", "user"] });
});

it("replaces a token that was revoked", async () => {
  const { cfg } = await run();
  emulator.control.revokeToken(inspectAccount(cfg, "main").pat);
  const again = await run({ cfg });
  expect(again.said).toContain("issue a personal access token for @main-bot");
  expect(await worksIn(again.cfg)).toEqual(complete);
});

it("does not take over a person's user", async () => {
  await expect(run({ bots: [{ agentId: "main", username: "alice" }] })).rejects.toThrow(
    "@alice exists and does not have the role `bot`",
  );
});

it("names a room that is not there", async () => {
  await expect(run({ rooms: ["nowhere"] })).rejects.toThrow("sees no room #nowhere");
});
