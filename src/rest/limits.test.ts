import { describe, expect, it } from "vitest";
import { RouteLimits, readLimitHeaders, readLimitWait, UNKNOWN_WAIT_MS } from "./limits.ts";

const DATE = "Wed, 01 Jan 2020 00:00:00 GMT";
const NOW = Date.parse(DATE);
const headers = (entries: Record<string, string>) => new Headers({ date: DATE, ...entries });

describe("RouteLimits", () => {
  it("leaves half of a window to others where the work is in the background", () => {
    const limits = new RouteLimits();
    const background = { background: true };
    expect(limits.take("GET a", 0, background)).toBe(0);
    limits.note("GET a", { limit: 10, remaining: 7, resetInMs: 40_000 }, 0);
    expect([limits.take("GET a", 0, background), limits.take("GET a", 0, background)]).toEqual([0, 0]);
    expect(limits.take("GET a", 0, background)).toBe(40_000);
    expect(limits.take("GET a", 0)).toBe(0);
    expect(limits.take("GET a", 40_000, background)).toBe(0);
  });

  it("holds nothing back of a route without limits", () => {
    const limits = new RouteLimits();
    for (let call = 0; call < 100; call += 1) expect(limits.take("GET v1/me", 0)).toBe(0);
  });

  it("holds a used-up route until its window ends, and no other", () => {
    const limits = new RouteLimits();
    limits.note("POST a", { limit: 10, remaining: 1, resetInMs: 40_000 }, 1_000);
    expect(limits.take("POST a", 2_000)).toBe(0);
    expect(limits.take("POST a", 2_000)).toBe(39_000);
    expect(limits.take("POST b", 2_000)).toBe(0);
    expect(limits.take("POST a", 41_000)).toBe(0);
  });

  it("lets no more through than a new window takes", () => {
    const limits = new RouteLimits();
    limits.note("POST a", { limit: 2, remaining: 0, resetInMs: 1_000 }, 0);
    expect([1_000, 1_000, 1_000].map((now) => limits.take("POST a", now))).toEqual([0, 0, 60_000]);
  });

  it("lets everything through again once an answer says nothing of a limit", () => {
    const limits = new RouteLimits();
    limits.note("POST a", { limit: 2, remaining: 0, resetInMs: 1_000 }, 0);
    expect(limits.take("POST a", 1_000)).toBe(0);
    limits.forget("POST a");
    for (let call = 0; call < 100; call += 1) expect(limits.take("POST a", 1_001)).toBe(0);
  });

  it("counts calls on their way", () => {
    const limits = new RouteLimits();
    limits.note("POST a", { limit: 10, remaining: 2, resetInMs: 50_000 }, 0);
    limits.take("POST a", 0);
    limits.take("POST a", 0);
    limits.note("POST a", { limit: 10, remaining: 1, resetInMs: 49_000 }, 1_000);
    expect(limits.take("POST a", 1_000)).toBe(49_000);
  });
});

describe("the headers of an answer", () => {
  it("are read by the server's own clock", () => {
    const entries = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "3" };
    expect(readLimitHeaders(headers({ ...entries, "x-ratelimit-reset": String(NOW + 7_000) }))).toEqual({
      limit: 10,
      remaining: 3,
      resetInMs: 7_000,
    });
  });

  it.each([
    [{}],
    [{ "x-ratelimit-limit": "10", "x-ratelimit-remaining": "3" }],
    [{ "x-ratelimit-limit": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW + 1) }],
    [{ "x-ratelimit-limit": "-1", "x-ratelimit-remaining": "x", "x-ratelimit-reset": "soon" }],
  ])("are no limit when they are %j", (entries) => {
    expect(readLimitHeaders(headers(entries))).toBeUndefined();
  });

  it("never ask for more than a window", () => {
    expect(readLimitWait(headers({ "x-ratelimit-reset": String(NOW + 1e9) }))).toBe(UNKNOWN_WAIT_MS);
    expect(readLimitWait(headers({}))).toBe(UNKNOWN_WAIT_MS);
    expect(readLimitWait(headers({ "x-ratelimit-reset": String(NOW + 5) }))).toBe(5);
    const usedUp = { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0" };
    const limits = new RouteLimits();
    const known = readLimitHeaders(headers({ ...usedUp, "x-ratelimit-reset": String(NOW + 1e12) }));
    if (known !== undefined) limits.note("POST a", known, 0);
    expect(limits.take("POST a", 0)).toBe(UNKNOWN_WAIT_MS);
  });
});
