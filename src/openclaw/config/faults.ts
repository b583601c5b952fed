// Owns what can be wrong with the values that connecting needs: one wording for each fault, whoever asks.

import type { AccountSettings } from "../../settings.ts";

/** What is wrong with one value, as the end of a sentence that begins with its key, and what to do. */
export interface ValueFault {
  readonly problem: string;
  readonly remedy: string;
}

/** A fault of a configuration. */
export interface Fault extends ValueFault {
  /** The key as it stands in the file, or the variable of the environment. */
  readonly path: string;
}

/** The fault as one text. */
export const explain = ({ path, problem, remedy }: Fault): string => `${path} ${problem}. ${remedy}`;

const WHOLE_ADDRESS = "Write the whole address, for example https://chat.example.org";

/** What an address of a server looks like, for a check before any code of ours runs: the manifest's JSON schema. */
export const ADDRESS_PATTERN = "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s?#@]+$";

/**
 * What is wrong with the address of a server, whether or not it may be `http`; undefined when nothing is. Says nothing
 * that stands in the address: it may hold a password.
 */
export function judgeAddress(text: string): ValueFault | undefined {
  if (/\s/.test(text)) return { problem: "has a space in it", remedy: WHOLE_ADDRESS };
  if (text.includes("@"))
    return {
      problem: "has a user name or a password in it",
      remedy: "Remove what stands before the @, and the @",
    };
  if (text.includes("#")) return { problem: "has a # in it", remedy: "Remove the # and what follows it" };
  if (text.includes("?"))
    return { problem: "has a question mark in it", remedy: "Remove it and what follows" };
  if (!/^https?:\/\//i.test(text)) return { problem: "does not begin with https://", remedy: WHOLE_ADDRESS };
  return URL.canParse(text) ? undefined : { problem: "is no address", remedy: WHOLE_ADDRESS };
}

/** What is wrong with sending a token to this address; `insecure` is the account's `dangerouslyAllowInsecure`. */
export function judgeEncryption(address: string, insecure: boolean): ValueFault | undefined {
  if (insecure || !/^http:/i.test(address)) return undefined;
  return {
    problem: "must be https://; the token is a password",
    remedy: "For local development only, http:// can be allowed with dangerouslyAllowInsecure: true",
  };
}

/** What is wrong with a token or a user id: both travel as headers, which hold no space and no special character. */
export function judgeCredential(text: string): ValueFault | undefined {
  if (/^[\x21-\x7e]+$/.test(text)) return undefined;
  return {
    problem: "has a space, a line break or a special character in it",
    remedy: "Copy it again from Rocket.Chat, without quotation marks",
  };
}

/** What is wrong with a username, as it is written with or without the `@`. */
export function judgeUsername(text: string): ValueFault | undefined {
  if (/^@?[^\s@#:/]+$/.test(text)) return undefined;
  return {
    problem: "is no username",
    remedy: "Write the name that people mention, for example openclaw-bot",
  };
}

/** An address in one spelling: scheme and host in lower case, no default port, no slash at its end; as it is when it is none. */
export function canonicalAddress(text: string): string {
  const trimmed = text.trim();
  if (judgeAddress(trimmed) !== undefined) return trimSlashes(withoutUser(trimmed));
  const { origin, pathname } = new URL(trimmed);
  return `${origin}${trimSlashes(pathname)}`;
}

/** A password in an address must not get into a status or a log; that there was one must still be told. */
function withoutUser(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const scheme = /^[a-z]+:\/\//i.exec(text)?.[0] ?? "";
  return `${scheme}…${text.slice(at)}`;
}

/** Whether two addresses are the same server's, however they are written. */
export function isSameServer(one: string, other: string): boolean {
  return canonicalAddress(one) === canonicalAddress(other);
}

/** Whether two usernames are the same user's: Rocket.Chat gives out each but once, whatever its case. */
export function isSameUsername(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

const ADD = "Run `openclaw channels add --channel rocketchat`, or set them";

/** Everything that is wrong with the values that connecting needs. */
export function findFaults(account: AccountSettings): Fault[] {
  const { keyPaths, serverUrl, userId, username, pat } = account;
  const judged: [string, ValueFault | undefined][] = [
    [keyPaths.serverUrl, serverUrl === "" ? undefined : judgeAddress(serverUrl)],
    [keyPaths.serverUrl, judgeEncryption(serverUrl, account.dangerouslyAllowInsecure)],
    [keyPaths.userId, userId === "" ? undefined : judgeCredential(userId)],
    [keyPaths.username, username === "" ? undefined : judgeUsername(username)],
    [keyPaths.pat, pat === "" ? undefined : judgeCredential(pat)],
  ];
  return [
    ...findMissing(account),
    ...judged.flatMap(([path, fault]) => (fault === undefined ? [] : [{ path, ...fault }])),
  ];
}

function findMissing(account: AccountSettings): Fault[] {
  const missing = missingKeys(account);
  if (missing.length === 0) return [];
  const problem = `lacks ${missing.join(", ")}`;
  return [{ path: account.keyPaths.account, problem, remedy: account.environmentNote ?? ADD }];
}

/** The keys that connecting needs and the account lacks. */
export function missingKeys(account: AccountSettings): string[] {
  return [
    ...(["serverUrl", "userId", "username"] as const).filter((key) => account[key] === ""),
    ...(account.patStatus === "missing" ? ["pat"] : []),
  ];
}

/** An address without slashes at its end. */
export function trimSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}
