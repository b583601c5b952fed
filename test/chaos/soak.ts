// Owns the command `npm run soak -- --minutes 30`: a long even load, and what the gateway holds at its end.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { Probe, probeEnvironment } from "../../bench/probe.ts";
import { packPlugin } from "../../demo/pack.ts";
import { closeSandboxes, openSandbox } from "../../demo/sandbox.ts";
import { countWaiting } from "../support/queues.ts";
import { happenings, play } from "./model.ts";
import { BOTS, mark, startTown, type Town } from "./town.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "50" },
    model: { type: "boolean", default: false },
    sequences: { type: "string", default: "2000000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(
    "usage: npm run soak -- [--minutes 30] [--rate MESSAGES-A-SECOND] | --model [--sequences 2000000]",
  );
  process.exit(0);
}
if (values.model) {
  const sequences = Number(values.sequences);
  fc.assert(
    fc.property(happenings, (list) => play(list).length === 0),
    { numRuns: sequences },
  );
  console.log(`${sequences} sequences of losses, kills and late answers, nothing lost`);
  process.exit(0);
}
const minutes = Number(values.minutes);
const perSecond = Number(values.rate);
/** From here on memory is compared: before, caches fill and code is compiled. */
const SETTLED_MINUTE = Math.min(5, Math.max(1, minutes - 1));
const PERSON = "soak-person";
const KILOBYTE = 1024;
/** Seconds. */
const QUESTION_EVERY = 10;
/** After the last minute: the last question is answered, and a doubled answer would have come. */
const QUIET_MS = 20_000;

interface Sample {
  /** Resident memory of all processes of the gateway. */
  readonly rssMb: number;
  /** What the gateway's main process holds in use after a collection of garbage. */
  readonly usedMb: number;
  /** Their open files and sockets. */
  readonly handles: number;
  /** Timers that run in the main process. */
  readonly timers: number;
  /** The files of the default account's queue: they keep the ids of answered messages, within bounds. */
  readonly queueKb: number;
  /** Messages that wait in it, or are being handed over. */
  readonly waiting: number;
}

const KEYS = ["rssMb", "usedMb", "handles", "timers", "queueKb"] as const;

/** What the gateway's processes hold. */
async function sample({ gateway }: Town): Promise<Sample> {
  const { used, timers } = await probe.usage();
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && groupOf(name) === gateway.groupId);
  const rssKb = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0));
  const handles = pids.map((pid) => countFiles(`/proc/${pid}/fd`));
  const folder = join(gateway.folder, "state", "rocketchat");
  const queue = readdirSync(folder).filter((name) => name.startsWith("ingress-default"));
  const queueBytes = queue.map((name) => statSync(join(folder, name)).size);
  return {
    rssMb: Math.round(sum(rssKb) / KILOBYTE),
    usedMb: Math.round(used / KILOBYTE ** 2),
    handles: sum(handles),
    timers,
    queueKb: Math.round(sum(queueBytes) / KILOBYTE),
    waiting: countWaiting(join(gateway.folder, "state"), "default"),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function countFiles(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}

/** The fifth field of `stat`; the second, the name, may hold spaces. */
function groupOf(pid: string): number {
  return Number(readText(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[2]);
}

/** One minute of talk in a room of its own, with a question every ten seconds; the connections are cut at its end. */
async function playMinute(town: Town, minute: number): Promise<string> {
  const { control, faults } = town.emulator;
  const rid = control.addRoom({
    name: `soak-${minute}`,
    type: "c",
    members: [PERSON, ...Object.values(BOTS)],
  });
  const startedAt = performance.now();
  for (let second = 0; second < 60; second += 1) {
    for (let count = 0; count < perSecond; count += 1)
      control.post({ as: PERSON, rid, msg: `talk ${second} ${count}` });
    if (second % QUESTION_EVERY === 5)
      control.post({ as: PERSON, rid, msg: `@${BOTS.default} ${mark(minute, second, 1, false)}` });
    await wait(Math.max(0, startedAt + (second + 1) * 1_000 - performance.now()));
  }
  faults.cutSockets();
  return rid;
}

const sandbox = await openSandbox("pack");
const probePath = join(sandbox.folder, "probe");
const probe = new Probe(probePath);
try {
  const town = await startTown({
    tarball: await packPlugin(sandbox.folder),
    env: probeEnvironment(probePath, {}),
  });
  const { control } = town.emulator;
  control.addUser({ username: PERSON });
  const rooms: string[] = [];
  let settled: Sample | undefined;
  let latest = await sample(town);
  for (let minute = 1; minute <= minutes; minute += 1) {
    rooms.push(await playMinute(town, minute));
    latest = await sample(town);
    if (minute === SETTLED_MINUTE) settled = latest;
    console.log(`minute ${minute}: ${JSON.stringify(latest)}`);
  }
  await wait(QUIET_MS);
  const answers = rooms.flatMap((rid) =>
    control.messages(rid).filter(({ u }) => u.username === BOTS.default),
  );
  console.log(`${rooms.length * (60 / QUESTION_EVERY)} questions, ${answers.length} answers`);
  const before = settled ?? latest;
  const grown = KEYS.map((key) => `${key} ${Math.round(100 * (latest[key] / before[key] - 1))} %`);
  console.log(`since minute ${SETTLED_MINUTE}: ${grown.join(", ")}`);
  await town.close();
} finally {
  await sandbox.close();
  await closeSandboxes();
}
