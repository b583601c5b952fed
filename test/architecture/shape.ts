// Owns measuring the shape of the code: how long functions are, how full folders, and which files import each other in a circle.

import { dirname } from "node:path";
import { type Node, parseSync } from "oxc-parser";
import { readImports, type Sources } from "./imports.ts";

export interface FunctionSize {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  /** From its first line to its last. */
  readonly lines: number;
}

/** Every function with a body of statements, methods and callbacks included. */
export function measureFunctions(path: string, source: string): FunctionSize[] {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`);
  const lineOf = countLines(source);
  const found: FunctionSize[] = [];
  walk(program, "", (node, name) => {
    const line = lineOf(node.start);
    found.push({ path, line, name, lines: lineOf(node.end) - line + 1 });
  });
  return found;
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const BODIES = new Set(["FunctionBody", "BlockStatement"]);

/** Tells every function below `value`, with what it is called there. */
function walk(value: unknown, name: string, tell: (node: Node, name: string) => void): void {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, name, tell);
    return;
  }
  if (!isNode(value)) return;
  const own = nameOf(value) ?? name;
  if (FUNCTIONS.has(value.type) && "body" in value && isNode(value.body) && BODIES.has(value.body.type))
    tell(value, own);
  for (const child of Object.values(value)) walk(child, own, tell);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function nameOf(node: Node): string | undefined {
  const named = "id" in node ? node.id : "key" in node ? node.key : undefined;
  return isNode(named) && "name" in named && typeof named.name === "string" ? named.name : undefined;
}

function countLines(source: string): (offset: number) => number {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}

/** The length that nine functions of ten do not exceed. */
export function percentile90(sizes: readonly FunctionSize[]): number {
  const sorted = sizes.map(({ lines }) => lines).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.9)] ?? 0;
}

/** The circles of imports, types included: each the paths of files that reach one another. */
export function findCircles(sources: Sources): string[][] {
  const edges = new Map(
    [...sources].map(([path, source]) => [
      path,
      readImports(path, source).flatMap(({ to }) => (sources.has(to) ? [to] : [])),
    ]),
  );
  const reach = new Map([...sources.keys()].map((path) => [path, reachFrom(path, edges)]));
  const circles = new Map<string, string[]>();
  for (const [path, reached] of reach) {
    if (!reached.has(path)) continue;
    const circle = [...reached].filter((other) => reach.get(other)?.has(path)).sort();
    circles.set(circle.join(" "), circle);
  }
  return [...circles.values()];
}

function reachFrom(start: string, edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const open = [...(edges.get(start) ?? [])];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...(edges.get(path) ?? []));
  }
  return reached;
}

/** Folders of which more than `most` files are no tests, as `folder: count`. */
export function findFullFolders(paths: Iterable<string>, most: number): string[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = dirname(path);
    if (!path.endsWith(".test.ts") && folder !== ".") counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > most).map(([folder, count]) => `${folder}: ${count}`);
}
