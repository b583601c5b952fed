// A preload (`node --import`): on SIGUSR2 writes down what keeps the process alive, counted by kind.
//
// ROCKETCHAT_HELD  the folder that gets one JSON file for each process: {"Timeout": 12, "TCPSocketWrap": 3, …}
//
// Plain JavaScript, because it is loaded into every Node process.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

const folder = process.env.ROCKETCHAT_HELD;

if (folder !== undefined && isMainThread) {
  process.on("SIGUSR2", () => {
    const counts = {};
    for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
    const file = join(folder, `${process.pid}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(counts));
    renameSync(`${file}.new`, file);
  });
}
