// Owns the tests of when judgements are written down.

import { describe, expect, it } from "vitest";
import { createLedger, type Judgement, type LedgerFile } from "./ledger.ts";

const MAX = 2_000;

function setUp() {
  const writes: string[][] = [];
  const due: (() => void)[] = [];
  const errors: unknown[] = [];
  const failing: { error?: Error } = {};
  const file: LedgerFile = {
    load: () => ({ progress: undefined, lags: [], judgements: [] }),
    saveRound: () => {},
    saveJudgements(judgements) {
      if (failing.error !== undefined) throw failing.error;
      writes.push(judgements.map(({ messageId }) => messageId));
    },
    close: () => {},
  };
  const later = (_: number, run: () => void) => {
    due.push(run);
    return () => void due.splice(due.indexOf(run), 1);
  };
  const ledger = createLedger({ file, later, onError: (error) => errors.push(error), max: MAX });
  const note = (from: number, to: number): void => {
    for (let number = from; number < to; number += 1) ledger.note(judgement(number));
  };
  /** What is due runs, and what becomes due by that, until nothing is. */
  const pass = (): void => {
    for (let run = due.shift(); run !== undefined; run = due.shift()) run();
  };
  return { ledger, writes, due, errors, failing, note, pass };
}

const judgement = (number: number): Judgement => ({
  messageId: `m${number}`,
  roomId: "r",
  sentAt: number,
  verdict: "not-mentioned",
});

const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `m${from + index}`);

describe("judgements", () => {
  it("are written later, many in parts, each once and in order", () => {
    const { writes, due, note, pass } = setUp();
    note(0, 1_200);
    expect(writes).toEqual([]);
    expect(due).toHaveLength(1);
    due.shift()?.();
    expect(writes.flat()).toEqual(names(0, 500));
    note(1_200, 1_300);
    pass();
    expect(writes.flat()).toEqual(names(0, 1_300));
    expect(Math.max(...writes.map(({ length }) => length))).toBe(500);
  });

  it("are written at once before a cursor moves, also those that waited for their part", () => {
    const { ledger, writes, due, note } = setUp();
    note(0, 1_200);
    due.shift()?.();
    ledger.saveRound({ put: [], drop: [] });
    expect(writes.flat()).toEqual(names(0, 1_200));
    expect(due).toEqual([]);
    note(1_200, 1_201);
    expect(due).toHaveLength(1);
  });

  it("of which more wait than are kept are written from the newest on", () => {
    const { ledger, writes, note } = setUp();
    note(0, 3 * MAX);
    ledger.flush();
    expect(writes.flat()).toEqual(names(2 * MAX, 3 * MAX));
  });

  it("that cannot be written wait for the next time", () => {
    const { writes, errors, failing, note, pass } = setUp();
    failing.error = new Error("full");
    note(0, 700);
    pass();
    expect(errors).toEqual([failing.error]);
    delete failing.error;
    note(700, 701);
    pass();
    expect(writes.flat()).toEqual(names(0, 701));
  });
});
