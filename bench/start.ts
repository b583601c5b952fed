// Owns measuring what the plugin adds to the start of a gateway, and the size of its package.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../demo/process.ts";
import { importGraph, sizeOf } from "../test/package/import-graph.ts";
import { type Bench, type Figure, median } from "./figures.ts";
import { openScene, packOnce, type Scene, withChannels } from "./scene.ts";

const RUNS = 3;
const KILOBYTE = 1024;
const DIST = join(import.meta.dirname, "..", "dist");

export const benchStart: Bench = async (say) => {
  const scene = await openScene();
  try {
    const channels = (await scene.gateway.readConfig()).channels;
    const withUs: number[] = [];
    const without: number[] = [];
    // Once for the caches of files and compiled code.
    await scene.gateway.start();
    for (let run = 0; run < RUNS; run += 1) {
      await scene.gateway.updateConfig(withChannels(() => ({})));
      without.push(await timeStart(scene));
      await scene.gateway.updateConfig((config) => ({ ...config, channels }));
      withUs.push(await timeStart(scene));
      say(
        `start ${run + 1}: ${withUs.at(-1)?.toFixed(0)} ms with the plugin, ${without.at(-1)?.toFixed(0)} without`,
      );
    }
    return [
      {
        name: "start of the gateway",
        value: median(withUs),
        floor: median(without),
        unit: "ms",
        target: { ratio: 1.02 },
      },
      ...(await sizes()),
    ];
  } finally {
    await scene.close();
  }
};

async function timeStart({ gateway }: Scene): Promise<number> {
  await gateway.end();
  const start = performance.now();
  await gateway.start();
  return performance.now() - start;
}

async function sizes(): Promise<Figure[]> {
  const tarball = await packOnce();
  const { stdout } = await runProgram(["tar", "-tvzf", tarball], {
    cwd: DIST,
    env: process.env,
    timeoutMs: 60_000,
  });
  const files = stdout.split("\n").flatMap((line) => (line === "" ? [] : [Number(line.split(/\s+/)[2])]));
  const setup = importGraph(join(DIST, "setup-entry.js"));
  const whole = importGraph(join(DIST, "index.js"));
  return [
    { name: "files of the setup entry", value: setup.size, floor: whole.size, unit: "" },
    {
      name: "import graph of the setup entry, against the whole plugin",
      value: sizeOf(setup),
      floor: sizeOf(whole),
      unit: "KB",
      target: { value: 120 },
    },
    { name: "tarball", value: (await stat(tarball)).size / KILOBYTE, unit: "KB" },
    { name: "installed", value: files.reduce((all, bytes) => all + bytes, 0) / KILOBYTE, unit: "KB" },
  ];
}
