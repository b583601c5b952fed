import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Pace, QuietWatch } from "./quiet.ts";
import type { Recording, Step } from "./recording/recording.ts";

const PACE: Pace = { quietMs: 300, missingMs: 1000, doneMs: 20, answerMs: 5000 };

const phase = (name: string): Step => ({ kind: "phase", name });
const frame = (msg = "changed"): Step => ({
  kind: "frame",
  actor: "a",
  socket: "a#1",
  dir: "in",
  frame: { msg },
});
const recording = (...steps: Step[]): Recording => ({
  scenario: "",
  about: "",
  version: "",
  timed: false,
  steps,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Whether waiting ends after exactly `ms`, with the steps arriving at once. */
async function endsAfter(
  ms: number,
  watch: QuietWatch,
  { whole = true, arriving = [] as Step[] },
): Promise<boolean> {
  let ended = false;
  const waiting = watch.settle(whole).then(() => {
    ended = true;
  });
  for (const step of arriving) watch.notice(step);
  await vi.advanceTimersByTimeAsync(ms - 1);
  const early = ended;
  await vi.advanceTimersByTimeAsync(1);
  const inTime = ended;
  await vi.advanceTimersByTimeAsync(10_000);
  await waiting;
  return !early && inTime;
}

test("a phase ends shortly after the last of its recorded frames", async () => {
  const watch = new QuietWatch(PACE, recording(phase("one"), frame(), frame()));
  watch.notice(phase("one"));
  expect(await endsAfter(PACE.doneMs, watch, { arriving: [frame(), frame()] })).toBe(true);
});

test("a phase waits for a recorded frame that is missing", async () => {
  const watch = new QuietWatch(PACE, recording(phase("one"), frame(), frame()));
  watch.notice(phase("one"));
  expect(await endsAfter(PACE.missingMs, watch, { arriving: [frame()] })).toBe(true);
});

test("a ping is no frame to wait for", async () => {
  const watch = new QuietWatch(PACE, recording(phase("one"), frame("ping")));
  watch.notice(phase("one"));
  expect(await endsAfter(PACE.doneMs, watch, {})).toBe(true);
});

test("frames of an earlier phase do not stand for those of a later one", async () => {
  const watch = new QuietWatch(PACE, recording(phase("one"), frame(), phase("two"), frame()));
  for (const step of [phase("one"), frame(), frame(), phase("two")]) watch.notice(step);
  expect(await endsAfter(PACE.missingMs, watch, {})).toBe(true);
});

test("within a phase it waits until it has been quiet", async () => {
  const watch = new QuietWatch(PACE, recording(phase("one"), frame()));
  watch.notice(phase("one"));
  expect(await endsAfter(PACE.quietMs, watch, { whole: false, arriving: [frame()] })).toBe(true);
});
