// Owns the test that what is built loads on every supported host, and that its setup entry is light.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { importGraph, sizeOf } from "./import-graph.ts";
import { findMissing, REMOVED_SUBPATHS } from "./specifiers.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const manifestSchema = z.object({ exports: z.record(z.string(), z.unknown()) });
const { exports } = manifestSchema.parse(JSON.parse(read("node_modules/openclaw/package.json")));
const exported = new Set(Object.keys(exports));

const files = globSync("dist/**/*.js", { cwd: ROOT }).sort();

describe("the built plugin", () => {
  it("asks for nothing that a supported OpenClaw lacks", () => {
    expect(files.length).toBeGreaterThan(3);
    expect(findMissing(new Map(files.map((file) => [file, read(file)])), exported)).toEqual([]);
  });

  it.each(REMOVED_SUBPATHS)("would be refused with %s, asked for at once or later", (subpath) => {
    const specifier = subpath.replace("./", "openclaw/");
    expect(exported).toContain(subpath);
    const code = new Map([
      ["a.js", `import { x } from "${specifier}";`],
      ["b.js", `const later = () => import("${specifier}");`],
    ]);
    expect(findMissing(code, exported)).toEqual([`a.js: ${subpath}`, `b.js: ${subpath}`]);
  });

  it("would be refused with what no OpenClaw has", () => {
    expect(findMissing(new Map([["a.js", 'import "openclaw/plugin-sdk/nowhere";']]), exported)).toHaveLength(
      1,
    );
  });

  it("has a setup entry of at most 120 KB with all that it loads at once: OpenClaw does so on many commands", () => {
    const graph = importGraph(join(ROOT, "dist", "setup-entry.js"));
    expect(graph.size).toBeGreaterThan(1);
    expect(sizeOf(graph)).toBeLessThanOrEqual(120);
  });

  it.each(files)("loads %s", async (file) => {
    await expect(import(pathToFileURL(join(ROOT, file)).href)).resolves.toBeDefined();
  });
});
