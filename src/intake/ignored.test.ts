// Owns the test of what reading a message takes that concerns nobody: bytes, not time.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, "..", "..", "test", "support", "allocations.ts");
const FLAGS = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=256"];
const measuredSchema = z.object({
  parsed: z.number(),
  whole: z.number(),
  outcomes: z.record(z.string(), z.number()),
});

/** Half as much again as it takes now: a line of log, a promise for each step or another copy of the facts would show. */
const MAX_BYTES_BEYOND_PARSING = 7_000;

it("a message that concerns nobody allocates little beyond its parsed frame", async () => {
  const { stdout } = await run(process.execPath, [...FLAGS, PROGRAM]);
  const { parsed, whole, outcomes } = measuredSchema.parse(JSON.parse(stdout));
  expect(Object.keys(outcomes).sort()).toEqual(["change-unwanted", "not-mentioned"]);
  // Something was measured: no document fits into less.
  expect(parsed).toBeGreaterThan(1_000);
  expect(whole - parsed).toBeLessThan(MAX_BYTES_BEYOND_PARSING);
}, 30_000);
