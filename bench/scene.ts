// Owns what a bench plays in: an emulator, a scripted model and a real gateway with the packed plugin.

import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Gateway, installGateway } from "../demo/gateway.ts";
import type { ConfigObject } from "../demo/gateway-config.ts";
import { watchEnvironment } from "../demo/network-watch.ts";
import { packPlugin } from "../demo/pack.ts";
import { runProgram } from "../demo/process.ts";
import { openSandbox } from "../demo/sandbox.ts";
import { type ScriptedModel, startScriptedModel } from "../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../emulator/server.ts";
import { Probe, probeEnvironment } from "./probe.ts";

const ROOT = join(import.meta.dirname, "..");
export const BOT = "openclaw-bot";
export const PERSON = "alice";

export interface Scene {
  readonly emulator: Emulator;
  readonly model: ScriptedModel;
  readonly gateway: Gateway;
  readonly probe: Probe;
  readonly botId: string;
  close(): Promise<void>;
}

export interface SceneOptions {
  /** The packed plugin, if not the present one. */
  readonly tarball?: string;
  /** The channel's configuration beyond the account; the address of the server, if not the emulator's own, too. */
  readonly channel?: (emulator: Emulator) => ConfigObject | Promise<ConfigObject>;
  /** Sections of OpenClaw's configuration, which replace the isolated ones. */
  readonly config?: ConfigObject;
  /** Told what the gateway prints, in pieces of any size. */
  readonly onOutput?: (text: string) => void;
}

let packed: Promise<string> | undefined;

/** Packs the plugin, once for all benches. */
export function packOnce(): Promise<string> {
  packed ??= openSandbox("bench").then(({ folder }) => packPlugin(folder));
  return packed;
}

/** The commit that figures are held against where they are to be better than they were. */
const PREDECESSOR = "1bc15ff";

let predecessor: Promise<string> | undefined;

/** Packs the plugin as it was, with the libraries of today, once for all benches. Needs the history of the project. */
export function packPredecessor(): Promise<string> {
  predecessor ??= openSandbox("predecessor").then(async ({ folder }) => {
    const root = join(folder, "project");
    const run = async (command: readonly string[], cwd: string) => {
      const { code, stderr } = await runProgram(command, { cwd, env: process.env, timeoutMs: 60_000 });
      if (code !== 0) throw new Error(`"${command.join(" ")}" ended with ${code}:\n${stderr}`);
    };
    await mkdir(root);
    await run(["git", "archive", "--output", join(folder, "project.tar"), PREDECESSOR], ROOT);
    await run(["tar", "-xf", join(folder, "project.tar")], root);
    await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
    return packPlugin(folder, { root });
  });
  return predecessor;
}

/** Prepares everything; the gateway is installed and does not run yet. Its log is as quiet as a user's. */
export async function openScene({ tarball, channel, config, onOutput }: SceneOptions = {}): Promise<Scene> {
  const emulator = await startEmulator();
  const model = await startScriptedModel();
  emulator.control.addUser({ username: PERSON });
  const { userId } = emulator.control.addUser({ username: BOT, roles: ["user", "bot"] });
  const sandbox = await openSandbox("bench");
  const watch = { file: join(sandbox.folder, "network.jsonl") };
  const probePath = join(sandbox.folder, "probe");
  const gateway = await installGateway({
    tarball: tarball ?? (await packOnce()),
    modelUrl: model.url,
    channels: {
      rocketchat: {
        ...accountOf(emulator, BOT),
        ...SERVED,
        serverUrl: emulator.url,
        ...(await channel?.(emulator)),
      },
    },
    config: {
      ...config,
      logging: {
        file: join(sandbox.folder, "openclaw.log"),
        ...z.looseObject({}).default({}).parse(config?.logging),
      },
    },
    ...(onOutput && { onOutput }),
    watch,
    env: probeEnvironment(probePath, watchEnvironment(watch)),
  });
  return {
    emulator,
    model,
    gateway,
    probe: new Probe(probePath),
    botId: userId,
    async close() {
      await gateway.stop();
      await Promise.all([model.close(), emulator.close(), sandbox.close()]);
    },
  };
}

/** The credentials of a bot user that the emulator has. */
export function accountOf({ world, control }: Emulator, username: string): ConfigObject {
  return { userId: world.userNamed(username)?._id, username, pat: control.personalAccessToken(username) };
}

/** Everything is served, so that every message is looked at closely. */
export const SERVED = {
  dangerouslyAllowInsecure: true,
  network: { dangerouslyAllowPrivateNetwork: true },
  groupPolicy: "open",
  dmPolicy: "open",
  allowFrom: ["*"],
} as const;

const channelsSchema = z.looseObject({ rocketchat: z.looseObject({}).default({}) });

/** Changes the `channels` section of a configuration. */
export function withChannels(change: (channels: z.infer<typeof channelsSchema>) => ConfigObject) {
  return (config: ConfigObject): ConfigObject => ({
    ...config,
    channels: change(channelsSchema.parse(config.channels)),
  });
}

/** Starts the gateway; resolves when these accounts have told that they are connected. */
export async function startConnected(
  { gateway }: Scene,
  accountIds: readonly string[] = ["default"],
  word = "connected",
): Promise<void> {
  const from = gateway.mark();
  await (gateway.running ? gateway.restart() : gateway.start());
  for (const id of accountIds) await gateway.waitForOutput(new RegExp(`\\[${id}\\] ${word}`), { from });
}
