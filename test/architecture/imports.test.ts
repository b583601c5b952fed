import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findViolations, reachableFrom, readSources } from "./imports.ts";

const sources = readSources(fileURLToPath(new URL("../..", import.meta.url)));
const withFile = (path: string, text: string) => findViolations(new Map([[path, text]]));

describe("the import rules", () => {
  it("hold in the whole project", () => {
    expect(sources.size).toBeGreaterThan(40);
    expect(findViolations(sources)).toEqual([]);
  });

  it.each([
    [
      "src/ddp/x.ts",
      'import { a } from "../rest/client.ts";',
      "src/ddp/x.ts:1 may not import src/rest/client.ts",
    ],
    ["src/facts/x.ts", 'import fs from "node:fs";', "src/facts/x.ts:1 may not import node:fs"],
    ["src/policy/x.ts", 'import { a } from "openclaw/plugin-sdk/routing";', "openclaw/plugin-sdk/routing"],
    ["src/turn/x.ts", 'import { a } from "../connection/driver.ts";', "src/connection/driver.ts"],
    ["src/outbound/x.ts", 'import { a } from "../turn/turn.ts";', "src/turn/turn.ts"],
    ["src/connection/x.ts", 'import { a } from "../rest/client.ts";', "src/rest/client.ts"],
    [
      "src/rest/x.ts",
      'export { a } from "openclaw/plugin-sdk/ssrf-runtime";',
      "openclaw/plugin-sdk/ssrf-runtime",
    ],
    ["src/intake/x.ts", 'import { a } from "../turn/turn.ts";', "src/turn/turn.ts"],
    ["src/openclaw/surface/x.ts", 'import { a } from "../intake/queue.ts";', "src/openclaw/intake/queue.ts"],
    ["src/openclaw/turn/x.ts", 'import { a } from "../intake/queue.ts";', "src/openclaw/intake/queue.ts"],
    ["src/openclaw/config/x.ts", 'import { a } from "../account/link.ts";', "src/openclaw/account/link.ts"],
    ["src/openclaw/setup/x.ts", 'import { a } from "../../../emulator/world.ts";', "emulator/world.ts"],
    ["src/openclaw/setup/x.ts", 'const a = await import("../../../demo/main.ts");', "demo/main.ts"],
    ["emulator/x.ts", 'import { decodeMessage } from "../src/facts/message.ts";', "src/facts/message.ts"],
    ["src/errors.ts", 'import {\n  a,\n} from "./rest/client.ts";', "src/errors.ts:3 may not import"],
    ["src/elsewhere/x.ts", "", "stands in no folder"],
  ])("refuse in %s: %s", (path, text, complaint) => {
    expect(withFile(path, text)).toEqual([expect.stringContaining(complaint)]);
  });

  it("let the emulator share types of the wire and the facts", () => {
    expect(withFile("emulator/x.ts", 'import type { MessageFacts } from "../src/facts/message.ts";')).toEqual(
      [],
    );
  });

  it.each([
    ["src/ddp/x.ts", "const now = Date.now();"],
    ["src/facts/x.ts", "const chance = Math.random();"],
    ["src/policy/x.ts", "setTimeout(run, 5);"],
    ["src/connection/states.ts", "const home = process.env.HOME;"],
    ["src/connection/socket.ts", "setTimeout(run, 5);"],
    ["src/retry.ts", "const at = new Date();"],
  ])("keep time, chance and the process out of %s: %s", (path, text) => {
    expect(withFile(path, text)).toHaveLength(1);
  });

  it("let pure files name impure things in comments", () => {
    expect(withFile("src/ddp/x.ts", "// Date.now() arrives as an argument\n * not setTimeout")).toEqual([]);
  });
});

describe("the light entry", () => {
  it("loads nothing that a conversation or a question to the server needs", () => {
    const reached = [...reachableFrom("setup-entry.ts", sources)];
    expect(reached).toContain("src/openclaw/setup/plugin.ts");
    const heavy = /^src\/(connection|ddp|intake|rest|turn|outbound)\/|websocket|node:sqlite|^ws$/;
    expect(reached.filter((path) => heavy.test(path))).toEqual([]);
  });

  it("is told apart from the full path, which loads them when an account starts", () => {
    const reached = [...reachableFrom("src/openclaw/gateway.ts", sources)];
    expect(reached).toContain("openclaw/plugin-sdk/websocket-runtime");
    expect(reached).toContain("src/connection/driver.ts");
  });
});
