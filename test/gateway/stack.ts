// Owns what a gateway test stands on: emulator, scripted model and a real gateway with the packed plugin.

import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { inject } from "vitest";
import { type Gateway, type GatewayOptions, installGateway } from "../../demo/gateway.ts";
import { type ScriptedModel, startScriptedModel } from "../../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { type EventName, readStatus } from "../support/queues.ts";
import { findLeaks, readWritings } from "../support/sweep.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed plugin, made once for all gateway tests. */
    tarball: string;
    /** Where it lies unpacked. */
    unpacked: string;
    /** Where Node keeps what it compiled, for all of them. */
    compiled: string;
    /** OpenClaw's program, if not the installed one. */
    openclaw?: string;
  }
}

type Section = Record<string, unknown>;

/** What a test builds its part of `channels.rocketchat` from. */
export interface StackParts {
  readonly control: Emulator["control"];
  /** The keys that connect the bot user. */
  readonly account: Section;
  /** By username: alice, bob and the bot user `openclaw-bot`. */
  readonly userIds: Readonly<Record<string, string>>;
}

export interface Stack {
  readonly emulator: Emulator;
  readonly model: ScriptedModel;
  readonly gateway: Gateway;
  readonly bot: { readonly userId: string; readonly pat: string };
  readonly userIds: Readonly<Record<string, string>>;
  /** What must stand nowhere in what was written, besides the emulator's present tokens; by name. */
  readonly secrets: Map<string, string>;
  /** The keys that connect the bot user. */
  readonly account: Section;
  /** Changes `channels.rocketchat` of the running gateway. */
  changeSection(change: (section: Section) => Section): Promise<void>;
  /** Resolves when an event stands in the queue on disk of an account, in a state if one is named. */
  waitForStoredEvent(id: string, where?: StoredWhere): Promise<void>;
  stop(): Promise<void>;
}

/**
 * OpenClaw holds its output back and takes shortcuts when it finds itself in a test runner; ours is to be real. What
 * Node makes of its code is kept for the next gateway; with the last variable OpenClaw leaves the folder for that to us.
 */
export const gatewayEnvironment = (): NodeJS.ProcessEnv => ({
  VITEST: undefined,
  VITEST_POOL_ID: undefined,
  VITEST_WORKER_ID: undefined,
  NODE_ENV: undefined,
  NODE_COMPILE_CACHE: inject("compiled"),
  OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: "1",
});

const STORED_TIMEOUT_MS = 60_000;
const LOOK_INTERVAL_MS = 50;

export interface StoredWhere {
  /** `default` when not given. */
  readonly accountId?: string;
  readonly status?: string;
}

export interface StackOptions extends Pick<GatewayOptions, "env" | "config"> {
  /** Laid over the agents' configuration. */
  readonly agents?: Section;
  readonly bindings?: readonly Section[];
  /** Further plugins, by id: the folder of each. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** Installs the tarball as a user would; otherwise the gateway loads what was packed from its folder, which is quicker. */
  readonly install?: boolean;
}

/** Starts everything and resolves when the channel is up. `section` is laid over the keys that connect the bot. */
export async function startStack(
  section: (parts: StackParts) => Section,
  { env = {}, config = {}, agents = {}, bindings = [], plugins = {}, install = false }: StackOptions = {},
): Promise<Stack> {
  const emulator = await startEmulator();
  const model = await startScriptedModel();
  const { control } = emulator;
  const alice = control.addUser({ username: "alice", name: "Alice" });
  const bob = control.addUser({ username: "bob", name: "Bob" });
  const { userId } = control.addUser({ username: "openclaw-bot", roles: ["user", "bot"] });
  const pat = control.personalAccessToken("openclaw-bot");
  const userIds = { alice: alice.userId, bob: bob.userId, "openclaw-bot": userId };
  const account = {
    serverUrl: emulator.url,
    userId,
    username: "openclaw-bot",
    pat,
    dangerouslyAllowInsecure: true,
    network: { dangerouslyAllowPrivateNetwork: true },
  };
  const rocketchat = { ...account, ...section({ control, account, userIds }) };
  const gateway = await installGateway({
    tarball: inject("tarball"),
    unpacked: install ? undefined : inject("unpacked"),
    openclaw: inject("openclaw"),
    modelUrl: model.url,
    channels: { rocketchat },
    env: { ...gatewayEnvironment(), ...env },
    config,
  });
  await gateway.updateConfig((written) => ({
    ...written,
    agents: { ...readSection(written.agents), ...agents },
    plugins: addPlugins(readSection(written.plugins), plugins),
    bindings,
  }));
  await gateway.start();
  await gateway.waitForOutput(/\[default\] connected/);
  const secrets = new Map([["the bot's token", pat]]);
  return {
    emulator,
    secrets,
    model,
    gateway,
    bot: { userId, pat },
    userIds,
    account,
    waitForStoredEvent: (id, { accountId = "default", status } = {}) =>
      waitForRow(join(gateway.folder, "state"), { accountId, id }, status),
    changeSection: (change) =>
      gateway.updateConfig((config) => ({ ...config, channels: { rocketchat: change(rocketchat) } })),
    async stop() {
      await gateway.end();
      const leaks = sweep(gateway, new Map([...secrets, ...secretsOf(emulator)]));
      await gateway.stop();
      await Promise.all([model.close(), emulator.close()]);
      if (leaks.length > 0) throw new Error(`Secrets were written down:\n${leaks.join("\n")}`);
    },
  };
}

/**
 * The configuration and the copies that OpenClaw keeps of it, one that it was killed over among them: there the token
 * stands because it was put there.
 */
const CONFIGURATION = /(^|\/)openclaw\.json|^\.fs-safe-[\w-]+\.tmp$/;

/** Where a token or password of anybody was written down, over all that the gateway and its commands wrote. */
function sweep(gateway: Gateway, secrets: Map<string, string>): string[] {
  const output = { name: "the gateway's output", content: Buffer.from(gateway.output) };
  const commands = { name: "the commands' output", content: Buffer.from(gateway.commandOutput) };
  const files = readWritings(gateway.folder).filter(({ name }) => !CONFIGURATION.test(name));
  return findLeaks([output, commands, ...files], secrets);
}

function secretsOf({ world }: Emulator): [string, string][] {
  return [...world.users.values()].flatMap(({ username, passwordDigest, passwordHash, tokens }) => {
    const secrets = [passwordDigest, passwordHash, ...tokens.map(({ secret }) => secret)];
    return secrets.flatMap((secret, index): [string, string][] =>
      secret ? [[`secret ${index + 1} of ${username}`, secret]] : [],
    );
  });
}

function addPlugins({ allow, load, entries, ...plugins }: Section, added: Readonly<Record<string, string>>) {
  const { paths } = readSection(load);
  const enabled = Object.keys(added).map((id) => [id, { enabled: true }]);
  return {
    ...plugins,
    allow: [...readList(allow), ...Object.keys(added)],
    load: { ...readSection(load), paths: [...readList(paths), ...Object.values(added)] },
    entries: { ...readSection(entries), ...Object.fromEntries(enabled) },
  };
}

const readList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function readSection(value: unknown): Section {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

async function waitForRow(state: string, event: EventName, status: string | undefined): Promise<void> {
  const deadline = AbortSignal.timeout(STORED_TIMEOUT_MS);
  for (let found = readStatus(state, event); found === undefined || (status ?? found) !== found; ) {
    if (deadline.aborted)
      throw new Error(`Event ${event.id} is ${found ?? "not stored"}, not ${status ?? "stored"}`);
    await wait(LOOK_INTERVAL_MS);
    found = readStatus(state, event);
  }
}
