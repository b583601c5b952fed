// Owns reading and keeping the settings of a server: longest message, files it takes, version.

import type { StreamEvent } from "../../ddp/protocol.ts";
import { FILE_SETTINGS, type FileRules, readFileRules } from "../../facts/file-rules.ts";
import { isJsonObject, readText } from "../../facts/json.ts";
import { DEFAULT_KATEX, type Katex } from "../../outbound/dialect/math.ts";
import { fetchServerVersion } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchPublicSettings } from "../../rest/server.ts";

export interface ServerFacts {
  /** `Message_MaxAllowedSize`: UTF-16 units of one message. */
  readonly maxMessageUnits: number;
  /** UTF-16 units of the longest message that is shown with its markup. */
  readonly maxParsedUnits: number;
  /** From 8.7 on: tables, rules, and markup in headings. */
  readonly modern: boolean;
  /** 8.6: a line of code that ends with a backtick would make its block plain text. */
  readonly ticksBreakFences: boolean;
  /** Which formulas are shown: `Katex_Enabled`, `Katex_Parenthesis_Syntax`, `Katex_Dollar_Syntax`. */
  readonly katex: Katex;
  /** From 7.x on a file goes up in one step and is posted in another; before, in one. */
  readonly uploadsInSteps: boolean;
  readonly files: FileRules;
}

/** Changes of public settings, pushed to everybody who is logged in (recording `subscriptions`). */
export const SETTINGS_STREAM = { stream: "stream-notify-all", eventName: "public-settings-changed" };

const MAX_SIZE = "Message_MaxAllowedSize";

/** The server's own default, and what is assumed when it does not say. UTF-16 units. */
const DEFAULT_UNITS = 5000;

const KATEX = {
  enabled: "Katex_Enabled",
  parentheses: "Katex_Parenthesis_Syntax",
  dollars: "Katex_Dollar_Syntax",
} as const;

const SETTINGS: readonly string[] = [MAX_SIZE, ...Object.values(KATEX), ...FILE_SETTINGS];

/** `MESSAGE_MAX_PARSE_LENGTH` of 9.0 and later: a longer message is stored without its markup. */
const MAX_PARSED_UNITS = 10_000;

/** What is assumed of a server that has never said anything. */
const NOTHING: Known = interpret(new Map(), "");

/** How long an answer, or that there was none, is believed. Milliseconds. */
const FACTS_AGE_MS = 10 * 60_000;
const FAILURE_AGE_MS = 60_000;

/** What is known, and the settings that it was read from. */
interface Known {
  readonly facts: ServerFacts;
  readonly settings: ReadonlyMap<string, unknown>;
  readonly version: string;
}

interface Entry {
  readonly known: Promise<Known>;
  until: number;
}

/** By account id: what one account cannot learn costs no other. */
const known = new Map<string, Entry>();
/** The latest answers of servers, by account id. */
const learned = new Map<string, Known>();

const learn = (accountId: string, answer: Known): Known => {
  learned.set(accountId, answer);
  return answer;
};

/**
 * What is known of a server, asked when nothing is or it is old. Never rejects: what a silent server said before
 * holds on, and one that has never said anything has the defaults.
 */
export async function serverFacts(accountId: string, rest: RestClient): Promise<ServerFacts> {
  const entry = known.get(accountId);
  if (entry === undefined || Date.now() >= entry.until) return refreshServerFacts(accountId, rest);
  return (await entry.known).facts;
}

/** What was learned of an account's server so far, without asking; undefined before its first answer. */
export const knownServerFacts = (accountId: string): ServerFacts | undefined => learned.get(accountId)?.facts;

/** Asks anew, for example when a connection stands again and a change may have been missed. Never rejects. */
export async function refreshServerFacts(accountId: string, rest: RestClient): Promise<ServerFacts> {
  const before = known.get(accountId)?.known;
  const entry: Entry = {
    known: ask(rest).then(
      (answer) => learn(accountId, answer),
      () => {
        entry.until = Date.now() + FAILURE_AGE_MS;
        return before ?? NOTHING;
      },
    ),
    until: Date.now() + FACTS_AGE_MS,
  };
  known.set(accountId, entry);
  return (await entry.known).facts;
}

/** Takes an event of `SETTINGS_STREAM`: `["updated", {_id, value}]`. Others are let be. */
export async function noteSettingChange(
  accountId: string,
  { args: [, setting] }: StreamEvent,
): Promise<void> {
  const id = isJsonObject(setting) ? readText(setting, "_id") : undefined;
  const entry = known.get(accountId);
  if (!isJsonObject(setting) || id === undefined || !SETTINGS.includes(id) || entry === undefined) return;
  const { settings, version } = await entry.known;
  const changed = learn(accountId, interpret(new Map([...settings, [id, setting.value]]), version));
  known.set(accountId, { known: Promise.resolve(changed), until: entry.until });
}

async function ask(rest: RestClient): Promise<Known> {
  const [settings, version] = await Promise.all([
    fetchPublicSettings(rest, SETTINGS),
    fetchServerVersion(rest),
  ]);
  return interpret(settings, version ?? "");
}

function interpret(settings: ReadonlyMap<string, unknown>, version: string): Known {
  const size = settings.get(MAX_SIZE);
  const facts = {
    maxMessageUnits: typeof size === "number" && size > 0 ? size : DEFAULT_UNITS,
    maxParsedUnits: isAtLeast(version, 9, 0) ? MAX_PARSED_UNITS : Number.POSITIVE_INFINITY,
    modern: isAtLeast(version, 8, 7),
    ticksBreakFences: isAtLeast(version, 8, 6) && !isAtLeast(version, 8, 7),
    katex: readKatex(settings),
    uploadsInSteps: version === "" || isAtLeast(version, 7, 0),
    files: readFileRules(settings),
  };
  return { facts, settings, version };
}

/** What a server does not say is as it is by default. */
function readKatex(settings: ReadonlyMap<string, unknown>): Katex {
  if (settings.get(KATEX.enabled) === false) return { parentheses: false, dollars: false };
  const read = (id: string, otherwise: boolean): boolean => {
    const value = settings.get(id);
    return typeof value === "boolean" ? value : otherwise;
  };
  return {
    parentheses: read(KATEX.parentheses, DEFAULT_KATEX.parentheses),
    dollars: read(KATEX.dollars, DEFAULT_KATEX.dollars),
  };
}

/** Tables, rules and markup in headings came with the parser of 8.7, `rooms.media` with 7.0. */
function isAtLeast(version: string, wantedMajor: number, wantedMinor: number): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
