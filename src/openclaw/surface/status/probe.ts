// Owns asking the server, for a status, whose token an account has.

import { describe } from "../../../log.ts";
import { fetchMe, fetchServerVersion } from "../../../rest/auth.ts";
import type { AccountSettings } from "../../../settings.ts";
import { wrongIdentity } from "../../account/credentials.ts";
import { openRestClient } from "../../account/transport.ts";
import { explain, findFaults } from "../../config/faults.ts";

export type Probe =
  | {
      readonly ok: true;
      readonly username: string;
      readonly version: string | undefined;
      readonly roles: readonly string[];
    }
  | { readonly ok: false; readonly error: string };

/** Asks the server who the token belongs to. Never rejects; a failure says what to do. */
export async function probeAccount(account: AccountSettings, timeoutMs: number): Promise<Probe> {
  const [fault] = findFaults(account);
  if (fault !== undefined) return { ok: false, error: explain(fault) };
  try {
    const rest = openRestClient(account, {
      signal: AbortSignal.timeout(timeoutMs),
      onUnauthorized: () => {},
    });
    const me = await fetchMe(rest);
    const wrong = wrongIdentity(account, me);
    if (wrong !== undefined) return { ok: false, error: wrong.message };
    const version = await fetchServerVersion(rest);
    return { ok: true, username: me.username ?? account.username, version, roles: me.roles };
  } catch (error) {
    return { ok: false, error: describe(error) };
  }
}
