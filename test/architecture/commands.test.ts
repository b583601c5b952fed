import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readDocumentedCommands, TRIALS, wordsOf } from "../support/documented-commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json")));
const commands = [...readDocumentedCommands()];

/** What npm does by itself, without a script of ours. */
const NPM_ITSELF = new Set(["pack", "login", "publish"]);

describe("the commands that the pages tell", () => {
  it("are found", () => {
    const written = commands.map(([command]) => command);
    expect(written).toEqual(
      expect.arrayContaining(["npm start", "openclaw rocketchat doctor", "npm pack", "openclaw gateway run"]),
    );
    expect(written.length).toBeGreaterThan(40);
  });

  it.each(commands)("%s (%s) is tried, or it is said why not", (command) => {
    expect(wordsOf(command)).toBeDefined();
  });

  it("are all that is said anything of", () => {
    const told = new Set(commands.map(([command]) => wordsOf(command)));
    expect(Object.keys(TRIALS).filter((words) => !told.has(words))).toEqual([]);
  });

  it.each(Object.entries(TRIALS))("%s is really there, and in the test that is named", (words, trial) => {
    const [program = "", ...rest] = words.split(" ");
    if (program === "npm" && !NPM_ITSELF.has(rest[0] ?? ""))
      expect(scripts).toHaveProperty([rest[0] === "run" ? (rest[1] ?? "") : (rest[0] ?? "")]);
    if (trial.by === "check") expect(read("scripts/run.mjs")).toContain(`key: "${trial.name}"`);
    if (trial.by !== "gateway") return;
    const parts = program === "npm" ? ["npm", ...rest] : rest;
    expect(read(trial.file)).toMatch(new RegExp(parts.map((part) => `"${part}"`).join(",\\s*")));
  });
});
