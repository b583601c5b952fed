// Owns how an account opens its WebSocket: OpenClaw's socket class, the account's rules for TLS, and proxies.

import { Agent } from "node:https";
import { WebSocket } from "openclaw/plugin-sdk/websocket-runtime";
import type { OpenSocket } from "../../connection/driver.ts";
import { createOpenSocket, type SocketOptions } from "../../connection/socket.ts";
import type { AccountSettings } from "../../settings.ts";
import { hasProxyVariables, readTlsTrust } from "./transport.ts";

/** Throws ConfigError when `tls.caFile` holds no certificate. */
export function openSocketFor(
  settings: AccountSettings,
  onCertificate: NonNullable<SocketOptions["onCertificate"]>,
): OpenSocket {
  const proxied = hasProxyVariables() && settings.serverUrl.startsWith("https:");
  // The agent reads the variables as Node does, the list of exceptions included.
  const agent = proxied ? { agent: new Agent({ proxyEnv: process.env }) } : {};
  return createOpenSocket({ WebSocket, ...readTlsTrust(settings), ...agent, onCertificate });
}
