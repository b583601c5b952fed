import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StorageError } from "../../errors.ts";
import { openCooldown } from "./cooldown.ts";

const HOUR = 60 * 60_000;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "presence-"));
  file = join(folder, "presence-default.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (hour: number, serverUrl = "https://chat.example.org") =>
  openCooldown({ accountId: "default", serverUrl }, { file, now: () => hour * HOUR });

it("lets each person be told of once in eight hours, over restarts", () => {
  expect([at(10).take("a"), at(17).take("a"), at(17).take("b"), at(18).take("a")]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

it("forgets what was not told after all", () => {
  expect(at(10).take("a")).toBe(true);
  at(10).giveBack("a");
  expect(at(10).take("a")).toBe(true);
});

it("counts nothing of another server, and nothing of a clock that was ahead", () => {
  expect(at(10).take("a")).toBe(true);
  expect(at(10, "https://other.example.org").take("a")).toBe(true);
  expect(at(9, "https://other.example.org").take("a")).toBe(true);
});

it("says so when its file cannot be read", () => {
  writeFileSync(file, "half of it");
  expect(() => at(10).take("a")).toThrow(StorageError);
});
