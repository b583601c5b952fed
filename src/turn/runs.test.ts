import { describe, expect, it } from "vitest";
import { createRuns, LATE_MS } from "./runs.ts";

/** Messages are received at once by a clock that shows the server's time. */
const at = (sentAt: number) => ({ sentAt, receivedAt: sentAt });
const stopAt = (sentAt: number, id = `stop ${sentAt}`) => ({ id, ...at(sentAt) });
const from = (sender: string, sentAt: number) => ({ sender, ...at(sentAt) });

describe("runs", () => {
  it("tells what is under way until it ends", () => {
    const runs = createRuns(() => 5);
    const run = runs.begin("a", from("alice", 1));
    runs.begin("a", from("bob", 2));
    expect(runs.list("a")).toEqual([from("alice", 1), from("bob", 2)]);
    expect(runs.list("b")).toEqual([]);
    run?.end();
    expect(runs.list("a")).toEqual([from("bob", 2)]);
  });

  it("stops a conversation and no other", () => {
    const runs = createRuns(() => 5);
    const here = runs.begin("a", from("alice", 1));
    const elsewhere = runs.begin("b", from("alice", 1));
    expect(runs.stop("a", stopAt(5))).toEqual([from("alice", 1)]);
    expect([here?.signal.aborted, elsewhere?.signal.aborted]).toEqual([true, false]);
  });

  it("spares what was sent after the stop, whichever comes first", () => {
    const runs = createRuns(() => 5);
    const later = runs.begin("a", from("alice", 6));
    expect(runs.stop("a", stopAt(5))).toEqual([]);
    expect(later?.signal.aborted).toBe(false);
    expect(runs.begin("a", from("alice", 5))).toBeUndefined();
    expect(runs.begin("a", from("alice", 6))).toBeDefined();
  });

  it("keeps a later stop when an earlier one comes after it", () => {
    const runs = createRuns(() => 5);
    runs.stop("a", stopAt(9));
    runs.stop("a", stopAt(5));
    expect(runs.begin("a", from("alice", 8))).toBeUndefined();
  });

  it("answers with what it ended before, too, when it is tried again", () => {
    const runs = createRuns(() => 5);
    const run = runs.begin("a", from("alice", 1));
    expect(runs.stop("a", stopAt(5))).toEqual([from("alice", 1)]);
    run?.end();
    runs.begin("a", { ...from("bob", 6), receivedAt: 4 });
    expect(runs.stop("a", stopAt(5))).toEqual([from("alice", 1), { ...from("bob", 6), receivedAt: 4 }]);
    expect(runs.stop("a", stopAt(7))).toEqual([{ ...from("bob", 6), receivedAt: 4 }]);
  });

  it("ends what waits for its turn, however long that takes", () => {
    let now = 5;
    const runs = createRuns(() => now);
    runs.stop("a", stopAt(5));
    now = 10 * LATE_MS;
    expect(runs.begin("a", from("alice", 4))).toBeUndefined();
    expect(runs.begin("a", { ...from("alice", 4), receivedAt: 5 + LATE_MS })).toBeUndefined();
  });

  it("drops a conversation's messages no longer than a moment after the server's clock was set back", () => {
    const HOUR_MS = 60 * 60_000;
    const runs = createRuns(() => HOUR_MS);
    const running = runs.begin("a", from("alice", HOUR_MS - 5));
    // The clock is set back by an hour: the stop, and what is asked later, bear earlier times.
    expect(runs.stop("a", { id: "stop", sentAt: 10, receivedAt: HOUR_MS })).toHaveLength(1);
    expect(running?.signal.aborted).toBe(true);
    runs.stop("a", stopAt(HOUR_MS));
    const later = { sender: "alice", sentAt: 20, receivedAt: HOUR_MS + LATE_MS + 1 };
    expect(runs.begin("a", later)).toBeDefined();
  });

  it("forgets the stop of longest ago when there are too many", () => {
    const runs = createRuns(() => 5);
    for (let index = 0; index <= 1000; index += 1) runs.stop(`c${index}`, stopAt(5));
    expect(runs.begin("c0", from("alice", 1))).toBeDefined();
    expect(runs.begin("c1", from("alice", 1))).toBeUndefined();
  });
});
