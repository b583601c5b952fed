// Owns the check of a whole profile: the emulator scores the required minimum, and the suite plays the recorded calls.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulated, startEmulated } from "./emulated.ts";
import { isObject, type Json } from "./recording/json.ts";
import { blur } from "./recording/placeholders.ts";
import { loadRecordings, type Profile, type Recording, type Step } from "./recording/recording.ts";
import { loadIgnoreRules, runSuite, type Score } from "./suite.ts";

/** The heartbeat alone takes 70 s. */
const RUN_MS = 240_000;

/** Installs the tests of one profile; `percent` of the steps must agree. */
export function testProfile(profile: Profile, percent: number): void {
  let close: Emulated["close"] | undefined;
  let score: Score;
  const played = new Map<string, Recording>();

  beforeAll(async () => {
    const { target, ...emulated } = await startEmulated(profile);
    close = emulated.close;
    const keep = (recording: Recording) => played.set(recording.scenario, recording);
    score = await runSuite({ target, profile, rules: loadIgnoreRules(), keep });
  }, RUN_MS);
  afterAll(() => close?.());

  test(`at least ${percent} % of the steps agree with the real server`, () => {
    const differences = score.verdicts.flatMap((verdict) => verdict.differences);
    expect(score.percent, differences.join("\n")).toBeGreaterThanOrEqual(percent);
    expect(score.skipped).toEqual([]);
  });

  test("no scenario breaks off", () => {
    const lines = score.verdicts.flatMap((verdict) => verdict.differences);
    expect(lines.filter((line) => line.includes("broke off"))).toEqual([]);
  });

  test("the calls are those that were recorded", () => {
    for (const [name, recording] of loadRecordings(profile)) {
      const made = played.get(name);
      expect(made && callsOf(made), name).toEqual(callsOf(recording));
    }
  });
}

/** Phases in which calls are made at once; they stand in a recording as their answers came. */
const AT_ONCE = /^(four edits without waiting|at the same moment)/;

/** What was sent, by who or which socket sent it: requests with their bodies, and frames. */
function callsOf({ steps }: Recording): Record<string, string[]> {
  const calls: Record<string, string[]> = {};
  let phase = "";
  for (const step of steps) {
    if (step.kind === "phase") phase = step.name;
    const sent = sentBy(step);
    if (!sent) continue;
    calls[sent.by] ??= [];
    calls[sent.by]?.push(blur(`${phase} | ${sent.what}`));
  }
  for (const [by, list] of Object.entries(calls)) calls[by] = inSteadyOrder(list);
  return calls;
}

/** Sorts the runs of calls that were made at once, and leaves the others where they are. */
function inSteadyOrder(list: string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < list.length; ) {
    let end = at;
    while (end < list.length && AT_ONCE.test(list[end] ?? "")) end++;
    out.push(...list.slice(at, end).sort());
    if (end < list.length) out.push(list[end] ?? "");
    at = end + 1;
  }
  return out;
}

function sentBy(step: Step): { by: string; what: string } | undefined {
  if (step.kind === "rest") {
    const { actor, method, path, query, headersSent, body, form, raw } = step;
    const parts = [query ?? null, headersSent, body ?? null, form ?? null, raw ?? null];
    return { by: actor, what: `${method} ${path} ${parts.map(sorted).join(" ")}` };
  }
  if (step.kind !== "frame" || step.dir !== "out") return undefined;
  const isPong = isObject(step.frame) && step.frame.msg === "pong";
  return isPong ? undefined : { by: step.socket, what: sorted(step.frame) };
}

/** JSON with the keys of every object in order. */
function sorted(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
