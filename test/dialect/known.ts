// Owns the list of differences between what was meant and what a version of Rocket.Chat shows that stay, each with its reason.

import type { Run } from "./meaning.ts";

interface Difference {
  readonly parsers: readonly string[];
  readonly reason: string;
  /** What is shown as if the difference were none. */
  readonly forgive: (run: Run) => Run;
}

export const KNOWN: readonly Difference[] = [
  {
    parsers: ["0.31.36"],
    reason:
      "A block in which a line of code ends with a backtick is none to this parser, so a space stands behind.",
    forgive: (run) =>
      run.styles.some((style) => style.startsWith("block:"))
        ? { ...run, text: run.text.replace(/` (?=\n|$)/g, "`") }
        : run,
  },
];

export function withoutKnown(version: string, runs: readonly Run[]): Run[] {
  const known = KNOWN.filter(({ parsers }) => parsers.includes(version));
  return runs.map((run) => known.reduce((left, { forgive }) => forgive(left), run));
}
