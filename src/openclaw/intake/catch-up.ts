// Owns the look for missed messages of one running account: its settings and its place in the status.

import { setTimeout } from "node:timers/promises";
import { type CatchUp, createCatchUp } from "../../intake/catch-up.ts";
import type { CatchUpReport } from "../../intake/catch-up-report.ts";
import type { AccountClient } from "../../rest/client.ts";
import type { AccountScope } from "../account/scope.ts";
import type { Ingress } from "./ingress.ts";

/** The look for missed messages of a running account; they come in through `ingress`. */
export function openCatchUp(scope: AccountScope, rest: AccountClient, ingress: Ingress): CatchUp {
  let told: Partial<CatchUpReport> = {};
  const { prepare, settings, admit, admitDeletions } = ingress;
  return createCatchUp({
    ...{ rest, prepare, settings, admit, admitDeletions },
    memory: ingress.round,
    save: ingress.saveRound,
    log: scope.log,
    report(change) {
      told = { ...told, ...change };
      scope.audit({ catchUp: told });
    },
    now: Date.now,
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal, ref: false }),
  });
}
