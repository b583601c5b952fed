// Owns what the demo needs to know of a real Rocket.Chat: the account's configuration and where it may connect.
import { lookup } from "node:dns/promises";
import { z } from "zod";
import type { ConfigObject } from "./gateway-config.ts";
import type { ServerOptions } from "./terminal/options.ts";

const REQUEST_TIMEOUT_MS = 15_000;
const meSchema = z.looseObject({ username: z.string() });

/** `channels.rocketchat` for the given bot user: people by pairing, rooms only when named. */
export function serverAccount(options: ServerOptions, username: string): ConfigObject {
  return {
    serverUrl: options.url.href,
    userId: options.userId,
    username,
    pat: options.pat,
    dmPolicy: "pairing",
    groupPolicy: "allowlist",
    rooms: Object.fromEntries(options.rooms.map((rid) => [rid, {}])),
    dangerouslyAllowInsecure: options.insecure,
    network: { dangerouslyAllowPrivateNetwork: options.privateNetwork || options.insecure },
  };
}

/** The names and addresses that count as the server. */
export async function serverHosts({ url }: ServerOptions): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return [...new Set([host, ...addresses.map(({ address }) => address)])];
}

/** The bot user's name: as given, or from `GET /api/v1/me`. */
export async function resolveUsername({ url, userId, pat, username }: ServerOptions): Promise<string> {
  if (username !== undefined) return username;
  const headers = { "X-User-Id": userId, "X-Auth-Token": pat };
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const address = `${url.origin}${url.pathname.replace(/\/+$/, "")}/api/v1/me`;
  const response = await fetch(address, { headers, signal, redirect: "error" });
  if (!response.ok) {
    throw new Error(
      `${url.origin} answers ${response.status} for this --user-id and ROCKETCHAT_PAT; check both.`,
    );
  }
  return meSchema.parse(await response.json()).username;
}
