// Owns packing the plugin once for all gateway tests.

import type { TestProject } from "vitest/node";
import { packPlugin } from "../../demo/pack.ts";
import { openSandbox } from "../../demo/sandbox.ts";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const sandbox = await openSandbox("pack");
  project.provide("tarball", await packPlugin(sandbox.folder));
  return () => sandbox.close();
}
