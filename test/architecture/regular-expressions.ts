// Owns finding every regular expression of the sources, and the checker's word on how long each may take.

import { checkSync } from "recheck";
import { parseAst } from "rolldown/parseAst";

export interface Expression {
  /** `src/facts/quote.ts:6` */
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** Without these nothing is repeated without end. */
const REPEATS = /[*+]|\{\d+,\}/;

const LIMITS = { checker: "automaton", timeout: 60_000 } as const;
/** What the automaton does not know, such as looking around, is attacked instead, always with the same random numbers. */
const ATTACK = {
  checker: "fuzz",
  timeout: 60_000,
  randomSeed: 1,
  attackLimit: 100_000_000,
  incubationLimit: 5000,
  maxInitialGenerationSize: 100,
  maxGenerationSize: 50,
  maxIteration: 5,
} as const;

/** All literals of a source; `new RegExp` counts as one that cannot be read, and is refused. */
export function findExpressions(path: string, text: string): Expression[] {
  const found: Expression[] = [];
  visit(parseAst(text, { lang: "ts" }), (node) => {
    const place = `${path}:${text.slice(0, node.start).split("\n").length}`;
    const regex = "regex" in node ? node.regex : undefined;
    if (isRegex(regex)) found.push({ place, source: regex.pattern, flags: regex.flags });
    const callee = "callee" in node ? node.callee : undefined;
    if (isNode(callee) && "name" in callee && callee.name === "RegExp")
      found.push({ place, source: UNREADABLE, flags: "" });
  });
  return found;
}

const UNREADABLE = "new RegExp";

/** Why an expression is refused; undefined when its time grows no more than linearly with the text. */
export function judgeExpression({ source, flags }: Expression): string | undefined {
  if (source === UNREADABLE) return "is built at run time, where nothing can check it: write it as a literal";
  if (!REPEATS.test(source)) return undefined;
  const proof = checkSync(source, flags, LIMITS);
  const found = proof.status === "unknown" ? checkSync(source, flags, ATTACK) : proof;
  if (found.status === "safe") return undefined;
  if (found.status === "unknown") return "is too much for the checker";
  return `takes time that is ${found.complexity.summary}`;
}

interface Node {
  readonly type: string;
  readonly start: number;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function isRegex(value: unknown): value is { pattern: string; flags: string } {
  return typeof value === "object" && value !== null && "pattern" in value && "flags" in value;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const each of value) visit(each, see);
  if (!isNode(value)) return;
  see(value);
  for (const child of Object.values(value)) visit(child, see);
}
