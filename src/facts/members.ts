// Owns finding in the text of a message those members that somebody reads; the rest is passed over and never parsed.

import type { JsonObject } from "./json.ts";
import { CLOSE, COLON, COMMA, OPEN_LIST, QUOTE, skipValue } from "./span.ts";

/** What `decodeMessage` and `decodeRevision` read of a message. `md`, of which a frame mostly consists, is not among it. */
export const MEMBERS = [
  "_id rid ts _updatedAt u t tmid msg bot mentions editedAt editedBy attachments file files urls reactions",
  "starred drid pinned pinnedBy pinnedAt tcount tlm replies dcount dlm",
].flatMap((names) => names.split(" "));

const CODES: ReadonlyMap<string, number> = new Map(MEMBERS.map((name, code) => [name, code]));

/** Members as bits of a number. */
export const bitsOf = (names: string): number =>
  names.split(" ").reduce((bits, name) => bits | (1 << (CODES.get(name) ?? 31)), 0);

/** Of which an empty list says nothing. */
const LISTS = bitsOf("mentions attachments files urls starred replies");

/** A sender and a place come again and again. */
const SHARED = bitsOf("u rid");

/** Those whose text is kept beyond the frame. */
const KEPT = bitsOf("_id tmid");

/** The members by their length, first and last letter, so that a key is told by one look and one comparison. */
const BY_SHAPE: ReadonlyMap<number, number> = new Map(
  MEMBERS.map((name, code) => [shapeOf(name, 0, name.length), code]),
);

const DATE = '{"$date":';
const [ZERO, NINE] = [48, 57];

const [MAX_SHARED, MAX_SHARED_LENGTH] = [500, 300];

/** Small values that come again and again: parsed once, and one copy for all who keep them. */
export class Shared {
  #kept = new Map<string, unknown>();

  /** Throws a SyntaxError when the text is no JSON. */
  parse(text: string): unknown {
    if (text.length > MAX_SHARED_LENGTH) return JSON.parse(text);
    const kept = this.#kept.get(text);
    if (kept !== undefined) return kept;
    const value: unknown = JSON.parse(text);
    if (this.#kept.size >= MAX_SHARED) this.#kept = new Map();
    this.#kept.set(copyOf(text), value);
    return value;
  }
}

/** Where the members of an object stand in a text. */
export class Members {
  readonly #text: string;
  /** Where the first backslash of the text stands. */
  readonly #firstEscape: number;
  /** Where the value of each begins, and ends, by its code; nothing for those that are not there. */
  readonly #spans: number[] = NO_SPANS.slice();
  /** Those that are there; of lists those that are not empty. */
  bits = 0;
  /** Where the object ends; 0 until that is known. */
  end = 0;
  readonly #shared: Shared;
  /** The brace or comma before the next member. */
  #at: number;

  /** The object begins at `from`. */
  constructor(text: string, from: number, shared: Shared) {
    const first = text.indexOf("\\");
    [this.#text, this.#firstEscape] = [text, first < 0 ? text.length : first];
    this.#at = from;
    this.#shared = shared;
  }

  /** Finds members until all with these bits are found, or the object ends; false when it is not understood. */
  find(bits: number): boolean {
    while (this.end === 0 && (this.bits & bits) !== bits) if (!this.#findNext()) return false;
    return true;
  }

  /** No message has all of these, so this reads on to the end. */
  findAll(): boolean {
    return this.find(-1);
  }

  #findNext(): boolean {
    const [text, firstEscape] = [this.#text, this.#firstEscape];
    const at = this.#at + 1;
    const keyEnd = text.charCodeAt(at) === QUOTE ? text.indexOf('"', at + 1) : -1;
    // A key with an escape may be any.
    if (keyEnd < 0 || (keyEnd > firstEscape && text.slice(at, keyEnd).includes("\\"))) return false;
    const start = keyEnd + 2;
    const end = text.charCodeAt(keyEnd + 1) === COLON ? skipValue(text, start) : -1;
    if (end < 0) return false;
    const code = BY_SHAPE.get(shapeOf(text, at + 1, keyEnd));
    if (code !== undefined && text.startsWith(MEMBERS[code] ?? "", at + 1)) this.#note(code, start, end);
    this.#at = end;
    const next = text.charCodeAt(end);
    if (next === CLOSE) this.end = end + 1;
    return next === CLOSE || next === COMMA;
  }

  /** Of members that bear the same name the last that was found counts, as for `JSON.parse`. */
  #note(code: number, start: number, end: number): void {
    this.#spans[2 * code] = start;
    this.#spans[2 * code + 1] = end;
    const bit = 1 << code;
    if ((LISTS & bit) === 0 || !isEmptyList(this.#text, start, end)) this.bits |= bit;
  }

  /** The value of a member; undefined when it is not there. Throws a SyntaxError when it is no JSON. */
  value(name: string): unknown {
    const [text, firstEscape, spans] = [this.#text, this.#firstEscape, this.#spans];
    const code = CODES.get(name) ?? -1;
    const [from = 0, end = 0] = [spans[2 * code], spans[2 * code + 1]];
    if (end === 0) return undefined;
    if ((SHARED & (1 << code)) !== 0) return this.#shared.parse(text.slice(from, end));
    const isText = text.charCodeAt(from) === QUOTE && end <= firstEscape;
    // A slice keeps the whole text in memory.
    if (isText && (KEPT & (1 << code)) === 0) return text.slice(from + 1, end - 1);
    if (isEmptyList(text, from, end)) return NOTHING;
    return readDate(text, from, end) ?? JSON.parse(text.slice(from, end));
  }
}

const NO_SPANS: readonly number[] = MEMBERS.flatMap(() => [0, 0]);

function isEmptyList(text: string, from: number, end: number): boolean {
  return end === from + 2 && text.charCodeAt(from) === OPEN_LIST;
}

/** Most lists of a message are empty. */
const NOTHING: readonly unknown[] = [];

/** `{"$date": ms}` as the stream writes it, after 1970; undefined for anything else. */
function readDate(text: string, from: number, end: number): JsonObject | undefined {
  const start = from + DATE.length;
  if (!text.startsWith(DATE, from) || end - start > 16 || text.charCodeAt(start) === ZERO) return undefined;
  let value = 0;
  for (let at = start; at < end - 1; at += 1) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return undefined;
    value = 10 * value + code - ZERO;
  }
  return value === 0 ? undefined : { $date: value };
}

/** A part of a text keeps the whole of it in memory; this is as good, and stands alone. */
function copyOf(part: string): string {
  return ` ${part}`.slice(1);
}

function shapeOf(text: string, from: number, end: number): number {
  return ((end - from) * 128 + text.charCodeAt(from)) * 128 + text.charCodeAt(end - 1);
}
