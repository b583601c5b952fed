// Owns what `!approve` and `!deny` say: which request, and what is decided about it.

import type { Command } from "./parse.ts";

/** OpenClaw's words for what may be decided. */
export type Decision = "allow-once" | "allow-always" | "deny";

export interface Approval {
  /** As the question names it, whole or its first characters. */
  readonly id: string;
  readonly decision: Decision;
}

/** The spellings that OpenClaw's own `/approve` takes as well. */
const DECISIONS: ReadonlyMap<string, Decision> = new Map([
  ["allow", "allow-once"],
  ["once", "allow-once"],
  ["allow-once", "allow-once"],
  ["allowonce", "allow-once"],
  ["always", "allow-always"],
  ["allow-always", "allow-always"],
  ["allowalways", "allow-always"],
  ["deny", "deny"],
  ["reject", "deny"],
  ["block", "deny"],
]);

/**
 * Reads `ID`, `ID DECISION` or `DECISION ID`; undefined when it is none of these. `!approve ID` alone allows once,
 * `!deny ID` denies.
 */
export function readApproval({ kind, args }: Command): Approval | undefined {
  const [first = "", second, ...more] = args.replaceAll("`", "").trim().split(/\s+/);
  if (first === "" || more.length > 0) return undefined;
  const before = DECISIONS.get(first.toLowerCase());
  if (second === undefined) {
    const decision = kind === "deny" ? "deny" : "allow-once";
    return before === undefined ? { id: first, decision } : undefined;
  }
  const behind = DECISIONS.get(second.toLowerCase());
  if (kind === "deny") return undefined;
  if (before !== undefined) return { id: second, decision: before };
  return behind && { id: first, decision: behind };
}

/** The reactions that OpenClaw's channels decide by, under Rocket.Chat's names. */
const REACTIONS: ReadonlyMap<string, Decision> = new Map([
  ["thumbsup", "allow-once"],
  ["+1", "allow-once"],
  ["infinity", "allow-always"],
  ["thumbsdown", "deny"],
  ["-1", "deny"],
]);

/** What a reaction to a question decides, in any skin tone; undefined: nothing. `emoji` is a name with colons. */
export function readDecision(emoji: string): Decision | undefined {
  return REACTIONS.get(emoji.replace(/^:|(?:_tone[1-5])?:$/g, ""));
}
