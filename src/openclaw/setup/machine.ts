// Owns what the set-up commands do on this machine: read and change the configuration, resolve and store secrets, speak.

import { spawn } from "node:child_process";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { mutateConfigFile, readConfigFileSnapshotForWrite } from "openclaw/plugin-sdk/config-mutation";
import { resolveConfiguredSecretInputString } from "openclaw/plugin-sdk/secret-input-runtime";
import { ConfigError } from "../../errors.ts";
import { toLines } from "../../log.ts";
import type { ProvisionPort } from "./provision.ts";
import type { SecretReference } from "./token-place.ts";

export const say = (line: string): void => {
  process.stdout.write(`${toLines(line)}\n`);
};

/** The configuration file, OpenClaw's secrets and the terminal. */
export function openMachine(): Omit<ProvisionPort, "openClient"> {
  return {
    say,
    readConfig,
    changeConfig: async (change) => {
      await mutateConfigFile({ mutate: (draft) => change(draft) });
    },
    resolveSecret,
    storeSecret,
  };
}

async function readConfig() {
  const { snapshot } = await readConfigFileSnapshotForWrite();
  if (!snapshot.valid)
    throw new ConfigError(`${snapshot.path} is not valid. Run \`openclaw config validate\``, {
      path: snapshot.path,
    });
  return { cfg: snapshot.sourceConfig, authored: snapshot.parsed };
}

async function resolveSecret(value: unknown, path: string): Promise<string | undefined> {
  const { snapshot } = await readConfigFileSnapshotForWrite();
  return resolveReference(snapshot.sourceConfig, value, path);
}

/** The value behind a reference of a configuration; undefined where it cannot be resolved here. Never rejects. */
export async function resolveReference(
  config: OpenClawConfig,
  value: unknown,
  path: string,
): Promise<string | undefined> {
  const options = { config, env: process.env, value, path };
  return (await resolveConfiguredSecretInputString(options).catch(() => undefined))?.value;
}

/** OpenClaw offers plugins no function for this, so its own command is run; the value goes over its standard input. */
async function storeSecret({ source, id }: SecretReference, value: string): Promise<boolean> {
  if (source !== "store") return false;
  const stored = await runOpenClaw(
    ["secrets", "store", "set", id, "--kind", "secret", "--value-file", "-"],
    value,
  );
  if (stored && !(await runOpenClaw(["secrets", "reload"])))
    say("Run `openclaw secrets reload`, or restart the gateway, so that it reads the new token");
  return stored;
}

/** Runs an `openclaw` command as this one was started; answers whether it succeeded. */
async function runOpenClaw(args: readonly string[], input = ""): Promise<boolean> {
  return (await readOutput(args, input)) !== undefined;
}

/** What an `openclaw` command prints, started as this one was; undefined when it fails. Never rejects. */
export function readOutput(args: readonly string[], input = ""): Promise<string | undefined> {
  const [, program = "openclaw"] = process.argv;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "ignore"] });
    const output: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => output.push(part));
    child.once("error", () => resolve(undefined));
    child.once("close", (code) => resolve(code === 0 ? Buffer.concat(output).toString() : undefined));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
