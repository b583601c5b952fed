// Owns the table of benches: each runs real parts on this machine and answers figures against their targets.
//
// `npm run bench -- NAME …` runs the named ones, without names all of them. A run of all is written to bench/results/.

import { writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { closeSandboxes } from "../demo/sandbox.ts";
import { benchAnswering } from "./answering.ts";
import { benchBurst } from "./burst.ts";
import { type Bench, type Figure, formatTable, isMet, type Verdict } from "./figures.ts";
import { benchFiles } from "./files.ts";
import { benchDialect } from "./hostile/dialect.ts";
import { benchHostile } from "./hostile/hostile.ts";
import { benchIgnored } from "./ignored.ts";
import { benchPreview } from "./preview.ts";
import { benchRecovery } from "./recovery.ts";
import { benchStart } from "./start.ts";
import { benchStop } from "./stop.ts";
import { benchWaiting } from "./waiting.ts";
import { benchWidth } from "./width.ts";

const BENCHES: Readonly<Record<string, Bench>> = {
  ignored: benchIgnored,
  answering: benchAnswering,
  preview: benchPreview,
  width: benchWidth,
  burst: benchBurst,
  waiting: benchWaiting,
  recovery: benchRecovery,
  files: benchFiles,
  start: benchStart,
  stop: verdictOf(benchStop),
  hostile: benchHostile,
  dialect: benchDialect,
};

const GIGABYTE = 1024 ** 3;

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}"; there are: ${Object.keys(BENCHES).join(", ")}.`);
  process.exitCode = 2;
} else {
  await runAll(Object.keys(BENCHES).filter((name) => names.length === 0 || names.includes(name)));
  await closeSandboxes();
  // What a bench that failed has left open must not hold up the end.
  process.exit();
}

async function runAll(chosen: readonly string[]): Promise<void> {
  const begun = new Date();
  const figures: Figure[] = [];
  const failures: string[] = [];
  for (const name of chosen) {
    console.log(`# ${name}`);
    try {
      const found = await BENCHES[name]?.((line) => console.log(line));
      figures.push(...(found ?? []).map((figure) => ({ ...figure, name: `${name}: ${figure.name}` })));
    } catch (error) {
      console.error(error);
      failures.push(`${name} failed: ${error instanceof Error ? error.message.split("\n", 1)[0] : error}`);
    }
  }
  const minutes = ((Date.now() - begun.getTime()) / 60_000).toFixed(1);
  const report = [
    `${machine()}, ${begun.toISOString()}, ${minutes} minutes.`,
    "",
    formatTable(figures),
    ...failures,
  ];
  console.log(["", ...report].join("\n"));
  if (names.length === 0) {
    const file = join(import.meta.dirname, "results", "latest.md");
    await writeFile(
      file,
      `${["# What the last whole run of `npm run bench` measured", "", ...report].join("\n")}\n`,
    );
  }
  if (failures.length > 0 || figures.some((figure) => isMet(figure) === false)) process.exitCode = 1;
}

function verdictOf(bench: Verdict): Bench {
  return async (say) => [
    { name: "targets missed", value: (await bench(say)) ? 0 : 1, unit: "", target: { value: 0 } },
  ];
}

function machine(): string {
  const [first, ...others] = cpus();
  const memory = Math.round(totalmem() / GIGABYTE);
  return `${first?.model ?? "unknown processor"}, ${others.length + 1} cores, ${memory} GiB, Node ${process.versions.node}`;
}
