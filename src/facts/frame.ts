// Owns reading a message out of the text of its frame: of its members those are parsed that somebody reads, the rest is passed over.

import type { JsonObject } from "./json.ts";

/** What `decodeMessage` and `decodeRevision` read of a message. `md`, of which a frame mostly consists, is not among it. */
const MEMBERS = [
  "_id rid ts _updatedAt u t tmid msg bot mentions editedAt editedBy attachments file files urls reactions",
  "starred drid pinned pinnedBy pinnedAt tcount tlm replies dcount dlm",
].flatMap((names) => names.split(" "));

/** As servers from 6.5 to 8.3 begin and end a frame of this stream (recordings); another one is left to be parsed. */
const HEAD =
  '{"msg":"changed","collection":"stream-room-messages","id":"id","fields":{"eventName":"__my_messages__","args":[';
const [TAIL, DATE] = ["]}}", '{"$date":'];

const [QUOTE, COMMA, COLON, BACKSLASH, ZERO, NINE] = [34, 44, 58, 92, 48, 57];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [123, 125, 91, 93];

/** The members by their length and first letter, so that a key is told by one look and one comparison. */
const BY_SHAPE = Map.groupBy(MEMBERS, (name) => name.length * 128 + name.charCodeAt(0));

/** Small values that come again and again, such as a sender: parsed once, and one copy for all who keep them. */
const [MAX_SHARED, MAX_SHARED_LENGTH] = [500, 300];

/** Reads the frames of one account. */
export class FrameReader {
  #shared = new Map<string, unknown>();

  /** The frame of a message; undefined when the text is anything else, or is spelled as is not expected. Never throws. */
  read(text: string): MessageFrame | undefined {
    if (!text.startsWith(HEAD) || !text.endsWith(TAIL)) return undefined;
    const members = new Members(text);
    const roomAt = members.scan(HEAD.length) + 1;
    const end = text.length - TAIL.length;
    if (roomAt === 0 || !text.startsWith(",{", roomAt - 1) || skipValue(text, roomAt) !== end)
      return undefined;
    try {
      return new MessageFrame(members, this.#share(text.slice(roomAt, end)), this.#share);
    } catch {
      return undefined;
    }
  }

  /** Throws a SyntaxError when the text is no JSON. */
  readonly #share = (text: string): unknown => {
    if (text.length > MAX_SHARED_LENGTH) return JSON.parse(text);
    const kept = this.#shared.get(text);
    if (kept !== undefined) return kept;
    const value: unknown = JSON.parse(text);
    if (this.#shared.size >= MAX_SHARED) this.#shared = new Map();
    this.#shared.set(copyOf(text), value);
    return value;
  };
}

/** Where the members of an object stand in a text. */
class Members {
  readonly text: string;
  readonly isEscaped: boolean;
  readonly names: string[] = [];
  /** Where the value of each begins, and ends. */
  readonly spans: number[] = [];

  constructor(text: string) {
    [this.text, this.isEscaped] = [text, text.includes("\\")];
  }

  /** Finds those of the object that begins at an index; answers where it ends, -1 when it is not understood. */
  scan(from: number): number {
    const { text, isEscaped, names, spans } = this;
    if (text.charCodeAt(from) !== OPEN) return -1;
    for (let at = from + 1; ; at += 1) {
      const keyEnd = text.charCodeAt(at) === QUOTE ? text.indexOf('"', at + 1) : -1;
      // A key with an escape may be any.
      if (keyEnd < 0 || (isEscaped && text.slice(at, keyEnd).includes("\\"))) return -1;
      const end = text.charCodeAt(keyEnd + 1) === COLON ? skipValue(text, keyEnd + 2) : -1;
      if (end < 0) return -1;
      const name = memberAt(text, at + 1, keyEnd);
      if (name !== undefined) {
        names.push(name);
        spans.push(keyEnd + 2, end);
      }
      at = end;
      if (text.charCodeAt(at) === CLOSE) return at + 1;
      if (text.charCodeAt(at) !== COMMA) return -1;
    }
  }
}

/** A message in its frame. Of members that bear the same name the last counts, as for `JSON.parse`. */
export class MessageFrame {
  readonly #members: Members;
  readonly #share: (text: string) => unknown;
  /** The stream's second argument. */
  readonly room: unknown;

  constructor(members: Members, room: unknown, share: (text: string) => unknown) {
    this.#members = members;
    this.room = room;
    this.#share = share;
  }

  has(name: string): boolean {
    return this.#members.names.includes(name);
  }

  /** The value of a member, not to be kept; undefined when it is not there. Throws a SyntaxError when it is no JSON. */
  value(name: string): unknown {
    const at = this.#members.names.lastIndexOf(name);
    return at < 0 ? undefined : this.#parse(at);
  }

  /** The message with what is read of it; undefined when that is no JSON. Never throws. */
  message(): JsonObject | undefined {
    const { names } = this.#members;
    const message: Record<string, unknown> = {};
    try {
      for (let index = 0; index < names.length; index += 1) {
        const [name = "", value] = [names[index], this.#parse(index)];
        message[name] =
          typeof value === "string" && (name === "_id" || name === "tmid") ? copyOf(value) : value;
      }
      return message;
    } catch {
      return undefined;
    }
  }

  #parse(index: number): unknown {
    const { text, isEscaped, names, spans } = this.#members;
    const [from = 0, end = 0] = [spans[2 * index], spans[2 * index + 1]];
    const first = text.charCodeAt(from);
    if (names[index] === "u" || names[index] === "rid") return this.#share(text.slice(from, end));
    if (first === QUOTE && !isEscaped) return text.slice(from + 1, end - 1);
    if (first === OPEN_LIST && end === from + 2) return NOTHING;
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

function memberAt(text: string, from: number, end: number): string | undefined {
  const shape = (end - from) * 128 + text.charCodeAt(from);
  return BY_SHAPE.get(shape)?.find((name) => text.startsWith(name, from));
}

/** Where the value ends that begins at an index; -1 when there is none. */
function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === QUOTE) return skipText(text, from);
  if (first === OPEN || first === OPEN_LIST) return skipNested(text, from);
  let at = from;
  // Behind the end there is no code, which is above nothing.
  for (let code = first; code > 32 && code !== COMMA && code < OPEN; code = text.charCodeAt(at)) at += 1;
  return at > from ? at : -1;
}

/** A quote ends a text unless an odd number of backslashes stands before it. */
function skipText(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
  return -1;
}

function skipNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE || code === CLOSE_LIST) depth -= 1;
    at = code === QUOTE ? skipText(text, at) : at + 1;
    if (at < 0) return -1;
    if (depth === 0) return at;
  }
  return -1;
}
