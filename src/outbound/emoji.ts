// Owns turning what an agent calls an emoji into the name that Rocket.Chat stores a reaction under.

import { EMOJI_TABLE } from "./emoji-table.ts";

/** The skin tones by their code point, as `_tone1` to `_tone5` in names. */
const TONES = ["1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"];

/** No emoji takes more UTF-16 units, with all its joiners and tones. */
const MAX_EMOJI_UNITS = 100;

/** How many near names an error offers. */
const MAX_NEAR = 6;

interface Table {
  /** Every name, without colons -> the name that Rocket.Chat's own clients use. */
  readonly names: ReadonlyMap<string, string>;
  /** Code points in hex, joined by dashes, without selectors and joiners -> that name. */
  readonly byCodePoints: ReadonlyMap<string, string>;
}

let table: Table | undefined;

/**
 * The name of a standard emoji, given as `eyes`, `:eyes:`, any other name of it, or the character itself:
 * Rocket.Chat takes names alone, and counts two names of one emoji apart (recording `reactions`). Undefined for
 * anything else, which may be a custom emoji.
 */
export function findEmoji(text: string): string | undefined {
  return findExactEmoji(text) ?? findExactEmoji(text.toLowerCase());
}

/** As `findEmoji`, of names in just this spelling: a custom emoji may differ from a standard one in case alone. */
export function findExactEmoji(text: string): string | undefined {
  const { names, byCodePoints } = readTable();
  const name = bareName(text);
  return names.get(name) ?? names.get(withTone(name)) ?? findCharacter(name, byCodePoints);
}

/** Every name of one emoji, given as for `findEmoji`; what is no standard emoji has the one name that it was given. */
export function namesOfEmoji(text: string): readonly string[] {
  const first = findExactEmoji(text);
  if (first === undefined) return [bareName(text)];
  const others = [...readTable().names].flatMap(([name, one]) => (one === first ? [name] : []));
  return [...new Set([first, ...others])];
}

/** The tones in words, `_tone1` to `_tone5`. */
const TONE_WORDS = ["light", "medium_light", "medium", "medium_dark", "dark"];
const WORDED_TONE = /_(light|medium_light|medium|medium_dark|dark)_skin_tone/g;

/** Other ways to name a skin tone, `thumbsup_medium_skin_tone` and Slack's `thumbsup::skin-tone-4`: `thumbsup_tone3`. */
function withTone(name: string): string {
  const [, base = name, tone] = /^([^:]+)::skin-tone-([2-6])$/.exec(name) ?? [];
  if (tone !== undefined) return `${base}_tone${Number(tone) - 1}`;
  return name.replace(WORDED_TONE, (_, words: string) => `_tone${TONE_WORDS.indexOf(words) + 1}`);
}

/** What was meant to be a name, without colons and space around. */
export function bareName(text: string): string {
  const name = text.trim();
  let start = 0;
  let end = name.length;
  while (name[start] === ":") start += 1;
  while (end > start && name[end - 1] === ":") end -= 1;
  return name.slice(start, end);
}

/** Names that look like this one, of standard and the given custom emoji, the nearest first. */
export function nearNames(text: string, custom: readonly string[] = []): string[] {
  const wanted = bareName(text).toLowerCase();
  const candidates = [...custom, ...new Set(readTable().names.values())];
  return candidates
    .map((name) => ({ name, distance: distanceOf(wanted, name) }))
    .filter(({ distance }) => distance <= Math.max(2, wanted.length / 3))
    .toSorted((a, b) => a.distance - b.distance || a.name.length - b.name.length)
    .slice(0, MAX_NEAR)
    .map(({ name }) => name);
}

function readTable(): Table {
  table ??= parseTable(EMOJI_TABLE);
  return table;
}

function parseTable(text: string): Table {
  const names = new Map<string, string>();
  const byCodePoints = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [code = "", first = "", ...others] = line.split(" ");
    byCodePoints.set(code.replace("~", ""), first);
    for (const name of [first, ...others]) names.set(name, first);
    if (!code.endsWith("~")) continue;
    for (const tone of TONES.keys())
      for (const name of [first, ...others]) names.set(`${name}_tone${tone + 1}`, `${first}_tone${tone + 1}`);
  }
  return { names, byCodePoints };
}

/** Skin tones are kept where the emoji has a name with them; otherwise it is the one without. */
function findCharacter(text: string, byCodePoints: Table["byCodePoints"]): string | undefined {
  if (text.length > MAX_EMOJI_UNITS) return undefined;
  const points = [...text].map((character) => character.codePointAt(0)?.toString(16).padStart(4, "0") ?? "");
  const shape = points.filter((point) => point !== "fe0f" && point !== "200d");
  const tones = new Set(shape.filter((point) => TONES.includes(point)));
  const exact = byCodePoints.get(shape.join("-"));
  if (exact !== undefined || tones.size === 0) return exact;
  const base = byCodePoints.get(shape.filter((point) => !tones.has(point)).join("-"));
  const [tone = "", ...more] = tones;
  const toned = base && `${base}_tone${TONES.indexOf(tone) + 1}`;
  return toned !== undefined && more.length === 0 && readTable().names.has(toned) ? toned : base;
}

/** Edits that lead from one name to the other; a name that begins with or contains the wanted one is near. */
function distanceOf(text: string, candidate: string): number {
  const [wanted = "", name = ""] = [text, candidate].map((word) => word.replace(/[_-]/g, ""));
  if (wanted.length >= 3 && name.includes(wanted)) return name.startsWith(wanted) ? 1 : 1.5;
  if (Math.abs(wanted.length - name.length) > 3) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: name.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...wanted].entries()) {
    const next = [at + 1];
    for (let index = 0; index < name.length; index += 1) {
      const change = (row[index] ?? 0) + (name[index] === letter ? 0 : 1);
      next.push(Math.min(change, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row[name.length] ?? Number.POSITIVE_INFINITY;
}
