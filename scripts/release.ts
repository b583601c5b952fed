// Owns preparing a release: what the changelog says, the tarball with its checksum, and ClawHub's validation of it.
//
//   npm run release -- --dry-run     everything that needs no credentials; works on unfinished versions
//   npm run release                  the same, but refuses what must not be published
//
// It publishes nothing: the two commands that do are printed at the end (docs/PUBLISHING.md).

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { packPlugin } from "../demo/pack.ts";

const ROOT = join(import.meta.dirname, "..");
const FOLDER = "release";
const run = promisify(execFile);
const read = (path: string): Promise<string> => readFile(join(ROOT, path), "utf8");

export interface Section {
  readonly heading: string;
  /** The lines below the heading, without empty ones around them. */
  readonly text: string;
}

/** The topmost section of a changelog. Throws when it is not of this version. */
export function readSection(changelog: string, version: string): Section {
  const [, section = ""] = changelog.split(/^## /m);
  const [heading = "", ...lines] = section.split("\n");
  if (heading.split(" ", 1)[0] !== version)
    throw new Error(`CHANGELOG.md begins with "${heading}", package.json says ${version}`);
  return { heading, text: lines.join("\n").trim() };
}

/** What must not be published, each with what to do; none for a version that is ready. */
export function findObstacles(heading: string, published: string): string[] {
  const dated = / \(\d{4}-\d\d-\d\d\)$/.test(heading);
  return [
    ...(dated
      ? []
      : [`CHANGELOG.md: write the day of the release behind the version, in place of "${heading}"`]),
    ...(published.includes("/OWNER/")
      ? ["package.json: put the owner of the repository in place of OWNER, in repository, homepage and bugs"]
      : []),
  ];
}

/** Lets ClawHub's own program look at a packed plugin. Rejects with its findings when it does not pass. */
export async function validate(tarball: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rocketchat-listing-"));
  try {
    await run("tar", ["-xzf", tarball, "-C", folder]);
    const source = join(folder, "package");
    const host = join(ROOT, "node_modules", "openclaw");
    const program = join(ROOT, "node_modules", "clawhub", "bin", "clawdhub.js");
    const args = ["package", "validate", source, "--openclaw", host, "--out", join(folder, "reports")];
    const { stdout } = await run(process.execPath, ["--no-warnings", program, ...args]);
    if (!/^Findings: none$/m.test(stdout)) throw new Error(`ClawHub found something:\n${stdout}`);
    return stdout.split("\n\n", 1)[0] ?? "";
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "dry-run": { type: "boolean", default: false },
      listing: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help)
    return console.log("npm run release -- [--dry-run]   --listing: ClawHub's validation alone");
  if (values.listing) return checkListing();
  const published = await read("package.json");
  const { version } = JSON.parse(published);
  const { heading, text } = readSection(await read("CHANGELOG.md"), version);
  const obstacles = findObstacles(heading, published);
  if (!values["dry-run"] && obstacles.length > 0)
    throw new Error(`Not ready:\n${obstacles.map((one) => `  ${one}`).join("\n")}`);
  console.log(`Changelog: ${heading}\n\n${text}\n`);
  await mkdir(join(ROOT, FOLDER), { recursive: true });
  const tarball = await packPlugin(join(ROOT, FOLDER));
  const sum = createHash("sha256")
    .update(await readFile(tarball))
    .digest("hex");
  await writeFile(`${tarball}.sha256`, `${sum}  ${basename(tarball)}\n`);
  console.log(`Tarball: ${FOLDER}/${basename(tarball)}\nSHA-256: ${sum}\n\n${await validate(tarball)}\n`);
  for (const one of obstacles) console.log(`Before a release: ${one}`);
  console.log(`To publish: npm publish ${FOLDER}/${basename(tarball)} --access public`);
  console.log("            clawhub package publish OWNER/rocket-chat-openclaw-integration");
}

/** What `npm test` runs. */
async function checkListing(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rocketchat-pack-"));
  try {
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
    console.log(await validate(join(folder, stdout.trim())));
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main)
  await main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    if (error instanceof Error && "stderr" in error) console.error(String(error.stderr));
    process.exitCode = 1;
  });
