// Owns finding what a built entry loads at once.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const KILOBYTE = 1024;
const IMPORT = /(?:\bfrom\s*|\bimport\s*)"(\.[^"]+)"/g;

/** Our own files that a bundle's entry loads, with their sizes: what it imports at once, not what it may load later. */
export function importGraph(file: string, found = new Map<string, number>()): ReadonlyMap<string, number> {
  if (found.has(file)) return found;
  const text = readFileSync(file, "utf8");
  found.set(file, Buffer.byteLength(text) / KILOBYTE);
  for (const [, path = ""] of text.matchAll(IMPORT)) importGraph(join(dirname(file), path), found);
  return found;
}

/** All files of a graph together. KB. */
export function sizeOf(graph: ReadonlyMap<string, number>): number {
  return [...graph.values()].reduce((all, kilobytes) => all + kilobytes, 0);
}
