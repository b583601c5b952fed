// Owns the tests of the transition table.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isLegal,
  lifecycleOf,
  nextState,
  STATES,
  type State,
  TRANSITIONS,
  type Transition,
} from "./states.ts";

/** Every pair, written out: rows are states, columns are transitions in the order of the head; `-` is illegal. */
const EVERY_PAIR = `
               start      opened      negotiated     loggedIn    subscribed lost    rejected due        stop
stopped        connecting -           -              -           -          -       -        -          -
connecting     -          negotiating -              -           -          waiting -        -          stopped
negotiating    -          -           authenticating -           -          waiting blocked  -          stopped
authenticating -          -           -              subscribing -          waiting blocked  -          stopped
subscribing    -          -           -              -           online     waiting blocked  -          stopped
online         -          -           -              -           -          waiting blocked  -          stopped
waiting        -          -           -              -           -          -       -        connecting stopped
blocked        connecting -           -              -           -          -       -        connecting stopped
`;

const [head = [], ...rows] = EVERY_PAIR.trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));

const pairs = STATES.flatMap((state) =>
  TRANSITIONS.map((transition): [State, Transition, string] => {
    const row = rows.find(([name]) => name === state) ?? [];
    return [state, transition, row[head.indexOf(transition) + 1] ?? "missing"];
  }),
);

describe("the transition table", () => {
  it("has 72 pairs, 24 of them legal", () => {
    expect(pairs).toHaveLength(72);
    expect(pairs.filter(([, , next]) => next !== "-")).toHaveLength(24);
  });

  it.each(pairs)("%s, %s -> %s", (state, transition, next) => {
    if (next === "-") {
      expect(isLegal(state, transition)).toBe(false);
      expect(() => nextState(state, transition)).toThrow(`${transition} while ${state}`);
    } else {
      expect(isLegal(state, transition)).toBe(true);
      expect(nextState(state, transition)).toBe(next);
    }
  });
});

describe("every legal walk", () => {
  /** The states passed when, at each step, one of the legal transitions is chosen by a number. */
  const walk = (choices: readonly number[]) => {
    let state: State = "stopped";
    for (const choice of choices) {
      const legal: Transition[] = TRANSITIONS.filter((transition) => isLegal(state, transition));
      state = nextState(state, legal[choice % legal.length] ?? "stop");
    }
    return state;
  };
  const reach = (state: State, goal: State): boolean => {
    const seen = new Set<State>([state]);
    for (const from of seen) {
      for (const transition of TRANSITIONS.filter((candidate) => isLegal(from, candidate))) {
        seen.add(nextState(from, transition));
      }
    }
    return seen.has(goal);
  };

  it("can stop in one step, or is stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (choices) => {
        const state = walk(choices);
        return state === "stopped" || nextState(state, "stop") === "stopped";
      }),
    );
  });

  it("can come back online", () => {
    fc.assert(fc.property(fc.array(fc.nat()), (choices) => reach(walk(choices), "online")));
  });
});

describe("the lifecycle", () => {
  it.each([
    ["stopped", "stopped", "stopped"],
    ["connecting", "starting", "recovering"],
    ["negotiating", "starting", "recovering"],
    ["authenticating", "starting", "recovering"],
    ["subscribing", "starting", "recovering"],
    ["online", "ready", "ready"],
    ["waiting", "recovering", "recovering"],
    ["blocked", "blocked", "blocked"],
  ] as const)("of %s is %s before the first time online and %s after it", (state, before, after) => {
    expect(lifecycleOf(state, false)).toBe(before);
    expect(lifecycleOf(state, true)).toBe(after);
  });
});
