// Owns what each account knows of its server: how long a message may be, and which version it is.

import type { StreamEvent } from "../../ddp/protocol.ts";
import { isJsonObject } from "../../facts/json.ts";
import { fetchServerVersion } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchPublicSetting } from "../../rest/server.ts";

export interface ServerFacts {
  /** `Message_MaxAllowedSize`: UTF-16 units of one message. */
  readonly maxMessageUnits: number;
  /** From 8.7 on: tables, rules, and markup in headings. */
  readonly modern: boolean;
}

/** Changes of public settings, pushed to everybody who is logged in (recording `subscriptions`). */
export const SETTINGS_STREAM = { stream: "stream-notify-all", eventName: "public-settings-changed" };

const MAX_SIZE = "Message_MaxAllowedSize";

/** The server's own default, and what is assumed when it does not say. */
const FALLBACK: ServerFacts = { maxMessageUnits: 5000, modern: false };

/** How long an answer, or that there was none, is believed. Milliseconds. */
const FACTS_AGE_MS = 10 * 60_000;
const FAILURE_AGE_MS = 60_000;

interface Entry {
  readonly facts: Promise<ServerFacts>;
  until: number;
}

/** By account id: what one account cannot learn costs no other. */
const known = new Map<string, Entry>();

/**
 * What is known of a server, asked when nothing is or it is old. Never rejects: what a silent server said before
 * holds on, and one that has never said anything has the defaults.
 */
export function serverFacts(accountId: string, rest: RestClient): Promise<ServerFacts> {
  const entry = known.get(accountId);
  return entry !== undefined && Date.now() < entry.until ? entry.facts : refreshServerFacts(accountId, rest);
}

/** Asks anew, for example when a connection stands again and a change may have been missed. Never rejects. */
export function refreshServerFacts(accountId: string, rest: RestClient): Promise<ServerFacts> {
  const before = known.get(accountId)?.facts;
  const entry: Entry = {
    facts: readFacts(rest).catch(() => {
      entry.until = Date.now() + FAILURE_AGE_MS;
      return before ?? FALLBACK;
    }),
    until: Date.now() + FACTS_AGE_MS,
  };
  known.set(accountId, entry);
  return entry.facts;
}

/** Takes an event of `SETTINGS_STREAM`: `["updated", {_id, value}]`. Others are let be. */
export async function noteSettingChange(
  accountId: string,
  { args: [, setting] }: StreamEvent,
): Promise<void> {
  if (!isJsonObject(setting) || setting._id !== MAX_SIZE) return;
  const entry = known.get(accountId);
  if (entry === undefined) return;
  const facts = { ...(await entry.facts), maxMessageUnits: sizeOf(setting.value) };
  known.set(accountId, { facts: Promise.resolve(facts), until: entry.until });
}

async function readFacts(rest: RestClient): Promise<ServerFacts> {
  const [size, version] = await Promise.all([fetchPublicSetting(rest, MAX_SIZE), fetchServerVersion(rest)]);
  return { maxMessageUnits: sizeOf(size), modern: isModern(version ?? "") };
}

function sizeOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : FALLBACK.maxMessageUnits;
}

/** The parser that came with 8.7 reads tables, rules and markup in headings. */
function isModern(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 8 || (major === 8 && minor >= 7);
}
