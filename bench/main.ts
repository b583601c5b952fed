// Owns the table of benches: each runs real parts on this machine, prints what it measured, and says whether it is enough.
//
// `npm run bench -- NAME …` runs the named ones, without names all of them.

import { benchStop } from "./stop.ts";

/** A bench prints its numbers by `print` and answers whether its targets were met. */
export type Bench = (print: (line: string) => void) => Promise<boolean>;

const BENCHES: Readonly<Record<string, Bench>> = {
  stop: benchStop,
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}"; there are: ${Object.keys(BENCHES).join(", ")}.`);
  process.exitCode = 2;
} else {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`# ${name}`);
    if (!(await bench((line) => console.log(line)))) process.exitCode = 1;
  }
}
