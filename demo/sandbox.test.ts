// Owns the tests of the sandbox: what it leaves behind when it closes and when its owner is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, it, vi } from "vitest";
import { openSandbox } from "./sandbox.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function startSleeper() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true });
  children.push(child);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return { id: child.pid ?? 0, ended };
}

it("removes its folder and kills what it cares for when it closes", async () => {
  const sandbox = await openSandbox("test");
  await writeFile(join(sandbox.folder, "file"), "content");
  const sleeper = startSleeper();
  sandbox.adopt(sleeper);
  await sandbox.close();
  await sleeper.ended;
  expect(existsSync(sandbox.folder)).toBe(false);
});

it("does the same when its owner is killed without warning", async () => {
  const owner = spawn(process.execPath, ["--input-type=module", "-e", OWNER], {
    stdio: ["ignore", "pipe", 2],
  });
  children.push(owner);
  const { folder, id }: { folder: string; id: number } = JSON.parse(await firstLine(owner));
  expect(existsSync(folder)).toBe(true);
  expect(isAlive(id)).toBe(true);
  owner.kill("SIGKILL");
  await vi.waitFor(() => expect([existsSync(folder), isAlive(id)]).toEqual([false, false]), 10_000);
});

it("leaves alone what has ended before", async () => {
  const sandbox = await openSandbox("test");
  // Its number stands for one that the system has given to somebody else by now.
  const stranger = startSleeper();
  sandbox.adopt({ id: stranger.id, ended: Promise.resolve() });
  await Promise.resolve();
  await sandbox.close();
  expect(isAlive(stranger.id)).toBe(true);
});

const OWNER = `
import { spawn } from "node:child_process";
import { openSandbox } from ${JSON.stringify(join(import.meta.dirname, "sandbox.ts"))};
const sandbox = await openSandbox("test");
const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
sandbox.adopt({ id: child.pid, ended: new Promise(() => {}) });
console.log(JSON.stringify({ folder: sandbox.folder, id: child.pid }));
setInterval(() => {}, 1000);
`;

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout) for await (const line of createInterface(child.stdout)) return line;
  throw new Error("The owner printed nothing.");
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
