// Owns the cost of a call on a machine that does other things as well.

/** A call to be measured, and how often it is made for one measurement at least. */
export interface Call {
  readonly run: () => unknown;
  readonly times: number;
}

/** How often each call is measured: at least, and at most while its costs are not good. */
export interface Rounds {
  readonly few: number;
  readonly many: number;
}

const ROUNDS: Rounds = { few: 5, many: 100 };

/** Calls are repeated for so long, since looking at the clock is dear beside a quick one. Milliseconds. */
const SPAN_MS = 4;
/** The clock of the processor's time moves in steps of up to so much. Milliseconds. */
const STEP_MS = 6;

/**
 * What each call cost in every round, in milliseconds. The calls are measured by turns, so that a machine that is busy for
 * a while is so for all of them. What is not good is measured again.
 */
export function costsOf(
  calls: readonly Call[],
  isGood: (costs: readonly number[][]) => boolean,
  { few, many }: Rounds = ROUNDS,
): number[][] {
  const costs = calls.map((): number[] => []);
  for (let round = 0; round < many && (round < few || !isGood(costs)); round += 1)
    for (const [index, call] of calls.entries()) costs[index]?.push(costOf(call));
  return costs;
}

/** The least cost of each call: what others on the machine do only makes a cost larger. */
export function leastCosts(
  calls: readonly Call[],
  isGood: (costs: readonly number[]) => boolean,
  rounds?: Rounds,
): number[] {
  const least = (costs: readonly number[][]): number[] => costs.map((each) => Math.min(...each));
  return least(costsOf(calls, (costs) => isGood(least(costs)), rounds));
}

/** The time that went by, without what others had of the processor meanwhile. */
function costOf({ run, times }: Call): number {
  const begun = performance.now();
  const begunOn = threadMs();
  let calls = 0;
  let passed = 0;
  while (passed < SPAN_MS) {
    const more = Math.max(times, calls);
    for (let index = 0; index < more; index += 1) run();
    calls += more;
    passed = performance.now() - begun;
  }
  const used = threadMs() - begunOn;
  return Math.min(passed, used + STEP_MS) / calls;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
