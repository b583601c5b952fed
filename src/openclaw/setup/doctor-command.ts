// Owns `openclaw rocketchat doctor`: the checks of every account, printed for a person.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { z } from "zod";
import { inspectAccount, listAccountIds } from "../config/account.ts";
import { type Check, checkAccount } from "./doctor.ts";

const OptionsSchema = z.object({ account: z.string().optional() });

const MARKS = { ok: "✓", warning: "!", failure: "✗" } as const;

/** Prints the checks of one or all accounts; the exit code is 1 when one of them failed. */
export async function runDoctor(cfg: OpenClawConfig, given: unknown): Promise<number> {
  const { account } = OptionsSchema.parse(given);
  const checks: Check[] = [];
  for (const id of account === undefined ? listAccountIds(cfg) : [account]) {
    process.stdout.write(`Account ${id}\n`);
    for (const check of await checkAccount(cfg, inspectAccount(cfg, id))) {
      process.stdout.write(format(check));
      checks.push(check);
    }
  }
  return checks.some(({ outcome }) => outcome === "failure") ? 1 : 0;
}

function format({ id, outcome, found, remedy }: Check): string {
  const line = `  ${MARKS[outcome]} ${id}: ${found}\n`;
  return remedy === undefined ? line : `${line}      ${remedy}\n`;
}
