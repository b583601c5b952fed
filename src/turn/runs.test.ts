import { describe, expect, it } from "vitest";
import { createRuns } from "./runs.ts";

const from = (sender: string, sentAt: number) => ({ sender, sentAt });

describe("runs", () => {
  it("tells what is under way until it ends", () => {
    const runs = createRuns();
    const run = runs.begin("a", from("alice", 1));
    runs.begin("a", from("bob", 2));
    expect(runs.list("a")).toEqual([from("alice", 1), from("bob", 2)]);
    expect(runs.list("b")).toEqual([]);
    run?.end();
    expect(runs.list("a")).toEqual([from("bob", 2)]);
  });

  it("stops a conversation and no other", () => {
    const runs = createRuns();
    const here = runs.begin("a", from("alice", 1));
    const elsewhere = runs.begin("b", from("alice", 1));
    expect(runs.stop("a", 5)).toEqual([from("alice", 1)]);
    expect([here?.signal.aborted, elsewhere?.signal.aborted]).toEqual([true, false]);
  });

  it("spares what was sent after the stop, whichever comes first", () => {
    const runs = createRuns();
    const later = runs.begin("a", from("alice", 6));
    expect(runs.stop("a", 5)).toEqual([]);
    expect(later?.signal.aborted).toBe(false);
    expect(runs.begin("a", from("alice", 5))).toBeUndefined();
    expect(runs.begin("a", from("alice", 6))).toBeDefined();
  });

  it("keeps a later stop when an earlier one comes after it", () => {
    const runs = createRuns();
    runs.stop("a", 9);
    runs.stop("a", 5);
    expect(runs.begin("a", from("alice", 8))).toBeUndefined();
  });

  it("forgets the stop of longest ago when there are too many", () => {
    const runs = createRuns();
    for (let index = 0; index <= 1000; index += 1) runs.stop(`c${index}`, 5);
    expect(runs.begin("c0", from("alice", 1))).toBeDefined();
    expect(runs.begin("c1", from("alice", 1))).toBeUndefined();
  });
});
