// Owns the command `npm run chaos -- --seeds 40`, or `--seed 17` for one: plays seeds against one gateway and reports.

import { parseArgs } from "node:util";
import { packPlugin } from "../../demo/pack.ts";
import { closeSandboxes, openSandbox } from "../../demo/sandbox.ts";
import { playSeed } from "./seed.ts";
import { startTown } from "./town.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    seed: { type: "string" },
    from: { type: "string", default: "1" },
    "no-restarts": { type: "boolean", default: false },
    previews: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log("usage: npm run chaos -- [--seeds 10] [--from 1] [--seed ONE] [--no-restarts] [--previews]");
  process.exit(0);
}
const first = Number(values.seed ?? values.from);
const last = values.seed === undefined ? first + Number(values.seeds) - 1 : first;

const sandbox = await openSandbox("pack");
try {
  const town = await startTown({ tarball: await packPlugin(sandbox.folder), previews: values.previews });
  let failed = 0;
  let asked = 0;
  const startedAt = performance.now();
  for (let seed = first; seed <= last; seed += 1) {
    const from = performance.now();
    const outcome = await playSeed(town, seed, { restarts: !values["no-restarts"] });
    asked += outcome.asked;
    if (outcome.failures.length > 0) failed += 1;
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const verdict = outcome.failures.length === 0 ? "ok" : `FAILED: ${outcome.failures.join("; ")}`;
    console.log(
      `seed ${seed}: ${outcome.asked} questions in ${seconds} s, ${outcome.troubles.join(", ") || "no trouble"}: ${verdict}`,
    );
  }
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(`${last - first + 1} seeds, ${asked} questions, ${failed} seeds failed, ${minutes} minutes`);
  if (failed > 0) {
    process.exitCode = 1;
    if (values.seed !== undefined) console.log(town.gateway.output);
  }
  await town.close();
} finally {
  await sandbox.close();
  await closeSandboxes();
}
