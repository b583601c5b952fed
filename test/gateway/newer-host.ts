// Owns a stand-in for newer versions of OpenClaw: the installed one without what they took away, its queue open to all.

import { globSync } from "node:fs";
import { copyFile, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { REMOVED_SUBPATHS } from "../package/specifiers.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const INSTALLED = join(ROOT, "node_modules", "openclaw");
/** Below `node_modules`, so that what OpenClaw imports is found from here as well. */
const COPY = join(ROOT, "node_modules", ".cache", "newer", "node_modules", "openclaw");

/** From 2026.10.5 on, no plugin is refused the queue. */
const TRUST_GATE = 'if (record.origin !== "bundled" && record.trustedOfficialInstall !== true)';

/** Has the gateway tests of a project run on the stand-in. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide("openclaw", await makeNewerHost());
}

/** Makes the stand-in anew and answers the path of its program. */
export async function makeNewerHost(): Promise<string> {
  await rm(COPY, { recursive: true, force: true });
  const files = globSync("**/*", { cwd: INSTALLED, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(INSTALLED.length + 1));
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    await mkdir(join(COPY, folder), { recursive: true });
  }
  await Promise.all(paths.map((path) => linkOrCopy(join(INSTALLED, path), join(COPY, path))));
  await rewrite("package.json", withoutSubpaths);
  const gated = await findGate(paths);
  await rewrite(gated, (text) => text.replace(TRUST_GATE, "if (false)"));
  return join(COPY, "openclaw.mjs");
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/** Writes a file of the copy anew: as a link it would change the installed one as well. */
async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(INSTALLED, path), "utf8");
  const after = change(before);
  if (after === before) throw new Error(`Nothing to change in OpenClaw's ${path}`);
  await rm(join(COPY, path));
  await writeFile(join(COPY, path), after);
}

function withoutSubpaths(text: string): string {
  const manifest: { exports: Record<string, unknown> } = JSON.parse(text);
  for (const subpath of REMOVED_SUBPATHS) {
    if (!(subpath in manifest.exports)) throw new Error(`OpenClaw has no ${subpath} to take away`);
    delete manifest.exports[subpath];
  }
  return JSON.stringify(manifest, null, 2);
}

async function findGate(paths: readonly string[]): Promise<string> {
  for (const path of paths.filter((name) => /^dist\/loader-[^/]*\.mjs$/.test(name))) {
    if ((await readFile(join(INSTALLED, path), "utf8")).includes(TRUST_GATE)) return path;
  }
  throw new Error("OpenClaw's refusal of the queue stands elsewhere now");
}
