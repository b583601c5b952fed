// Owns how an account reaches its server: OpenClaw's guarded fetch, TLS and proxies.

import { readFileSync } from "node:fs";
import {
  fetchWithSsrFGuard,
  GuardedFetchRedirectError,
  resolvePinnedHostnameWithPolicy,
  resolveSsrFPolicyForUrl,
  SsrFBlockedError,
  ssrfPolicyFromHttpBaseUrlAllowedOrigin,
} from "openclaw/plugin-sdk/ssrf-runtime";
import { ConfigError, NetworkError } from "../../errors.ts";
import {
  type AccountClient,
  createRestClient,
  type RestClientOptions,
  type SetupClient,
} from "../../rest/client.ts";
import type { GuardedFetch } from "../../rest/exchange.ts";
import type { AccountSettings } from "../../settings.ts";
import { assertEncrypted, resolveEndpoints } from "../config/account.ts";
import { findProxy } from "../config/proxy.ts";
import { CHANNEL_ID } from "../config/schema.ts";

type RestOptions = Pick<RestClientOptions, "signal" | "onUnauthorized" | "onRefused" | "onLimited">;

/** Creates a REST client for an account. Throws ConfigError when the account cannot be used. */
export function openRestClient(settings: AccountSettings, options: RestOptions): AccountClient {
  const { rest } = resolveEndpoints(settings);
  const { userId, pat } = settings;
  return createRestClient({ serverUrl: rest, userId, pat, fetch: createGuardedFetch(settings), ...options });
}

/**
 * A REST client for an account that is still being set up; without a token it sends no credentials. Throws
 * ConfigError when the token would travel unencrypted.
 */
export function openSetupClient(
  settings: AccountSettings,
  options: { readonly signal?: AbortSignal } = {},
): SetupClient {
  const { serverUrl, userId, pat } = settings;
  if (pat !== "") assertEncrypted(settings);
  const fetch = createGuardedFetch(settings);
  return createRestClient({ serverUrl, userId, pat, fetch, onUnauthorized: () => {}, ...options });
}

/** Files may lie elsewhere; the guard leaves our headers behind at the first other origin. */
const MAX_REDIRECTS = 3;

const PRIVATE_FILE =
  "Rocket.Chat sends us to a file store on a private network, which is not asked. " +
  "Turn on Proxy Uploads of its file store, so that it passes the files on itself";

/** What the server's clock says, in epoch milliseconds, by the `Date` header of `GET /api/info`. */
export async function readServerClock(settings: AccountSettings, signal: AbortSignal): Promise<number> {
  const fetch = createGuardedFetch(settings);
  const init = { method: "GET", headers: { Accept: "application/json" }, signal };
  const { response, release } = await fetch(`${settings.serverUrl}/api/info`, init);
  await release();
  return Date.parse(response.headers.get("date") ?? "");
}

/** How the server's certificate is judged. Nothing here reaches beyond the account. */
export interface TlsTrust {
  readonly verifyCertificates: boolean;
  /** PEM; the known authorities when undefined. */
  readonly ca: string | undefined;
}

/** Reads the account's rules for TLS. Throws ConfigError when `tls.caFile` holds no certificate. */
export function readTlsTrust({ caFile, dangerouslyAllowInsecure, keyPaths }: AccountSettings): TlsTrust {
  return {
    verifyCertificates: !dangerouslyAllowInsecure,
    ca: caFile === undefined ? undefined : readAuthorities(caFile, keyPaths.caFile),
  };
}

const NAME_A_PEM = "Name a PEM file of the authority that this process can read";

function readAuthorities(caFile: string, path: string): string {
  try {
    const text = readFileSync(caFile, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (cause) {
    throw new ConfigError(`${path}: ${caFile} cannot be read. ${NAME_A_PEM}`, { path, cause });
  }
  throw new ConfigError(`${path}: ${caFile} holds no certificate in PEM form. ${NAME_A_PEM}`, { path });
}

/**
 * Rejects with ConfigError when the server's host lies on a private network that the account does not allow.
 * A host that does not resolve passes: connecting will say so.
 */
export async function assertServerAllowed(settings: AccountSettings): Promise<void> {
  try {
    const url = new URL(settings.serverUrl);
    const policy = resolveSsrFPolicyForUrl(url, policyOf(settings).policy);
    await resolvePinnedHostnameWithPolicy(url.hostname, policy && { policy });
  } catch (error) {
    if (error instanceof SsrFBlockedError) throw explainBlocked(settings, error);
  }
}

/** What the account allows holds for its own server alone; another host that a message names is the open internet's. */
function createGuardedFetch(settings: AccountSettings): GuardedFetch {
  const trust = readTlsTrust(settings);
  return async (url, { signal, follow, ...init }) => {
    const route = routeTo(settings, trust);
    try {
      const maxRedirects = follow ? MAX_REDIRECTS : 0;
      return await fetchWithSsrFGuard({
        url,
        init,
        signal,
        maxRedirects,
        auditContext: CHANNEL_ID,
        ...route,
      });
    } catch (error) {
      if (error instanceof GuardedFetchRedirectError) throw explainRedirect(url, error);
      if (!(error instanceof SsrFBlockedError)) throw error;
      if (!follow) throw explainBlocked(settings, error);
      throw new ConfigError(PRIVATE_FILE, { path: "FileUpload_Storage_Type", cause: error });
    }
  };
}

type FetchOptions = Parameters<typeof fetchWithSsrFGuard>[0];
type Route = Pick<FetchOptions, "mode" | "policy" | "resolveDispatcherPolicy">;

/**
 * OpenClaw's managed proxy and the proxy variables of the environment are used where there are any. The guard
 * does not take rules for TLS along to those by itself, so with such rules the proxy is named to it.
 */
function routeTo(settings: AccountSettings, { verifyCertificates, ca }: TlsTrust): Route {
  const policy = policyOf(settings);
  const { serverUrl } = settings;
  const ordinary = verifyCertificates && ca === undefined;
  if (ordinary || new URL(serverUrl).protocol === "http:") return { mode: "trusted_env_proxy", ...policy };
  const tls = { rejectUnauthorized: verifyCertificates, ...(ca !== undefined && { ca }) };
  const proxyUrl = findProxy(serverUrl, process.env);
  const { origin } = new URL(serverUrl);
  const own = (hop: URL) => hop.origin === origin;
  if (proxyUrl === undefined) {
    const direct = { mode: "direct", connect: tls } as const;
    return { ...policy, resolveDispatcherPolicy: (hop) => (own(hop) ? direct : undefined) };
  }
  const proxied = { mode: "explicit-proxy", proxyUrl, allowPrivateProxy: true } as const;
  return {
    ...policy,
    mode: "trusted_explicit_proxy",
    resolveDispatcherPolicy: (hop) => (own(hop) ? { ...proxied, proxyTls: tls } : proxied),
  };
}

/** A private network is allowed for the server's own scheme, host and port. */
function policyOf({ allowPrivateNetwork, serverUrl }: AccountSettings) {
  const policy = allowPrivateNetwork ? ssrfPolicyFromHttpBaseUrlAllowedOrigin(serverUrl) : undefined;
  return policy === undefined ? {} : { policy };
}

function explainRedirect(url: string, { status }: GuardedFetchRedirectError): NetworkError {
  const { host } = new URL(url);
  const message = `${host} redirects (HTTP ${status}). Set \`serverUrl\` to the final address: redirects are not followed`;
  return new NetworkError(message, { status });
}

function explainBlocked(settings: AccountSettings, cause: unknown): ConfigError {
  const path = settings.keyPaths.privateNetwork;
  const host = new URL(settings.serverUrl).host;
  return new ConfigError(
    `${host} is on a private network. If this is your Rocket.Chat, set ${path} to true`,
    {
      path,
      cause,
    },
  );
}
