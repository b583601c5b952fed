import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { commandsToHelp } from "./documented-commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("a command of the project that a page tells", () => {
  it.each([...commandsToHelp("npm")])(
    "%s takes the options that are told",
    async (words, options) => {
      const name = words.split(" ").at(-1) ?? "";
      const { stdout } = await promisify(execFile)(process.execPath, ["scripts/run.mjs", name, "--help"], {
        cwd: root,
      });
      for (const option of options) expect(stdout).toContain(option);
    },
    60_000,
  );
});
