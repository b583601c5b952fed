// Owns how an account opens its WebSocket: OpenClaw's socket class, the account's rules for TLS, and proxies.

import { Agent } from "node:https";
import { WebSocket } from "openclaw/plugin-sdk/websocket-runtime";
import type { OpenSocket } from "../../connection/driver.ts";
import { createOpenSocket, type SocketOptions } from "../../connection/socket.ts";
import type { AccountSettings } from "../../settings.ts";
import { findProxy } from "../config/proxy.ts";
import { readTlsTrust } from "./transport.ts";

/** Throws ConfigError when `tls.caFile` holds no certificate. */
export function openSocketFor(
  settings: AccountSettings,
  onCertificate: NonNullable<SocketOptions["onCertificate"]>,
): OpenSocket {
  const proxy = findProxy(settings.serverUrl, process.env);
  const proxied = proxy !== undefined && new URL(settings.serverUrl).protocol === "https:";
  const agent = proxied ? { agent: new Agent({ proxyEnv: { https_proxy: proxy } }) } : {};
  return createOpenSocket({ WebSocket, ...readTlsTrust(settings), ...agent, onCertificate });
}
