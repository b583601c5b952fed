// Owns packing the plugin once for all gateway tests, and unpacking it for those that do not install it.

import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { packPlugin } from "../../demo/pack.ts";
import { runProgram } from "../../demo/process.ts";
import { openSandbox } from "../../demo/sandbox.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await openSandbox("pack");
  const tarball = await packPlugin(sandbox.folder);
  const options = { cwd: sandbox.folder, env: process.env, timeoutMs: 60_000 };
  const { code, stderr } = await runProgram(["tar", "-xzf", tarball], options);
  if (code !== 0) throw new Error(`The tarball could not be unpacked:\n${stderr}`);
  project.provide("tarball", tarball);
  // Named so in every tarball of npm.
  project.provide("unpacked", join(sandbox.folder, "package"));
  project.provide("compiled", join(sandbox.folder, "compiled"));
  return () => sandbox.close();
}
