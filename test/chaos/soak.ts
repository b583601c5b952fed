// Owns the command `npm run soak -- --minutes 30`: a long even load, and what the gateway holds at its end.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { packPlugin } from "../../demo/pack.ts";
import { closeSandboxes, openSandbox } from "../../demo/sandbox.ts";
import { BOTS, mark, startTown, type Town } from "./town.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, rate: { type: "string", default: "50" } },
});
const minutes = Number(values.minutes);
const perSecond = Number(values.rate);
/** From here on memory is compared: before, caches fill and code is compiled. */
const SETTLED_MINUTE = Math.min(5, Math.max(1, minutes - 1));
const PERSON = "soak-person";
const KILOBYTE = 1024;

interface Sample {
  readonly rssMb: number;
  readonly handles: number;
  readonly queueKb: number;
}

/** What the gateway's processes hold, and the size of the default account's queue. */
function sample({ gateway }: Town): Sample {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && groupOf(name) === gateway.groupId);
  const rssKb = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0));
  const handles = pids.map((pid) => countFiles(`/proc/${pid}/fd`));
  const folder = join(gateway.folder, "state", "rocketchat");
  const queue = readdirSync(folder).filter((name) => name.startsWith("ingress-default"));
  const queueBytes = queue.map((name) => statSync(join(folder, name)).size);
  return {
    rssMb: Math.round(sum(rssKb) / KILOBYTE),
    handles: sum(handles),
    queueKb: Math.round(sum(queueBytes) / KILOBYTE),
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
async function playMinute(town: Town, minute: number): Promise<number> {
  const { control, faults } = town.emulator;
  const rid = control.addRoom({
    name: `soak-${minute}`,
    type: "c",
    members: [PERSON, ...Object.values(BOTS)],
  });
  const endsAt = performance.now() + 60_000;
  let questions = 0;
  for (let second = 0; second < 60; second += 1) {
    for (let count = 0; count < perSecond; count += 1)
      control.post({ as: PERSON, rid, msg: `talk ${second} ${count}` });
    if (second % 10 === 5)
      control.post({ as: PERSON, rid, msg: `@${BOTS.default} ${mark(minute, questions++, 1)}` });
    await wait(Math.max(0, endsAt - 60_000 + (second + 1) * 1_000 - performance.now()));
  }
  faults.cutSockets();
  await wait(Math.max(0, endsAt - performance.now()));
  const answers = control.messages(rid).filter(({ u }) => u.username === BOTS.default).length;
  return answers - questions;
}

const sandbox = await openSandbox("pack");
try {
  const town = await startTown({ tarball: await packPlugin(sandbox.folder) });
  town.emulator.control.addUser({ username: PERSON });
  let settled: Sample | undefined;
  let latest = sample(town);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const balance = await playMinute(town, minute);
    latest = sample(town);
    if (minute === SETTLED_MINUTE) settled = latest;
    console.log(`minute ${minute}: ${JSON.stringify(latest)}, answers less questions: ${balance}`);
  }
  const before = settled ?? latest;
  const grown = (["rssMb", "handles", "queueKb"] as const).map(
    (key) => `${key} ${Math.round(100 * (latest[key] / before[key] - 1))} %`,
  );
  console.log(`since minute ${SETTLED_MINUTE}: ${grown.join(", ")}`);
  await town.close();
} finally {
  await sandbox.close();
  await closeSandboxes();
}
