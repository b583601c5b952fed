// Owns which room or person a name meant when it was last heard, for comparing targets; never for sending.

import {
  formatTarget,
  type NamedTarget,
  parseNamedTarget,
  parseTarget,
  type Target,
} from "../../outbound/target.ts";

/** Names remembered per process; the one least recently heard goes first. */
const MAX_NAMES = 1000;

/** Undefined for a name that was heard of two: on two servers, or before and after a rename. */
const heard = new Map<string, Target | undefined>();

/** Notes what a name means now. One that has meant another is not recalled any more: no text says which is meant. */
export function noteName(named: NamedTarget, target: Target): void {
  const key = keyOf(named);
  const isAlone = !heard.has(key) || heard.get(key)?.id === target.id;
  heard.delete(key);
  heard.set(key, isAlone ? target : undefined);
  const oldest = heard.size > MAX_NAMES ? heard.keys().next().value : undefined;
  if (oldest !== undefined) heard.delete(oldest);
}

/** The target by id that a text means, as far as is known without asking the server; undefined for any other text. */
export function recallTarget(text: string): Target | undefined {
  const named = parseNamedTarget(text);
  return named === undefined ? parseTarget(text) : heard.get(keyOf(named));
}

/** The same written out, as OpenClaw compares targets. */
export function normalizeTarget(text: string): string | undefined {
  const target = recallTarget(text);
  return target && formatTarget(target);
}

/** Neither names of rooms nor usernames differ by case alone. */
const keyOf = ({ kind, name }: NamedTarget): string => `${kind} ${name.toLowerCase()}`;
