import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MAX_THREADS, openThreadMemory } from "./thread-memory.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "threads-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("knows after a restart which threads the bot began and in which it replied", () => {
  const before = openThreadMemory(folder, "default");
  before.noteOwnMessage({ id: "m1", threadId: undefined });
  before.noteOwnMessage({ id: "m2", threadId: "t1" });
  before.noteOwnMessage({ id: "m3", threadId: "m1" });
  before.close();
  const after = openThreadMemory(folder, "default");
  expect(["m1", "t1", "m2", "t2"].map((id) => after.role(id))).toEqual([
    "author",
    "participant",
    undefined,
    undefined,
  ]);
  after.close();
});

it("keeps the accounts apart", () => {
  const one = openThreadMemory(folder, "one");
  one.noteOwnMessage({ id: "m1", threadId: undefined });
  const two = openThreadMemory(folder, "two");
  expect(two.role("m1")).toBeUndefined();
  one.close();
  two.close();
});

it("still answers and takes notes in memory after it was closed", () => {
  const memory = openThreadMemory(folder, "default");
  memory.close();
  memory.noteOwnMessage({ id: "m1", threadId: "t1" });
  expect(memory.role("t1")).toBe("participant");
});

it("forgets the oldest threads beyond its limit", () => {
  const memory = openThreadMemory(folder, "default");
  for (let number = 0; number < MAX_THREADS + 600; number += 1)
    memory.noteOwnMessage({ id: `m${number}`, threadId: undefined });
  expect(memory.role("m0")).toBeUndefined();
  expect(memory.role(`m${MAX_THREADS + 599}`)).toBe("author");
  memory.close();
});
