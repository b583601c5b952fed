import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { buildParityPage } from "../../scripts/parity-page.ts";
import { PARITY } from "../../scripts/parity-table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(`${root}/${path}`, "utf8");
const rows = PARITY.flatMap((part) => part.rows);

/** Whether a title is given to a test of a source, at the beginning of its call or on a line of its own. */
function hasTest(source: string, title: string): boolean {
  const given = [`"${title}"`, `\`${title}\``];
  return given.some((text) => source.includes(`(${text}`) || source.includes(`(\n  ${text},`));
}

describe("what stands beside Slack's channel", () => {
  it.each(rows)("$slack", ({ standing }) => {
    const proofs = "proofs" in standing ? standing.proofs : [];
    expect(proofs.filter(({ file, title }) => !hasTest(read(file), title))).toEqual([]);
  });

  it("is told once each", () => {
    const told = rows.map(({ slack }) => slack);
    expect(told.filter((slack, index) => told.indexOf(slack) !== index)).toEqual([]);
  });

  it("is told in docs/PARITY.md as `npm run manifest` writes it", () => {
    expect(read("docs/PARITY.md")).toBe(buildParityPage());
  });
});

/** What the README's table of what works stands for, in the words of the rows above; nothing where Slack has no such thing. */
const WORKS: Readonly<Record<string, readonly string[]>> = {
  "direct messages, with pairing codes and lists of people": [
    "`dmPolicy`: pairing, allowlist, open, disabled",
    "pairing: a code, told once; the approval is told",
  ],
  "rooms, private rooms, teams, discussions, group DMs": [
    "`groupPolicy`: open, allowlist, disabled",
    "`dm.groupEnabled`, `dm.groupChannels`",
    "a user group that the bot is in",
  ],
  "threads; in rooms, each has its own session": [
    "a reply in a thread stays there",
    "session keys of direct messages, rooms, group DMs, threads",
  ],
  "files both ways, with text": ["captions, threads, several files", "`upload-file`, `download-file`"],
  "reactions, edits, deletions, both ways": [
    "`react`, `reactions`",
    "`edit`, `delete`",
    "`reactionNotifications`, `reactionAllowlist`",
    "edits, deletions, pins, comings and goings, renames",
  ],
  "Markdown in Rocket.Chat's dialect, tables, formulas, emoji": [
    "Markdown is written in the channel's dialect",
    "`markdown.tables`",
    "`emoji-list`",
  ],
  "answers that grow while they are written, if you want": [
    "`streaming.mode`, `preview`, `progress`, `block`",
  ],
  "commands in chat (`!status`, `!model`, `!stop`), approvals": [
    "text commands `/status`",
    "approving in chat",
  ],
  "answering what was missed during an outage": [],
  "several agents and accounts, set up from one file": ["`bindings` by account and peer"],
};

/** The rows of a table of the README, by the heading above it. */
function tableUnder(heading: string): string[][] {
  const [, part = ""] = read("README.md").split(`## ${heading}\n`);
  const lines = (part.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => line.split("|").map((cell) => cell.trim()));
}

describe("the README", () => {
  it("says that something works where every row of it has a test", () => {
    expect(tableUnder("What works").map(([, what]) => what)).toEqual(Object.keys(WORKS));
    const meant = Object.values(WORKS).flat();
    const proved = rows.filter(({ standing }) => "proofs" in standing && standing.proofs.length > 0);
    expect(meant.filter((wanted) => !proved.some(({ slack }) => slack === wanted))).toEqual([]);
  });

  it("promises what a file of tests holds", () => {
    const promises = tableUnder("What it promises");
    expect(promises.length).toBeGreaterThan(5);
    for (const [, , holders = ""] of promises) {
      const files = [...holders.matchAll(/\]\(([^)]+\.test\.ts)\)/g)].map(([, file = ""]) => file);
      expect(files).not.toEqual([]);
      for (const file of files) expect(read(file)).toMatch(/\bit(?:\.\w+\([^)]*\))?\(/);
    }
  });
});
