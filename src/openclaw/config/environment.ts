// Owns the environment variables that stand in for missing keys of the default account.

import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";

/** By key of the account; package.json names the same to OpenClaw. */
export const ENVIRONMENT = {
  serverUrl: "ROCKETCHAT_URL",
  userId: "ROCKETCHAT_USER_ID",
  username: "ROCKETCHAT_USERNAME",
  pat: "ROCKETCHAT_PAT",
} as const;

type Key = keyof typeof ENVIRONMENT;

/** What the environment says of an account: nothing of any but the default one. */
export function readEnvironment(accountId: string): Partial<Record<Key, string>> {
  if (accountId !== DEFAULT_ACCOUNT_ID) return {};
  const found: Partial<Record<Key, string>> = {};
  for (const key of ["serverUrl", "userId", "username", "pat"] satisfies Key[]) {
    const value = process.env[ENVIRONMENT[key]]?.trim();
    if (value) found[key] = value;
  }
  return found;
}

/** Whether the environment names a bot user, so that there is a default account without a configured one. */
export function hasEnvironmentAccount(): boolean {
  const { userId, pat } = readEnvironment(DEFAULT_ACCOUNT_ID);
  return userId !== undefined && pat !== undefined;
}
