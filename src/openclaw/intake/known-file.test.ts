import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compareRevisions, decodeRevision, type Revision } from "../../facts/change.ts";
import type { Known } from "../../intake/known.ts";
import { createLog } from "../../log.ts";
import { openKnownFile } from "./known-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "known-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const owner = { serverUrl: "https://chat.example.org", userId: "bot" };
const room = { roomParticipant: true, roomType: "c", roomName: "town" };
const warned: string[] = [];
const log = createLog(
  { info: () => {}, warn: (line) => void warned.push(line), error: () => {} },
  { prefix: "test", secrets: [] },
);

const document = {
  _id: "m1",
  rid: "r1",
  tmid: "m0",
  msg: "a secret plan",
  ts: { $date: 1000 },
  _updatedAt: { $date: 5000 },
  editedAt: { $date: 2000 },
  editedBy: { _id: "bob", username: "bob" },
  u: { _id: "alice", username: "alice" },
  reactions: { ":eyes:": { usernames: ["bob", "carol"] }, __proto__: undefined },
  pinned: true,
  pinnedAt: { $date: 3000 },
  pinnedBy: { _id: "bob", username: "bob" },
  drid: "d1",
  tcount: 3,
  urls: [{ url: "https://example.org", meta: { title: "x" } }],
};

function revisionOf(change: object = {}): Revision {
  return decodeRevision({ ...document, ...change }) ?? expect.fail("no revision");
}

const known = (change: object = {}, mentioned = true): Known => ({
  revision: revisionOf(change),
  mentioned,
  room,
});
const name = (file: string): string => join(folder, "rocketchat", file);

it("brings back what tells the next change of a message, once, and no text", () => {
  const file = name("known-a.json");
  const remembered = openKnownFile(file, owner, log);
  expect(remembered.take()).toEqual([]);
  remembered.put([known(), known({ _id: "m2", t: "rm" }, false)]);
  expect(readFileSync(file, "utf8")).not.toContain("secret");
  const [first, second, ...more] = openKnownFile(file, owner, log).take();
  expect(more).toEqual([]);
  expect(first).toMatchObject({ mentioned: true, room });
  expect(second).toMatchObject({ mentioned: false, revision: { id: "m2", deleted: true } });
  const later = { _updatedAt: { $date: 6000 }, reactions: { ":eyes:": { usernames: ["bob"] } } };
  expect(compareRevisions(first?.revision, revisionOf(later))).toEqual([
    { kind: "reaction-removed", emoji: ":eyes:", username: "carol" },
  ]);
  expect(existsSync(file)).toBe(false);
  expect(remembered.take()).toEqual([]);
});

it("brings back nothing of another bot user or another server, nor of a damaged file", () => {
  const file = name("known-b.json");
  const others = [
    { ...owner, userId: "another" },
    { ...owner, serverUrl: "https://other.example.org" },
  ];
  for (const other of others) {
    openKnownFile(file, owner, log).put([known()]);
    expect(openKnownFile(file, other, log).take()).toEqual([]);
  }
  for (const text of ["", "{", "[]", '{"messages": 5}', JSON.stringify({ ...owner, messages: [{}, 7] })]) {
    writeFileSync(file, text);
    expect(openKnownFile(file, owner, log).take()).toEqual([]);
  }
});

it("leaves out a message with more reactions than are remembered", () => {
  const file = name("known-c.json");
  const usernames = Array.from({ length: 10_000 }, (_, index) => `person${index}`);
  const many = { _id: "m3", reactions: { ":eyes:": { usernames } } };
  openKnownFile(file, owner, log).put([known(many), known()]);
  const taken = openKnownFile(file, owner, log).take();
  expect(taken.map(({ revision }) => revision.id)).toEqual(["m1"]);
});

it("says in the log when it cannot be stored, and fails nothing", () => {
  openKnownFile(join(folder, "rocketchat"), owner, log).put([known()]);
  expect(warned.join()).toContain("cannot be stored");
});
