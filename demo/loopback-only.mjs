// A preload (`node --import`): refuses every way out of the loopback interface, and writes the attempt down.
//
// ROCKETCHAT_NETWORK_LOG    the file that gets one JSON line for each process and for each attempt
// ROCKETCHAT_NETWORK_ALLOW  names and addresses that may be reached all the same, separated by commas
//
// Plain JavaScript, because it is loaded into every Node process, npm's included.
import dgram from "node:dgram";
import dns from "node:dns";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { isMainThread } from "node:worker_threads";

const { ROCKETCHAT_NETWORK_LOG, ROCKETCHAT_NETWORK_ALLOW } = process.env;
const allowed = new Set((ROCKETCHAT_NETWORK_ALLOW ?? "").split(",").filter((host) => host !== ""));

if (ROCKETCHAT_NETWORK_LOG) {
  if (isMainThread) write({ kind: "process" });
  watchSockets();
  watchDatagrams();
  for (const holder of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    watchLookups(holder);
  }
  syncBuiltinESMExports();
}

/** TLS, HTTP and fetch all connect through this one method. */
function watchSockets() {
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    const host = socketHost(Array.isArray(args[0]) ? args[0] : args);
    if (isInside(host)) return connect.apply(this, args);
    const error = refuse("connect", host);
    process.nextTick(() => this.destroy(error));
    return this;
  };
}

/** `connect(options)`, `connect(port, host)` or `connect(path)`; null is a local path. */
function socketHost([first, second]) {
  if (typeof first === "object" && first !== null) return first.path ? null : (first.host ?? "localhost");
  const isPort = typeof first === "number" || /^\d+$/.test(first);
  if (!isPort) return null;
  return typeof second === "string" ? second : "localhost";
}

/** `send(message, …, port, address?, callback?)` and `connect(port, address?, callback?)`. */
function watchDatagrams() {
  for (const method of ["send", "connect"]) {
    const original = dgram.Socket.prototype[method];
    dgram.Socket.prototype[method] = function (...args) {
      const last = args.findLast((arg) => typeof arg !== "function");
      const isAddress = typeof last === "string" && args.indexOf(last) > 0;
      if (!isAddress || isInside(last)) return original.apply(this, args);
      const error = refuse("datagram", last);
      process.nextTick(() => this.emit("error", error));
    };
  }
}

function watchLookups(holder) {
  for (const method of Object.getOwnPropertyNames(holder)) {
    if (!/^(lookup|resolve|reverse)/.test(method) || typeof holder[method] !== "function") continue;
    const original = holder[method];
    holder[method] = function (...args) {
      const name = args[0];
      if (typeof name !== "string" || isInside(name)) return original.apply(this, args);
      const error = refuse("lookup", name);
      const callback = args.at(-1);
      if (typeof callback !== "function") return Promise.reject(error);
      process.nextTick(callback, error);
    };
  }
}

function isInside(host) {
  if (host === null || host === "" || allowed.has(host)) return true;
  if (/^(127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$)/.test(host)) return true;
  return host === "localhost" || host.endsWith(".localhost");
}

/** Writes the attempt down; gives the error that it fails with. */
function refuse(kind, target) {
  write({ kind, target });
  return Object.assign(new Error(`Refused to reach ${target}: loopback only.`), {
    code: "ERR_LOOPBACK_ONLY",
  });
}

function write(entry) {
  const program = process.argv.slice(1, 3).join(" ");
  appendFileSync(ROCKETCHAT_NETWORK_LOG, `${JSON.stringify({ ...entry, pid: process.pid, program })}\n`);
}
