// Owns a ledger without a file, for tests; what it writes down can be looked at, and lost.

import { createLedger, type Judgement, type Ledger, type LedgerFile } from "../../src/intake/ledger.ts";
import type { RoundMemory } from "../../src/intake/round.ts";

export interface MemoryLedger extends Ledger {
  readonly written: Judgement[];
}

/** A ledger that writes at once. */
export function memoryLedger(round: RoundMemory = { progress: undefined, lags: [] }): MemoryLedger {
  const written: Judgement[] = [];
  const file: LedgerFile = {
    load: () => ({ ...round, judgements: [] }),
    saveRound: () => {},
    saveJudgements: (judgements) => void written.push(...judgements),
    close: () => {},
  };
  const onError = (error: unknown) => {
    throw error;
  };
  return Object.assign(createLedger({ file, later: () => () => {}, onError }), { written });
}
