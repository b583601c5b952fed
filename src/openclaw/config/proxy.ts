// Owns which proxy the environment names for an address, by the rules of OpenClaw's guarded fetch.

import { BlockList, isIPv4 } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables for a scheme, the one that is asked first. `ALL_PROXY` is not read. */
const SCHEMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["http:", ["http_proxy"]],
  ["https:", ["https_proxy", "http_proxy"]],
]);

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ["http:", "80"],
  ["https:", "443"],
]);

/**
 * The address of the proxy through which `target` (`http:` or `https:`) is reached; undefined when it is reached
 * directly. A variable in lower case shadows the one in upper case, even when it is empty. The rules are those of
 * OpenClaw 2026.9.6, whose own functions newer versions no longer export; a test compares them.
 */
export function findProxy(target: string, environment: Environment): string | undefined {
  const url = URL.parse(target);
  const proxy = SCHEMES.get(url?.protocol ?? "")
    ?.map((name) => readVariable(name, environment)?.trim())
    .find((value) => value);
  if (url === null || proxy === undefined) return undefined;
  return isExempt(url, readVariable("no_proxy", environment) ?? "") ? undefined : proxy;
}

function readVariable(name: string, environment: Environment): string | undefined {
  return environment[name] ?? environment[name.toUpperCase()];
}

/** Whether `NO_PROXY` names the host. `*` counts only when it stands alone. */
function isExempt(url: URL, exceptions: string): boolean {
  if (exceptions === "*") return true;
  const host = withoutLastDot(url.hostname.replaceAll(/[[\]]/g, ""));
  const port = url.port || DEFAULT_PORTS.get(url.protocol);
  return exceptions
    .toLowerCase()
    .split(/[,\s]/)
    .map(readException)
    .some((exception) => {
      if (exception === undefined || (exception.port !== undefined && exception.port !== port)) return false;
      return coversHost(exception.host, host);
    });
}

interface Exception {
  readonly host: string;
  readonly port: string | undefined;
}

/** Reads `host`, `.host`, `*.host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
function readException(text: string): Exception | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (text.startsWith("[") && bracketed === null) return undefined;
  const named = bracketed ?? /^([^:]*):(\d+)$/.exec(text);
  const host = withoutLastDot((named?.[1] ?? text).replace(/^\*?\./, ""));
  return host === "" || host === "*" ? undefined : { host, port: named?.[2] };
}

function withoutLastDot(host: string): string {
  return host.length > 1 && host.endsWith(".") ? host.slice(0, -1) : host;
}

/** A host covers itself and what lies below it; an IPv4 address may be given as `10.0.0.0/8` or `10.*`. */
function coversHost(exception: string, host: string): boolean {
  if (host === exception || host.endsWith(`.${exception}`)) return true;
  if (!isIPv4(host)) return false;
  return exception.includes("/") ? isInSubnet(exception, host) : matchesOctets(exception, host);
}

function isInSubnet(subnet: string, host: string): boolean {
  const [network = "", prefix = "", ...rest] = subnet.split("/");
  if (!isIPv4(network) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || rest.length > 0) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(host);
}

/** `10.*` and `10.*.*.4`: a star at the end stands for all that follows, elsewhere for one number. */
function matchesOctets(pattern: string, host: string): boolean {
  const wanted = pattern.split(".");
  const octets = host.split(".");
  if (!wanted.includes("*") || wanted.length > octets.length) return false;
  const fits = wanted.every(
    (part, index) => part === "*" || (/^\d{1,3}$/.test(part) && Number(part) === Number(octets[index])),
  );
  return fits && (wanted.at(-1) === "*" || wanted.length === octets.length);
}
