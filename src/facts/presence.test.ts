import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { decodePresence } from "./presence.ts";

/** The arguments of every recorded frame of `user-status`. */
function recorded(version: string): unknown[][] {
  const file = new URL(`../../test/fixtures/recordings/rocketchat-${version}.jsonl.gz`, import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n");
  return lines.flatMap((line) => {
    const { dir, frame } = JSON.parse(line);
    return dir === "in" && frame?.fields?.eventName === "user-status" ? [frame.fields.args] : [];
  });
}

it.each(["6.5.3", "7.7.1", "8.3"])("reads whatever a real server told: %s", (version) => {
  const news = recorded(version).map(decodePresence);
  expect(news.length).toBeGreaterThan(20);
  expect(news).not.toContain(undefined);
  expect(new Set(news.map((one) => one?.presence))).toEqual(new Set(["active", "away", "busy"]));
});

it.each([
  [0, "away"],
  [1, "active"],
  [2, "away"],
  [3, "busy"],
])("reads the status %i as %s", (status, presence) => {
  expect(decodePresence([["a", "alice", status, "lunch", "Alice", ["user"]]])).toEqual({
    userId: "a",
    username: "alice",
    presence,
    isBot: false,
  });
});

it.each([
  [[]],
  [[null]],
  [["a"]],
  [[[]]],
  [[["a", "alice"]]],
  [[["", "alice", 1]]],
  [[[1, "alice", 1]]],
  [[["a", "alice", 4]]],
  [[["a", "alice", -1]]],
  [[["a", "alice", "1"]]],
])("reads nothing in %j", (args) => {
  expect(decodePresence(args)).toBeUndefined();
});

it("tells bots by their role, and an absent name from a name", () => {
  expect(decodePresence([["a", null, 1, null, null, ["user", "bot"]]])).toMatchObject({
    username: undefined,
    isBot: true,
  });
});
