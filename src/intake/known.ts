// Owns the memory of messages: from the last document of one and the next it tells what happened to it.

import { type Revision, reviseUnmarked, type Unmarked } from "../facts/change.ts";

/**
 * Messages remembered per account at most; those that changed longest ago go first, half of all at once. Each takes
 * less than a kilobyte, so that an account's memory of messages stays below five megabytes.
 */
export const MAX_KNOWN_MESSAGES = 5000;

export interface Known {
  readonly revision: Revision;
  /** Whether any document of it named the bot, so that it may have been answered. */
  readonly mentioned: boolean;
  /** The stream's second argument, as it came with the message. */
  readonly room: unknown;
}

export interface KnownMessages {
  find(id: string): Known | undefined;
  /** All messages that are remembered, the one that changed longest ago first. */
  list(): Iterable<Known>;
  keep(known: Known): void;
  /** Remembers a message that bears no mark and names nobody, which takes a third of the memory. */
  keepUnmarked(message: Unmarked, room: unknown): void;
  forget(id: string): void;
}

export function createKnownMessages(max: number = MAX_KNOWN_MESSAGES): KnownMessages {
  const messages = new Recent<Known | Short>(max);
  return {
    find(id) {
      const entry = messages.get(id);
      return entry && unfold(entry);
    },
    list: () => messages.values().map(unfold),
    keep: (entry) => messages.put(entry.revision.id, entry),
    keepUnmarked: (message, room) => messages.put(message.id, { ...message, room }),
    forget: (id) => messages.delete(id),
  };
}

interface Short extends Unmarked {
  readonly room: unknown;
}

const unfold = (entry: Known | Short): Known =>
  "revision" in entry ? entry : { revision: reviseUnmarked(entry), mentioned: false, room: entry.room };

/**
 * What was put last under ids: between half of `max` and all of it. In two halves: a map that loses its first entry with
 * each new one takes ever longer to find the next first one.
 */
export class Recent<Value> {
  readonly #max: number;
  #recent = new Half<Value>();
  #earlier = new Half<Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(id: string): Value | undefined {
    const trace = traceOf(id);
    return this.#recent.get(id, trace) ?? this.#earlier.get(id, trace);
  }

  /** Puts it behind all others. */
  put(id: string, value: Value): void {
    const trace = traceOf(id);
    this.#recent.delete(id, trace);
    this.#earlier.delete(id, trace);
    if (this.#recent.entries.size >= this.#max / 2) {
      this.#earlier = this.#recent;
      this.#recent = new Half();
    }
    this.#recent.put(id, trace, value);
  }

  delete(id: string): void {
    const trace = traceOf(id);
    this.#recent.delete(id, trace);
    this.#earlier.delete(id, trace);
  }

  /** The one that was put longest ago first. */
  values(): Value[] {
    return [...this.#earlier.entries.values(), ...this.#recent.entries.values()];
  }
}

const TRACE_BITS = 18;

/** A number that most other ids do not have. */
function traceOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (31 * hash + id.charCodeAt(at)) | 0;
  return Math.imul(hash, 0x9e3779b1) >>> (32 - TRACE_BITS);
}

/** Most ids that are asked for are new, which their trace shows: looking into a large map costs more than all else. */
class Half<Value> {
  readonly entries = new Map<string, Value>();
  #traces: Uint32Array | undefined;

  get(id: string, trace: number): Value | undefined {
    return this.#has(trace) ? this.entries.get(id) : undefined;
  }

  put(id: string, trace: number, value: Value): void {
    this.#traces ??= new Uint32Array(2 ** TRACE_BITS / 32);
    this.#traces[trace >>> 5] = (this.#traces[trace >>> 5] ?? 0) | (1 << (trace & 31));
    this.entries.set(id, value);
  }

  delete(id: string, trace: number): void {
    if (this.#has(trace)) this.entries.delete(id);
  }

  #has(trace: number): boolean {
    return (((this.#traces?.[trace >>> 5] ?? 0) >>> (trace & 31)) & 1) === 1;
  }
}
