// Owns a configuration that the wizard is changing, and what it says of a wrong value.

import type { OpenClawConfig, WizardPrompter } from "openclaw/plugin-sdk/setup";
import type { ValueFault } from "../../config/faults.ts";
import { setAccountKeys } from "../config-edit.ts";

/** A configuration under way; each step answers with the next one. */
export interface Draft {
  readonly cfg: OpenClawConfig;
  readonly accountId: string;
  readonly prompter: WizardPrompter;
}

/** The configuration with keys of the account set where the account stands. */
export function patch({ cfg, accountId }: Pick<Draft, "cfg" | "accountId">, values: Record<string, unknown>) {
  const next = structuredClone(cfg);
  setAccountKeys(next, accountId, { enabled: true, ...values });
  return next;
}

/** What is wrong with a value, for the person who typed it. */
export function tell(fault: ValueFault | undefined): string | undefined {
  return fault && `It ${fault.problem}. ${fault.remedy}`;
}
