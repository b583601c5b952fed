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

it("keeps from where a room has to be read over two lost connections, while its changes are looked for", () => {
  const write = (pick: number) => ({ kind: "write", pick, lateMs: 0 }) as const;
  const answer = (pick: number) => ({ kind: "answer", pick, how: "passing" }) as const;
  const [a, b, c, d] = [0, 1, 2, 3];
  expect(
    play([
      { kind: "gap", pick: c, ms: 1_000 },
      ...[write(b), write(d)],
      { kind: "pass", ms: 720_000 },
      ...[write(a), answer(0), answer(0)],
      { kind: "refuse", pick: 0, how: "gone" },
      { kind: "gap", pick: a, ms: 1_500_000 },
      answer(654),
      { kind: "disconnect" },
      write(a),
    ]),
  ).toEqual([]);
});
