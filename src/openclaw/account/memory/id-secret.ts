// Owns the secret of an account from which the ids of its messages follow, kept on disk.

import { randomBytes } from "node:crypto";
import { readNumber, readText } from "../../../facts/json.ts";
import { createMessageIds, type IdSecret, type MessageIds } from "../../../outbound/message-id.ts";
import type { AccountSettings } from "../../../settings.ts";
import { createStateFile, damaged, readStateFile, stateFile } from "./state-file.ts";

const SECRET_BYTES = 32;

/** The ids of an account's messages. The secret is read, or made, when the first id is asked for. */
export function openMessageIds(
  account: Pick<AccountSettings, "accountId" | "serverUrl" | "userId">,
  file = stateFile("ids", account.accountId),
): MessageIds {
  let known: IdSecret | undefined;
  return createMessageIds(account, () => {
    known ??= readIdSecret(file);
    return known;
  });
}

/**
 * `<state>/rocketchat/ids-<account>.json`, made where there is none. Two processes that make it agree on one. Throws
 * StorageError: with another secret, what was posted before would be posted again.
 */
export function readIdSecret(file: string, now: () => number = Date.now): IdSecret {
  const stored =
    readStateFile(file) ??
    createStateFile(file, { secret: randomBytes(SECRET_BYTES).toString("hex"), since: now() });
  const [secret, since] = [readText(stored, "secret"), readNumber(stored, "since")];
  if (secret === undefined || secret.length < SECRET_BYTES || since === undefined) throw damaged(file);
  return { secret, since };
}
