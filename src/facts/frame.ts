// Owns reading a message out of the text of its frame: of its members those are parsed that somebody reads, the rest is passed over.

import type { JsonObject } from "./json.ts";
import { CLOSE, COLON, COMMA, OPEN, OPEN_LIST, QUOTE, skipValue } from "./span.ts";

/** What `decodeMessage` and `decodeRevision` read of a message. `md`, of which a frame mostly consists, is not among it. */
const MEMBERS = [
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

/** As servers from 6.5 to 8.3 begin and end a frame of this stream (recordings); another one is left to be parsed. */
const HEAD =
  '{"msg":"changed","collection":"stream-room-messages","id":"id","fields":{"eventName":"__my_messages__","args":[';
const [TAIL, DATE] = ["]}}", '{"$date":'];
const [ZERO, NINE] = [48, 57];

/** Reads the frames of one account. */
export class FrameReader {
  readonly #shared = new Shared();

  /** The frame of a message; undefined when the text is anything else, or is spelled as is not expected. Never throws. */
  read(text: string): MessageFrame | undefined {
    if (!text.startsWith(HEAD) || !text.endsWith(TAIL)) return undefined;
    const members = new Members(text);
    const roomAt = members.scan(HEAD.length) + 1;
    const end = text.length - TAIL.length;
    if (roomAt === 0 || !text.startsWith(",{", roomAt - 1) || skipValue(text, roomAt) !== end)
      return undefined;
    try {
      return new MessageFrame(members, this.#shared.parse(text.slice(roomAt, end)), this.#shared);
    } catch {
      return undefined;
    }
  }
}

const [MAX_SHARED, MAX_SHARED_LENGTH] = [500, 300];

/** Small values that come again and again: parsed once, and one copy for all who keep them. */
class Shared {
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
class Members {
  readonly text: string;
  /** Where the first backslash of the text stands. */
  readonly firstEscape: number;
  /** Where the value of each begins, and ends, by its code; nothing for those that are not there. */
  readonly spans: number[] = NO_SPANS.slice();
  /** Those that are there; of lists those that are not empty. */
  bits = 0;

  constructor(text: string) {
    const first = text.indexOf("\\");
    [this.text, this.firstEscape] = [text, first < 0 ? text.length : first];
  }

  /** Finds those of the object that begins at an index; answers where it ends, -1 when it is not understood. */
  scan(from: number): number {
    const { text, firstEscape, spans } = this;
    if (text.charCodeAt(from) !== OPEN) return -1;
    for (let at = from + 1; ; at += 1) {
      const keyEnd = text.charCodeAt(at) === QUOTE ? text.indexOf('"', at + 1) : -1;
      // A key with an escape may be any.
      if (keyEnd < 0 || (keyEnd > firstEscape && text.slice(at, keyEnd).includes("\\"))) return -1;
      const start = keyEnd + 2;
      const end = text.charCodeAt(keyEnd + 1) === COLON ? skipValue(text, start) : -1;
      if (end < 0) return -1;
      const code = BY_SHAPE.get(shapeOf(text, at + 1, keyEnd));
      // Of members that bear the same name the last counts, as for `JSON.parse`.
      if (code !== undefined && text.startsWith(MEMBERS[code] ?? "", at + 1)) {
        spans[2 * code] = start;
        spans[2 * code + 1] = end;
        const bit = 1 << code;
        if ((LISTS & bit) === 0 || !isEmptyList(text, start, end)) this.bits |= bit;
      }
      at = end;
      if (text.charCodeAt(at) === CLOSE) return at + 1;
      if (text.charCodeAt(at) !== COMMA) return -1;
    }
  }
}

const NO_SPANS: readonly number[] = MEMBERS.flatMap(() => [0, 0]);

function isEmptyList(text: string, from: number, end: number): boolean {
  return end === from + 2 && text.charCodeAt(from) === OPEN_LIST;
}

/** A message in its frame. */
export class MessageFrame {
  readonly #members: Members;
  readonly #shared: Shared;
  /** The stream's second argument. */
  readonly room: unknown;

  constructor(members: Members, room: unknown, shared: Shared) {
    this.#members = members;
    this.room = room;
    this.#shared = shared;
  }

  /** Which of the members with these bits are there; an empty list is not. */
  among(bits: number): number {
    return this.#members.bits & bits;
  }

  /** The value of a member; undefined when it is not there. Throws a SyntaxError when it is no JSON. */
  value(name: string): unknown {
    return this.#parse(CODES.get(name) ?? -1);
  }

  /** The message with what is read of it; undefined when that is no JSON. Never throws. */
  message(): JsonObject | undefined {
    const message: Record<string, unknown> = {};
    try {
      for (let code = 0; code < MEMBERS.length; code += 1) {
        const value = this.#parse(code);
        if (value !== undefined) message[MEMBERS[code] ?? ""] = value;
      }
      return message;
    } catch {
      return undefined;
    }
  }

  #parse(code: number): unknown {
    const { text, firstEscape, spans } = this.#members;
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
