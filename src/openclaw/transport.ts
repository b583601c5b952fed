// Owns how an account reaches its server over REST: OpenClaw's guarded fetch, and the running accounts' clients.

import {
  fetchWithSsrFGuard,
  resolvePinnedHostnameWithPolicy,
  SsrFBlockedError,
  ssrfPolicyFromPrivateNetworkOptIn,
} from "openclaw/plugin-sdk/ssrf-runtime";
import { ConfigError, type UnauthorizedError } from "../errors.ts";
import { createRestClient, type FileClient, type GuardedFetch, type RestClient } from "../rest/client.ts";
import type { AccountSettings } from "../settings.ts";
import { resolveEndpoints } from "./config/account.ts";
import { CHANNEL_ID } from "./config/schema.ts";

/** Creates a REST client for an account. Throws ConfigError when the account cannot be used. */
export function openRestClient(
  settings: AccountSettings,
  options: { signal?: AbortSignal; onUnauthorized: (error: UnauthorizedError) => void },
): RestClient & FileClient {
  const { rest } = resolveEndpoints(settings);
  const { userId, pat } = settings;
  return createRestClient({ serverUrl: rest, userId, pat, fetch: createGuardedFetch(settings), ...options });
}

/** Files may lie elsewhere; the guard leaves our headers behind at the first other origin. */
const MAX_REDIRECTS = 3;

const running = new Map<string, RestClient>();

/** Lets sends of this process use the running account's client, so that its 401 ends the account's connection. */
export function shareRestClient(accountId: string, rest: RestClient): () => void {
  running.set(accountId, rest);
  return () => {
    if (running.get(accountId) === rest) running.delete(accountId);
  };
}

/** The running account's REST client, or one of its own where the account does not run (the command line). */
export function restClientFor(settings: AccountSettings): RestClient {
  return running.get(settings.accountId) ?? openRestClient(settings, { onUnauthorized: () => {} });
}

/**
 * Rejects with ConfigError when the server's host lies on a private network that the account does not allow.
 * A host that does not resolve passes: connecting will say so.
 */
export async function assertServerAllowed(settings: AccountSettings): Promise<void> {
  try {
    await resolvePinnedHostnameWithPolicy(new URL(settings.serverUrl).hostname, policyOf(settings));
  } catch (error) {
    if (error instanceof SsrFBlockedError) throw explainBlocked(settings, error);
  }
}

function createGuardedFetch(settings: AccountSettings): GuardedFetch {
  const insecureTls = settings.dangerouslyAllowInsecure && settings.serverUrl.startsWith("https:");
  return async (url, { signal, follow, ...init }) => {
    try {
      return await fetchWithSsrFGuard({
        url,
        init,
        signal,
        maxRedirects: follow ? MAX_REDIRECTS : 0,
        auditContext: CHANNEL_ID,
        ...policyOf(settings),
        ...(insecureTls && { dispatcherPolicy: { mode: "direct", connect: { rejectUnauthorized: false } } }),
      });
    } catch (error) {
      throw error instanceof SsrFBlockedError ? explainBlocked(settings, error) : error;
    }
  };
}

function policyOf(settings: AccountSettings) {
  const policy = ssrfPolicyFromPrivateNetworkOptIn(settings.allowPrivateNetwork);
  return policy === undefined ? {} : { policy };
}

function explainBlocked(settings: AccountSettings, cause: unknown): ConfigError {
  const path = `channels.${CHANNEL_ID}.network.dangerouslyAllowPrivateNetwork`;
  const host = new URL(settings.serverUrl).host;
  return new ConfigError(
    `${host} is on a private network. If this is your Rocket.Chat, set ${path} to true`,
    {
      path,
      cause,
    },
  );
}
