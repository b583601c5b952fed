import { expect, it } from "vitest";
import { createBursts } from "./bursts.ts";

function setUp() {
  let time = 0;
  const bursts = createBursts({ now: () => time });
  let count = 0;
  const tell = (text: string, where: { session?: string; group?: string } = {}) => {
    count += 1;
    return bursts.add(where.session ?? "s1", { identity: `e${count}`, group: where.group ?? "g", text });
  };
  const pass = (ms: number): void => {
    time += ms;
  };
  return { bursts, tell, pass };
}

it("tells what follows closely in the line of the first", () => {
  const { tell, pass } = setUp();
  expect(tell("one")).toEqual({ key: "e1", text: "one" });
  pass(30_000);
  expect(tell("two")).toEqual({ key: "e1", text: "one; two" });
  pass(30_001);
  expect(tell("three")).toEqual({ key: "e3", text: "three" });
});

it("keeps sessions and kinds apart", () => {
  const { tell } = setUp();
  tell("one");
  expect(tell("two", { session: "s2" })).toEqual({ key: "e2", text: "two" });
  expect(tell("three", { group: "h" })).toEqual({ key: "e3", text: "three" });
});

it("begins anew once the agent has read", () => {
  const { bursts, tell } = setUp();
  tell("one");
  bursts.close("s1");
  expect(tell("two")).toEqual({ key: "e2", text: "two" });
});

it("counts what is too much to tell", () => {
  const { tell } = setUp();
  for (let index = 0; index < 22; index += 1) tell("x");
  const { key, text } = tell("x");
  expect(key).toBe("e1");
  expect(text).toMatch(/^(x; ){20}and 3 more$/);
});

it("remembers no session whose burst is over, though it never had a turn", () => {
  const { bursts, tell, pass } = setUp();
  for (let index = 0; index < 1_000; index += 1) tell("hello", { session: `s${index}` });
  expect(bursts.size()).toBe(1_000);
  pass(30_001);
  tell("one more", { session: "last" });
  expect(bursts.size()).toBe(1);
});
