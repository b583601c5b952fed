import fc from "fast-check";
import { expect, it } from "vitest";
import { happenings, play } from "../../test/chaos/model.ts";

const SEQUENCES = 20_000;

it("loses no message, and reads every room, whatever happens in which order", () => {
  const startedAt = performance.now();
  fc.assert(
    fc.property(happenings, (list) => {
      expect(play(list)).toEqual([]);
    }),
    { numRuns: SEQUENCES },
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`! ${SEQUENCES} sequences of losses, kills and late answers in ${seconds} s, nothing lost`);
});
