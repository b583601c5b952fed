// Owns the environment variables that stand in for missing keys of the default account.

import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";
import { isSameServer } from "./faults.ts";
import type { AccountConfig } from "./schema.ts";

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

/**
 * A key of the configuration stands, a SecretRef that cannot be resolved included; the environment fills gaps. A token
 * and its address belong together: when ROCKETCHAT_URL is another server than the configured one, nothing is filled in.
 */
export function completeFromEnvironment(config: AccountConfig, accountId: string): AccountConfig {
  const environment = readEnvironment(accountId);
  if (isForeign(config, environment)) return config;
  const configured = new Map<string, unknown>(Object.entries(config));
  const gaps = Object.entries(environment).filter(([key]) => !configured.get(key));
  return { ...config, ...Object.fromEntries(gaps) };
}

function isForeign({ serverUrl }: AccountConfig, environment: ReturnType<typeof readEnvironment>): boolean {
  return Boolean(serverUrl && environment.serverUrl && !isSameServer(serverUrl, environment.serverUrl));
}

/** Why the environment's values are not used for an account that lacks them, and what to do. */
export function noteEnvironment(config: AccountConfig, accountId: string): string | undefined {
  const environment = readEnvironment(accountId);
  if (!isForeign(config, environment) || environment.pat === undefined) return undefined;
  return "ROCKETCHAT_PAT is not used, because ROCKETCHAT_URL is another server than serverUrl. Make the two the same, or set what is missing in the configuration";
}
