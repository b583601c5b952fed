// Owns `openclaw rocketchat names`: which users and rooms the names in the configuration mean, and letting one go.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { z } from "zod";
import { toLines } from "../../log.ts";
import { type NamePin, nameOfPin, openNamePins } from "../account/memory/name-pins.ts";
import { inspectAccount, listAccountIds } from "../config/account.ts";

const OptionsSchema = z.object({ account: z.string().optional(), forget: z.string().optional() });

const NEXT = "It is looked up anew when the account starts next, or its configuration changes.\n";

/** Prints the names of one or all accounts, or forgets one; the exit code is 1 when there is no such name. */
export function runNames(cfg: OpenClawConfig, given: unknown): number {
  const { account, forget } = OptionsSchema.parse(given);
  let forgotten = 0;
  for (const id of account === undefined ? listAccountIds(cfg) : [account]) {
    const pins = openNamePins(inspectAccount(cfg, id));
    const all = pins.list();
    process.stdout.write(`Account ${id}\n`);
    if (forget === undefined) {
      process.stdout.write(all.length === 0 ? "  no names\n" : all.map(format).join(""));
      continue;
    }
    const stay = all.filter((pin) => nameOfPin(pin) !== forget);
    if (stay.length === all.length) continue;
    pins.write(new Map(stay.map(({ key, id: meant }) => [key, meant])));
    forgotten += all.length - stay.length;
    process.stdout.write(`  ${forget} is forgotten. ${NEXT}`);
  }
  if (forget === undefined || forgotten > 0) return 0;
  process.stderr.write(`No account has looked up a name ${forget}\n`);
  return 1;
}

function format(pin: NamePin): string {
  return toLines(`  ${nameOfPin(pin)} means ${pin.id} since ${pin.since.slice(0, 10)}\n`);
}
