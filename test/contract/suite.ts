// Owns a whole run: plays the scenarios against a server, compares each with its recording, adds up the score.
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { compareRecordings, type IgnoreRule, type Verdict } from "./recording/compare.ts";
import { LATE, loadRecordings, PROFILES, type Profile, type Recording } from "./recording/recording.ts";
import { playScenario, type Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { prepare } from "./seed.ts";
import type { Target } from "./stage.ts";

export interface SuiteOptions {
  target: Target;
  profile: Profile;
  /** Names of the scenarios to play; all when absent. */
  only?: string[] | undefined;
  rules: IgnoreRule[];
  /** Told of each scenario as it ends. */
  report?: (verdict: Verdict) => void;
  /** Given each recording that was made. */
  keep?: (recording: Recording) => void;
}

export interface Score {
  agree: number;
  total: number;
  percent: number;
  verdicts: Verdict[];
  /** Rules of the scenarios played that accepted nothing. */
  unused: IgnoreRule[];
  /** Scenarios left out because they need an administrator. */
  skipped: string[];
}

/** Plays and compares. Scenarios that take a minute play beside the others; those that show who is online play last. */
export async function runSuite(options: SuiteOptions): Promise<Score> {
  const { target, profile, only } = options;
  const real = loadRecordings(profile);
  const wanted = SCENARIOS.filter(({ name }) => !only || only.includes(name));
  const unknown = only?.filter((name) => !wanted.some((scenario) => scenario.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(", ")}`);
  const playable = wanted.filter(({ needsAdmin }) => !needsAdmin || target.credentials.admin);
  const rules = options.rules.filter((rule) => (rule.profile ?? profile) === profile);
  const verdicts: Verdict[] = [];
  const play = async (scenario: Scenario) => {
    const recording = real.get(scenario.name);
    if (!recording) throw new Error(`there is no recording of ${scenario.name}`);
    const verdict = await playAndCompare({ ...options, rules }, scenario, recording);
    verdicts.push(verdict);
    options.report?.(verdict);
  };
  const playInTurn = async (scenarios: Scenario[]) => {
    for (const scenario of scenarios) await play(scenario);
  };
  await prepare(target);
  const beside = playable.filter(({ aside }) => aside).map(play);
  await Promise.all([...beside, playInTurn(playable.filter(({ alone, aside }) => !alone && !aside))]);
  await playInTurn(playable.filter(({ alone }) => alone));
  const skipped = wanted.filter((scenario) => !playable.includes(scenario)).map(({ name }) => name);
  return { ...addUp(verdicts), verdicts, unused: unusedRules(rules, verdicts), skipped };
}

async function playAndCompare(options: SuiteOptions, scenario: Scenario, real: Recording): Promise<Verdict> {
  const { recording, brokeOff } = await playScenario(scenario, options.target, real);
  options.keep?.(recording);
  const verdict = compareRecordings(real, recording, options.rules, { late: LATE.has(options.profile) });
  if (brokeOff !== undefined) verdict.differences.unshift(`${scenario.name} | broke off: ${brokeOff}`);
  return verdict;
}

/** Sum of the steps; 100 percent when there are none. */
function addUp(verdicts: Pick<Verdict, "agree" | "total">[]): {
  agree: number;
  total: number;
  percent: number;
} {
  const agree = verdicts.reduce((sum, verdict) => sum + verdict.agree, 0);
  const total = verdicts.reduce((sum, verdict) => sum + verdict.total, 0);
  return { agree, total, percent: total === 0 ? 100 : (100 * agree) / total };
}

function unusedRules(rules: IgnoreRule[], verdicts: Verdict[]): IgnoreRule[] {
  const played = new Set(verdicts.map(({ scenario }) => scenario));
  const used = new Set(verdicts.flatMap(({ ignored }) => [...ignored.keys()]));
  const concerned = rules.filter(({ scenario }) => scenario === undefined || played.has(scenario));
  return concerned.filter((rule) => !used.has(rule));
}

const ignoreRules = z.array(
  z.strictObject({
    scenario: z.string().optional(),
    match: z.string().min(1),
    reason: z.string().min(1),
    profile: z.enum(PROFILES).optional(),
  }),
);

/** The differences of the emulator that are known and accepted, from ignore.json. */
export function loadIgnoreRules(): IgnoreRule[] {
  const file = new URL("ignore.json", import.meta.url);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "[]";
  return ignoreRules.parse(JSON.parse(text));
}
