// Owns where a key of an account stands in the configuration file.

import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { isJsonObject } from "../../facts/json.ts";
import type { KeyPaths } from "../../settings.ts";
import { ENVIRONMENT, readEnvironment } from "./environment.ts";
import { CHANNEL_ID } from "./schema.ts";

const ROOT = `channels.${CHANNEL_ID}`;

/** The name under which `accounts` has an account, in the file's spelling; undefined when it has none. */
export function accountKeyOf(section: unknown, accountId: string): string | undefined {
  const accounts = isJsonObject(section) && isJsonObject(section.accounts) ? section.accounts : {};
  return Object.keys(accounts).find((key) => normalizeAccountId(key) === accountId);
}

/**
 * The path of a key of an account (`serverUrl`, `tls.caFile`) as the file has it: of the account, else of the root that
 * it inherits from, else the variable of the environment. For a key that stands nowhere, where it belongs.
 */
export function placeOf(cfg: OpenClawConfig, accountId: string, key: string): string {
  const section: unknown = cfg.channels?.[CHANNEL_ID];
  const accountKey = accountKeyOf(section, accountId);
  const own = accountKey === undefined ? undefined : readPath(section, ["accounts", accountKey]);
  const ownPlace = accountPlace(accountId, accountKey);
  const path = key.split(".");
  if (readPath(own, path) !== undefined) return `${ownPlace}.${key}`;
  if (readPath(section, path) !== undefined) return `${ROOT}.${key}`;
  const variable =
    accountId === DEFAULT_ACCOUNT_ID ? new Map(Object.entries(ENVIRONMENT)).get(key) : undefined;
  const given = new Map(Object.entries(readEnvironment(accountId))).has(key);
  return variable !== undefined && given ? variable : `${ownPlace}.${key}`;
}

/** Where an account stands: the root for the default account that has no entry of its own. */
function accountPlace(accountId: string, accountKey: string | undefined): string {
  if (accountKey !== undefined) return `${ROOT}.accounts.${accountKey}`;
  return accountId === DEFAULT_ACCOUNT_ID ? ROOT : `${ROOT}.accounts.${accountId}`;
}

/** The places of the keys that messages name. */
export function placesOf(cfg: OpenClawConfig, accountId: string): KeyPaths {
  const place = (key: string) => placeOf(cfg, accountId, key);
  return {
    account: accountPlace(accountId, accountKeyOf(cfg.channels?.[CHANNEL_ID], accountId)),
    serverUrl: place("serverUrl"),
    userId: place("userId"),
    username: place("username"),
    pat: place("pat"),
    caFile: place("tls.caFile"),
    insecure: place("dangerouslyAllowInsecure"),
    privateNetwork: place("network.dangerouslyAllowPrivateNetwork"),
  };
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), value);
}
