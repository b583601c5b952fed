// Owns taking a bot away: its user is deactivated, which ends its tokens, then its account and bindings are removed.

import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import { ConfigError } from "../../errors.ts";
import { deactivateUser, findManagedUser, type Session } from "../../rest/administration.ts";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount, isConfigured, listAccountIds } from "../config/account.ts";
import { isSameServer } from "../config/faults.ts";
import { removeAccount } from "./config-edit.ts";
import type { Plan, ProvisionPort, Step } from "./provision.ts";

/** Plans it and changes nothing. Rejects with ConfigError when there is no such account, or another one lives of its bot user. */
export async function planDeprovision(
  accountId: string,
  session: Session,
  port: ProvisionPort,
): Promise<Plan> {
  const { cfg } = await port.readConfig();
  const known = listAccountIds(cfg);
  if (!known.some((id) => normalizeAccountId(id) === accountId))
    throw new ConfigError(`There is no account ${accountId}. There are: ${known.join(", ")}`, {
      path: "account",
    });
  const account = inspectAccount(cfg, accountId);
  for (const id of known) refuseShared(account, inspectAccount(cfg, id));
  const admin = port.openClient(session);
  const user = account.userId === "" ? undefined : await findManagedUser(admin, { userId: account.userId });
  const deactivate: Step[] =
    user?.active === true
      ? [
          {
            text: `deactivate the user @${account.username}, which ends its tokens; its messages stay`,
            run: () => deactivateUser(admin, user.id),
          },
        ]
      : [];
  const remove: Step = {
    text: `remove the account ${accountId} and its bindings from the configuration`,
    run: () => port.changeConfig((draft) => removeAccount(draft, accountId)),
  };
  return { steps: [...deactivate, remove], notes: noteRest(account) };
}

function refuseShared(account: AccountSettings, other: AccountSettings): void {
  const isOther = other.accountId !== account.accountId && isConfigured(other);
  if (isOther && other.userId === account.userId && isSameServer(other.serverUrl, account.serverUrl))
    throw new ConfigError(
      `The account ${other.accountId} has the same bot user. Remove it first, or give it another one`,
      { path: "account" },
    );
}

/** What stays behind where this program does not reach. */
function noteRest({ keyPaths }: AccountSettings): string[] {
  const { pat } = keyPaths;
  return pat.includes(".") ? [] : [`The environment still has ${pat} and makes an account; unset it there`];
}
