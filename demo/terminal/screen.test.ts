// Owns the tests of the transcript's layout.
import { expect, it } from "vitest";
import { layUtterance } from "./screen.ts";

const at = new Date(2026, 0, 2, 9, 5, 7);

it("puts time, place, person and text into columns", () => {
  expect(layUtterance({ at, where: "#general", who: "alice", text: "hello" })).toBe(
    "  09:05:07  #general                   alice         hello",
  );
});

it("keeps the columns when a place is long or a text has several lines", () => {
  const where = "#general › a thread with a long beginning";
  const [first, empty, last] = layUtterance({ at, where, who: "bob", text: "one\n\ntwo" }).split("\n");
  expect(first).toBe("  09:05:07  #general › a thread with … bob           one");
  expect(empty).toBe("");
  expect(last).toBe(`${" ".repeat(53)}two`);
});
