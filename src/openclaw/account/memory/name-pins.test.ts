import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { nameOfPin, openNamePins } from "./name-pins.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "name-pins-"));
  file = join(folder, "rocketchat", "names-default.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (serverUrl = "https://chat.example.org", now = 0) =>
  openNamePins({ accountId: "default", serverUrl }, { file, now: () => now });

it("keeps what names mean, and since when, for the server's address alone", () => {
  expect(open().list()).toEqual([]);
  open().write(new Map([["@alice", "A"]]));
  open(undefined, 86_400_000).write(
    new Map([
      ["@alice", "A"],
      ["#?ops", "O"],
    ]),
  );
  expect(open().list()).toEqual([
    { key: "@alice", id: "A", since: "1970-01-01T00:00:00.000Z" },
    { key: "#?ops", id: "O", since: "1970-01-02T00:00:00.000Z" },
  ]);
  expect(open().list().map(nameOfPin)).toEqual(["@alice", "ops"]);
  expect([...open().read()]).toEqual([
    ["@alice", "A"],
    ["#?ops", "O"],
  ]);
  expect(open("https://other.example.org").list()).toEqual([]);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("passes no damaged file over: its names may mean others by now", () => {
  open().write(new Map([["@alice", "A"]]));
  for (const damage of ["", "{", "[]", readFileSync(file, "utf8").slice(0, -1)]) {
    writeFileSync(file, damage);
    expect(() => open().read()).toThrow(/cannot be read. Mend it, or remove it/);
  }
});
