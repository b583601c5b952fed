import { describe, expect, it } from "vitest";
import { createFakeClock, settle } from "../../../test/support/fake-clock.ts";
import { NetworkError, RateLimitedError } from "../../errors.ts";
import { createCredentialWatch } from "./credentials.ts";

const INTERVAL = 240_000;

function watchOver(answers: (() => Promise<void>)[], random = 0.5) {
  const clock = createFakeClock();
  const log: string[] = [];
  const asked: number[] = [];
  const watch = createCredentialWatch({
    check: () => {
      asked.push(clock.now());
      return (answers.length > 1 ? answers.shift() : answers[0])?.() ?? Promise.resolve();
    },
    intervalMs: INTERVAL,
    clock,
    random: () => random,
    onGood: () => log.push("good"),
    onFailed: () => log.push("failed"),
    onExpired: () => log.push("expired"),
  });
  return { clock, watch, log, asked };
}

const good = () => Promise.resolve();
const down = () => Promise.reject(new NetworkError("down"));

describe("the watch over a token", () => {
  it("asks at once, and again before the interval is over", async () => {
    for (const random of [0, 0.999]) {
      const { clock, watch, log, asked } = watchOver([good], random);
      watch.begin();
      await clock.advance(INTERVAL * 3);
      expect(log.every((entry) => entry === "good")).toBe(true);
      const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
      expect(Math.max(...gaps)).toBeLessThan(INTERVAL);
      expect(Math.min(...gaps)).toBeGreaterThan(INTERVAL / 2);
      watch.end();
      expect(clock.timers).toBe(0);
    }
  });

  it("ends the work one interval after the last good word, however often it asks in vain", async () => {
    const { clock, watch, log } = watchOver([good, down]);
    watch.begin();
    await settle();
    await clock.advance(INTERVAL - 1);
    expect(log).not.toContain("expired");
    await clock.advance(1);
    expect(log.at(-1)).toBe("expired");
  });

  it("counts from the question, not from the answer", async () => {
    let answer = (): void => {};
    const late = () => new Promise<void>((resolve) => (answer = resolve));
    const { clock, watch, log } = watchOver([late, down]);
    watch.begin();
    await clock.advance(10_000);
    answer();
    await settle();
    await clock.advance(INTERVAL - 10_001);
    expect(log).not.toContain("expired");
    await clock.advance(1);
    expect(log).toContain("expired");
  });

  it("repeats a failed check within the interval, and lets the work go on", async () => {
    const { clock, watch, log } = watchOver([good, down, down, good]);
    watch.begin();
    await settle();
    await clock.advance(INTERVAL);
    expect(log).toEqual(["good", "failed", "failed", "good"]);
  });

  it("lets the work begin again with the first good word after it expired", async () => {
    const answers = [good, down];
    const { clock, watch, log } = watchOver(answers);
    watch.begin();
    await clock.advance(INTERVAL);
    answers[0] = good;
    await clock.advance(60_000);
    expect(log.slice(-1)).toEqual(["good"]);
  });

  it("waits as long as the rate limit says", async () => {
    const limited = () => Promise.reject(new RateLimitedError({ waitMs: 50_000, endpoint: "v1/me" }));
    const { clock, watch, asked } = watchOver([limited, good]);
    watch.begin();
    await settle();
    await clock.advance(49_999);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked).toHaveLength(2);
  });

  it("hears nothing any more once it has ended", async () => {
    let answer = (): void => {};
    const late = () => new Promise<void>((resolve) => (answer = resolve));
    const { clock, watch, log } = watchOver([late]);
    watch.begin();
    watch.end();
    answer();
    await clock.advance(INTERVAL * 2);
    expect(log).toEqual([]);
  });

  it("keeps the term of the last good word when it begins anew", async () => {
    const { clock, watch, log } = watchOver([good, down]);
    watch.begin();
    await clock.advance(100_000);
    watch.begin();
    await clock.advance(INTERVAL - 100_000);
    expect(log).toContain("expired");
  });
});
