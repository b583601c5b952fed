// Owns which commands the project's pages tell people to run, and what becomes of each in the tests.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "specs/*.md"];

const PROGRAMS = /^(openclaw|npm|npx|node) /;

/** Each command once, as it is written, with the first page that tells it. */
export function readDocumentedCommands(): Map<string, string> {
  const found = new Map<string, string>();
  for (const page of globSync(PAGES, { cwd: ROOT })) {
    for (const command of commandsOf(readFileSync(join(ROOT, page), "utf8")))
      if (PROGRAMS.test(command) && !found.has(command)) found.set(command, page);
  }
  return found;
}

function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, block = ""]) =>
    block.split("\n"),
  );
  const prose = text.replace(/^ *```[\s\S]*?^ *```/gm, "").replace(/\s+/g, " ");
  const inline = [...prose.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
  return [...blocks, ...inline]
    .flatMap((line) => line.split("&&"))
    .map((line) => (line.split(/ \\?\| /, 1)[0] ?? "").trim());
}

/** How a command is tried: really, by a test of a gateway; its words and options alone; or not, for a reason. */
export type Trial =
  | { readonly by: "gateway"; readonly file: string }
  | { readonly by: "help" }
  | { readonly by: "check"; readonly name: string }
  | { readonly by: "nothing"; readonly reason: string };

const setup: Trial = { by: "gateway", file: "test/gateway/setup.test.ts" };
const firstLight: Trial = { by: "gateway", file: "test/gateway/first-light.test.ts" };
const trust: Trial = { by: "gateway", file: "test/gateway/trust.test.ts" };
const help: Trial = { by: "help" };
const check = (name: string): Trial => ({ by: "check", name });
const nothing = (reason: string): Trial => ({ by: "nothing", reason });

/** By the words that a command begins with; the longest that fit say. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  "openclaw backup create": nothing("it is OpenClaw's own and copies all of its state"),
  "openclaw channels add": setup,
  "openclaw channels capabilities": help,
  "openclaw channels dead-letters list": help,
  "openclaw channels logs": help,
  "openclaw channels remove": help,
  "openclaw channels status": firstLight,
  "openclaw config set": help,
  "openclaw config validate": help,
  "openclaw directory groups list": help,
  "openclaw directory groups members": help,
  "openclaw directory peers list": help,
  "openclaw gateway run": { by: "gateway", file: "demo/gateway.ts" },
  "openclaw pairing approve": firstLight,
  "openclaw pairing list": help,
  "openclaw plugins inspect": firstLight,
  "openclaw plugins install": { by: "gateway", file: "demo/gateway.ts" },
  "openclaw plugins reload": setup,
  "openclaw plugins uninstall": help,
  "openclaw rocketchat doctor": setup,
  "openclaw rocketchat names": { by: "gateway", file: "test/gateway/restart.test.ts" },
  "openclaw rocketchat provision": setup,
  "openclaw rocketchat deprovision": help,
  "openclaw rocketchat rotate": setup,
  "openclaw secrets audit": trust,
  "openclaw security audit": trust,
  "npm start": help,
  "npm test": nothing("it is what runs this"),
  "npm login": nothing("it asks for an account"),
  "npm publish": nothing("it publishes"),
  "npx clawhub login": nothing("it asks for an account"),
  "npx clawhub package publish": nothing("it publishes"),
  "npm pack": { by: "gateway", file: "demo/pack.ts" },
  "npm run bench": nothing("it measures for minutes"),
  "npm run browser": check("browser"),
  "npm run build": check("build"),
  "npm run chaos": help,
  "npm run contract": help,
  "npm run emulator": help,
  "npm run format": check("lint"),
  "npm run gateway": check("gateway"),
  "npm run knip": check("knip"),
  "npm run lint": check("lint"),
  "npm run manifest": nothing("tests compare what it writes with what stands there"),
  "node scripts/picture.ts": nothing("a test compares what it draws with what stands there"),
  "npm run release": help,
  "npm run screenshots": help,
  "npm run soak": help,
  "npm run types": check("types"),
  "npm run unit": check("unit"),
  "node --version": nothing("it is Node's own"),
};

/** The words of TRIALS that a command begins with. */
export function wordsOf(command: string): string | undefined {
  const fitting = Object.keys(TRIALS).filter((words) => `${command} `.startsWith(`${words} `));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

/** The options that a command is documented with, such as `--room`. */
export function optionsOf(command: string): string[] {
  return command.match(/(?<= )--?[a-z][\w-]*/g) ?? [];
}

/** The documented commands whose help is to be read, with the options that must stand in it. */
export function commandsToHelp(program: "openclaw" | "npm"): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const command of readDocumentedCommands().keys()) {
    const words = wordsOf(command);
    if (words === undefined || !words.startsWith(program) || TRIALS[words]?.by !== "help") continue;
    found.set(words, new Set([...(found.get(words) ?? []), ...optionsOf(command)]));
  }
  return found;
}
