import { describe, expect, it } from "vitest";
import { createLanes } from "./lanes.ts";

describe("lanes", () => {
  it("do at once what needs no waiting", () => {
    const lanes = createLanes();
    expect(lanes.run("a", () => 1)).toBe(1);
    expect(lanes.isBusy("a")).toBe(false);
  });

  it("keep the order within a lane, and hold up no other", async () => {
    const lanes = createLanes();
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const note = (name: string) => () => void done.push(name);
    const first = lanes.run("a", () => gate.promise.then(note("a1")));
    const second = lanes.run("a", note("a2"));
    void lanes.run("b", note("b1"));
    expect([done, lanes.isBusy("a"), lanes.isBusy("b")]).toEqual([["b1"], true, false]);
    gate.resolve();
    await Promise.all([first, second]);
    expect(done).toEqual(["b1", "a1", "a2"]);
    await Promise.resolve();
    expect(lanes.isBusy("a")).toBe(false);
  });

  it("let nothing pass what failed, and go on with what comes later", async () => {
    const lanes = createLanes();
    const done: string[] = [];
    const failed = Promise.resolve(lanes.run("a", () => Promise.reject(new Error("disk full"))));
    const behind = Promise.resolve(lanes.run("a", () => void done.push("behind")));
    await expect(failed).rejects.toThrow("disk full");
    await expect(behind).rejects.toThrow("disk full");
    await Promise.resolve();
    void lanes.run("a", () => void done.push("later"));
    expect(done).toEqual(["later"]);
  });
});
