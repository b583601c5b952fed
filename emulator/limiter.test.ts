// Windows of calls.
import { expect, it } from "vitest";
import { Limiter } from "./limiter.ts";

const TWO_A_SECOND = { calls: 2, windowMs: 1000 };

it("refuses what is beyond the window's calls and says when it ends", () => {
  const limiter = new Limiter();
  const at = (now: number) => limiter.count("a", TWO_A_SECOND, now);
  expect(at(5000)).toEqual({ allowed: true, remaining: 1, timeToReset: 1000 });
  expect(at(5100)).toEqual({ allowed: true, remaining: 0, timeToReset: 900 });
  expect(at(5999)).toEqual({ allowed: false, remaining: 0, timeToReset: 1 });
  expect(at(6000)).toMatchObject({ allowed: true, remaining: 1 });
});

it("counts each key for itself and forgets when told", () => {
  const limiter = new Limiter();
  const allowed = (key: string) => limiter.count(key, { calls: 1, windowMs: 1000 }, 0).allowed;
  expect([allowed("a"), allowed("b"), allowed("a")]).toEqual([true, true, false]);
  limiter.reset();
  expect(allowed("a")).toBe(true);
});

it("begins anew when the clock was set back", () => {
  const limiter = new Limiter();
  limiter.count("a", { calls: 1, windowMs: 1000 }, 5000);
  expect(limiter.count("a", { calls: 1, windowMs: 1000 }, 1000).allowed).toBe(true);
});
