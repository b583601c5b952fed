// Owns turning the sources into the tarball that a user would install.
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { type ProcessGroup, type ProgramOptions, runProgram } from "./process.ts";

const ROOT = join(import.meta.dirname, "..");
const STEP_TIMEOUT_MS = 120_000;
const packageSchema = z.object({ name: z.string(), version: z.string() });

export interface PackOptions {
  readonly onGroup?: (group: ProcessGroup) => void;
  /** The project's folder, if not this one. */
  readonly root?: string;
}

/** Builds the plugin and packs it into `folder`; answers the path of the tarball. */
export async function packPlugin(
  folder: string,
  { onGroup, root = ROOT }: PackOptions = {},
): Promise<string> {
  const options = {
    cwd: root,
    env: environment(),
    timeoutMs: STEP_TIMEOUT_MS,
    ...(onGroup ? { onGroup } : {}),
  };
  await runStep([process.execPath, join(ROOT, "node_modules", "rolldown", "bin", "cli.mjs"), "-c"], options);
  await runStep(["npm", "pack", "--pack-destination", folder], options);
  const { name, version } = packageSchema.parse(
    JSON.parse(await readFile(join(root, "package.json"), "utf8")),
  );
  return join(folder, `${name}-${version}.tgz`);
}

async function runStep(command: readonly string[], options: ProgramOptions): Promise<void> {
  const { code, stdout, stderr } = await runProgram(command, options);
  if (code !== 0) throw new Error(`"${command.join(" ")}" ended with ${code}:\n${stdout}${stderr}`);
}

/** Our environment with our own Node first on PATH, so that npm runs under it as well. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}` };
}
