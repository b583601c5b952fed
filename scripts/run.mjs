// The bootstrap: finds a fitting Node, installs what is missing, then runs one of the project's commands.
//
//   node scripts/run.mjs <command> [arguments]
//
// It must run on any Node from 20 on, before anything is installed: plain JavaScript, no dependency.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
/** The npm package `node` carries the binary itself; used when the running Node does not fit. */
const NODE_PACKAGE = "node@24.21.0";
const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What `test` does, in order; `npm test -- types unit` runs only the named ones. `beside`: it mostly waits, so the next runs with it. */
const CHECKS = [
  { name: "format and lint", key: "lint", command: ["biome", "check", "."] },
  { name: "types", key: "types", command: ["tsc", "--noEmit"] },
  { name: "unused code", key: "knip", command: ["knip"] },
  {
    name: "contract tests",
    key: "contract",
    command: ["vitest", "run", "--project", "contract"],
    beside: true,
  },
  {
    name: "browser tests",
    key: "browser",
    command: ["vitest", "run", "--project", "browser"],
    beside: true,
  },
  { name: "unit tests", key: "unit", command: ["vitest", "run", "--project", "unit"] },
  { name: "build", key: "build", command: ["rolldown", "-c"] },
  { name: "package", key: "package", command: ["publint", "--strict"] },
  {
    name: "listing on ClawHub",
    key: "listing",
    command: ["node", "scripts/release.ts", "--listing"],
    beside: true,
  },
  { name: "supported hosts", key: "hosts", command: ["vitest", "run", "--project", "package"] },
  {
    name: "gateway tests",
    key: "gateway",
    command: ["vitest", "run", "--project", "gateway", "--project", "newer"],
  },
];

const COMMANDS = {
  start: (args) => runShown([process.execPath, join("demo", "main.ts"), ...args]),
  test: runChecks,
  emulator: (args) => runShown([process.execPath, join("emulator", "main.ts"), ...args]),
  release: (args) => runShown([process.execPath, join("scripts", "release.ts"), ...args]),
  screenshots: (args) => runShown([process.execPath, join("scripts", "screenshots.ts"), ...args]),
  build: (args) => runShown(["rolldown", "-c", ...args]),
  contract: (args) => runShown([process.execPath, join("test", "contract", "main.ts"), ...args]),
  chaos: (args) => runShown([process.execPath, join("test", "chaos", "main.ts"), ...args]),
  soak: (args) => runShown([process.execPath, join("test", "chaos", "soak.ts"), ...args]),
  // With room for garbage: what grows with a text should be the reading of it, not what V8 copies meanwhile.
  bench: (args) =>
    runShown([process.execPath, "--max-semi-space-size=128", join("bench", "main.ts"), ...args]),
};

const running = new Set();
let received = null;

/** Ends the run with one clear line and the exit code of what failed. */
class Failure extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

for (const signal of FORWARDED_SIGNALS) {
  process.on(signal, () => {
    received = signal;
    for (const child of running) child.kill(signal);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  for (const child of running) child.kill();
  console.error(`✗ ${error.message}`);
  process.exitCode = error.code;
}

async function main([name, ...args]) {
  if (!Object.hasOwn(COMMANDS, name ?? "")) {
    throw new Failure(`Usage: node scripts/run.mjs ${Object.keys(COMMANDS).join("|")} [arguments]`);
  }
  const engines = readJson("package.json").engines.node;
  if (!satisfies(process.versions.node, engines)) return runUnderFittingNode(engines, [name, ...args]);
  await installDependencies();
  return COMMANDS[name](args);
}

/** Runs this script again under the Node of the npm package, which every child then finds first on PATH. */
async function runUnderFittingNode(engines, args) {
  if (process.env.ROCKETCHAT_NODE_FOUND) throw new Failure(`${NODE_PACKAGE} does not satisfy "${engines}".`);
  const find = ["npx", "--prefer-offline", "-y", "-p", NODE_PACKAGE, "--", "node", "-p", "process.execPath"];
  const output = await runStep(
    `Node ${process.versions.node} does not fit "${engines}"; getting ${NODE_PACKAGE}`,
    find,
  );
  const node = output.stdout.trim().split("\n").at(-1) ?? "";
  if (!existsSync(node)) throw new Failure(`npx did not give a Node (it printed "${node}").`);
  return runShown([node, fileURLToPath(import.meta.url), ...args], { ROCKETCHAT_NODE_FOUND: node });
}

/**
 * Installs what the lock file says. `npm ci` would refuse the whole lock for lacking binaries of platforms that
 * the registry at hand does not carry, so the installed versions are compared with the lock afterwards instead.
 */
async function installDependencies() {
  if (dependenciesMatchLock()) return;
  const command = ["npm", "install", "--no-save", "--no-audit", "--no-fund"];
  await runStep("Installing dependencies (about a minute)", command);
  if (!dependenciesMatchLock())
    throw new Failure("npm installed other versions than package-lock.json names.");
}

/** Compares versions, not times: a checkout touches the lock file without changing what it asks for. */
function dependenciesMatchLock() {
  const installed = join("node_modules", ".package-lock.json");
  if (!existsSync(join(ROOT, installed))) return false;
  const present = readJson(installed).packages;
  return Object.entries(readJson("package-lock.json").packages).every(
    ([path, wanted]) =>
      path === "" || (present[path] ? present[path].version === wanted.version : wanted.optional === true),
  );
}

async function runChecks(args) {
  const only = args.filter((arg) => !arg.startsWith("-"));
  const unknown = only.find((key) => !CHECKS.some((check) => check.key === key));
  if (unknown)
    throw new Failure(`No check "${unknown}"; there are ${CHECKS.map((check) => check.key).join(", ")}.`);
  const chosen = CHECKS.filter((check) => only.length === 0 || only.includes(check.key));
  const total = chosen.length;
  const start = Date.now();
  const counts = [];
  for (let group = []; chosen.length > 0; group = []) {
    do group.push(chosen.shift());
    while (group.at(-1).beside && chosen.length > 0);
    const outputs = await Promise.all(group.map(({ name, command }) => runStep(name, command)));
    group.forEach(({ name }, index) => {
      counts.push(...testCounts(outputs[index].stdout).map((count) => `  ${name}: ${count}`));
    });
  }
  console.log([`✓ All ${total} checks passed in ${seconds(Date.now() - start)}.`, ...counts].join("\n"));
  return 0;
}

/** Vitest's own closing line, such as "214 passed (214)", and what a test run itself wants to be read. */
function testCounts(output) {
  const lines = stripVTControlCharacters(output).matchAll(/^(?:\s+Tests\s+|! )(.+)$/gm);
  return [...lines].map((match) => match[1]);
}

/** Runs a command with its output held back; shows it, and fails, when the command fails. */
async function runStep(title, command) {
  console.log(`• ${title} …`);
  const start = Date.now();
  const child = startChild(command, { stdio: ["ignore", "pipe", "pipe"] });
  const stdout = [];
  const all = [];
  child.stdout.on("data", (chunk) => {
    stdout.push(chunk);
    all.push(chunk);
  });
  child.stderr.on("data", (chunk) => all.push(chunk));
  const code = await exitCode(child);
  const took = seconds(Date.now() - start);
  if (code !== 0) {
    console.log(`✗ ${title}: failed after ${took}`);
    process.stdout.write(Buffer.concat(all));
    throw new Failure(`${title}: "${command.join(" ")}" ended with ${code}.`, code);
  }
  console.log(`  ${title}: ok (${took})`);
  return { stdout: Buffer.concat(stdout).toString() };
}

/** Runs a command with our own terminal; gives its exit code. */
function runShown(command, env = {}) {
  return exitCode(startChild(command, { stdio: "inherit" }, env));
}

function startChild([program, ...args], options, env = {}) {
  if (received) throw new Failure(`Stopped by ${received}.`, signalCode(received));
  const node = dirname(env.ROCKETCHAT_NODE_FOUND ?? process.execPath);
  const path = [node, join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env, PATH: path }, ...options });
  running.add(child);
  return child;
}

/** The shell's convention: a child ended by a signal counts as 128 and the signal's number. */
async function exitCode(child) {
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", (error) => reject(new Failure(`Cannot run ${child.spawnfile}: ${error.message}`)));
      child.once("close", (code, signal) => resolve(code ?? signalCode(signal)));
    });
  } finally {
    running.delete(child);
  }
}

function signalCode(signal) {
  return 128 + constants.signals[signal];
}

/** Understands what `engines` needs: alternatives with `||`, each a row of `>=` and `<` bounds. */
function satisfies(version, range) {
  return range.split("||").some((bounds) =>
    bounds
      .trim()
      .split(/\s+/)
      .every((bound) => {
        const [, operator, limit] = /^(>=|<)([\d.]+)$/.exec(bound) ?? [];
        if (!operator) throw new Failure(`package.json: cannot read "${bound}" in engines.node.`);
        return operator === "<" ? compare(version, limit) < 0 : compare(version, limit) >= 0;
      }),
  );
}

function compare(left, right) {
  const parts = [left, right].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (parts[0][i] ?? 0) - (parts[1][i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function readJson(path) {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
