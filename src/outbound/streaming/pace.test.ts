import fc from "fast-check";
import { expect, it } from "vitest";
import { Pace } from "./pace.ts";

/** Edits whenever it may, with answers that take as long as `takes` says; the times at which edits began. */
function play(untilMs: number, takes: () => number, spacingMs = 0): number[] {
  const pace = new Pace();
  const begun: number[] = [];
  for (let now = 0; ; ) {
    now += pace.due(now) ?? 0;
    if (now >= untilMs) return begun;
    begun.push(now);
    pace.begin(now);
    expect(pace.due(now)).toBeUndefined();
    now += takes();
    pace.end(now, { spacingMs });
  }
}

it("edits at once at first, and at most sixty times a minute", () => {
  const begun = play(60_000, () => 20);
  expect(begun[0]).toBe(0);
  expect(begun.length).toBeGreaterThan(55);
  expect(begun.length).toBeLessThan(60);
});

it("gives a slow server as much rest as it took", () => {
  expect(play(60_000, () => 3_000)).toHaveLength(10);
});

it("keeps the distance that a rate limit wants", () => {
  expect(play(60_000, () => 20, 10_000)).toHaveLength(6);
});

it("waits as long as the server asks", () => {
  const pace = new Pace();
  pace.begin(0);
  pace.end(50, { spacingMs: 0, waitMs: 30_000 });
  expect(pace.due(50)).toBe(30_000);
  expect(pace.due(31_000)).toBe(0);
});

it("never edits twice at a time, or twice within a second, however answers take", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), (times) => {
      let turn = 0;
      const begun = play(120_000, () => times[turn++ % times.length] ?? 0);
      for (const [index, at] of begun.entries()) {
        const before = begun[index - 1];
        if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(1_000);
      }
    }),
  );
});

it("refuses what is out of order", () => {
  const pace = new Pace();
  expect(() => pace.end(0, { spacingMs: 0 })).toThrow("begun");
  pace.begin(0);
  expect(() => pace.begin(1)).toThrow("due");
});
