// Owns the judgements of an account: which messages were judged, so that each is judged once and none is passed over.

import type { Revision } from "../facts/change.ts";
import type { DropReason } from "../policy/admission.ts";
import { Recent } from "./known.ts";
import { LATE_MS, type Lag, type Progress, type RoundMemory } from "./round.ts";

/** What became of a message. A stored one has its id in the queue, too. */
export type Verdict = "stored" | DropReason | "nothing";

export interface Judgement {
  readonly messageId: string;
  readonly roomId: string;
  readonly sentAt: number;
  readonly verdict: Verdict;
}

/** The file under a ledger. What its calls throw is a StorageError. */
export interface LedgerFile {
  /** What was saved last, and the judgements that are kept, the earliest first. */
  load(): RoundMemory & { readonly judgements: readonly Pick<Judgement, "messageId" | "sentAt">[] };
  saveRound(change: {
    readonly progress?: Progress | undefined;
    readonly put: readonly Lag[];
    readonly drop: readonly string[];
  }): void;
  /** Writes judgements down; only the newest `keep` stay. */
  saveJudgements(judgements: readonly Judgement[], keep: number): void;
  close(): void;
}

/**
 * Judgements remembered per account at most. One that is forgotten is judged again when its message comes again, with
 * the same result: what was stored has its id in the queue.
 */
export const MAX_JUDGEMENTS = 20_000;

/** Judgements are written together at most this often; what a kill loses is read and judged again. Milliseconds. */
const WRITE_MS = 2_000;

/** Judgements that are written at once, and how soon the next follow where more wait. Milliseconds. */
const PART = 500;
const PART_PAUSE_MS = 50;

export interface LedgerOptions {
  readonly file: LedgerFile;
  /** Runs a function later; answers how to prevent it. */
  readonly later: (ms: number, run: () => void) => () => void;
  readonly onError: (error: unknown) => void;
  readonly max?: number;
}

/** Where a document was read that was asked for: what was sent up to `since` is older than what is looked for. */
export interface Ground {
  readonly since: number;
}

type Sent = Pick<Revision, "id" | "roomId" | "sentAt" | "updatedAt">;

export interface Ledger {
  /** The rounds as the file knew them when it was opened. */
  readonly round: RoundMemory;
  /** Throws StorageError. */
  saveRound(change: Parameters<LedgerFile["saveRound"]>[0]): void;
  /**
   * Whether a message was judged before, or is none to be judged: older than the account, than the bot's membership,
   * or than a message of the stream may be. Never derived from what is remembered for telling changes.
   */
  isSettled(message: Sent, asked?: Ground): boolean;
  note(judgement: Judgement): void;
  /** The bot joined a room: what was written there before is none of its business. */
  noteJoined(roomId: string, at: number): void;
  /** Writes down what was judged so far. Never throws. */
  flush(): void;
  close(): void;
}

export function createLedger(options: LedgerOptions): Ledger {
  const { file, max = MAX_JUDGEMENTS } = options;
  const { judgements, ...stored } = file.load();
  /** When the messages were sent that were judged last. */
  const judged = new Recent<number>(max);
  for (const { messageId, sentAt } of judgements) judged.put(messageId, sentAt);
  const beginning = new Beginning(stored.progress?.startedAt);
  const writer = new Writer({ ...options, max });
  return {
    round: stored,
    saveRound(change) {
      beginning.note(change.progress?.startedAt);
      // What was judged stands behind the cursors that are moved past it.
      writer.flush();
      file.saveRound(change);
    },
    isSettled(message, asked) {
      const before = judged.get(message.id);
      // A deleted message's `_id` may be used again, for another message (recording `send-idempotency`).
      if (before !== undefined && message.sentAt <= before) return true;
      return asked === undefined ? beginning.precludes(message) : message.sentAt <= asked.since;
    },
    note(judgement) {
      const { messageId, sentAt } = judgement;
      if (judged.get(messageId) === sentAt) return;
      judged.put(messageId, sentAt);
      writer.add(judgement);
    },
    noteJoined: (roomId, at) => beginning.noteJoined(roomId, at),
    flush: () => writer.flush(),
    close() {
      writer.flush();
      file.close();
    },
  };
}

const MAX_JOINS = 1_000;

/** Before what a message is none of the account's business: its first connection, and the bot's membership of the room. */
class Beginning {
  #startedAt: number | undefined;
  readonly #joins = new Map<string, number>();

  constructor(startedAt: number | undefined) {
    this.#startedAt = startedAt;
  }

  note(startedAt: number | undefined): void {
    this.#startedAt = startedAt ?? this.#startedAt;
  }

  noteJoined(roomId: string, at: number): void {
    this.#joins.delete(roomId);
    this.#joins.set(roomId, at);
    const oldest = this.#joins.size > MAX_JOINS ? this.#joins.keys().next().value : undefined;
    if (oldest !== undefined) this.#joins.delete(oldest);
  }

  /** The stream tells of a message when it is written or changed: by the document's own times, this long after. */
  precludes({ sentAt, updatedAt, roomId }: Sent): boolean {
    if (updatedAt - sentAt > LATE_MS) return true;
    const first = Math.max(this.#startedAt ?? 0, this.#joins.get(roomId) ?? 0);
    // Both are before it when the server's clock was set back since.
    return sentAt < first && updatedAt >= first;
  }
}

/** Writes judgements down, several at a time, and of many a part at a time: nothing else runs meanwhile. */
class Writer {
  readonly #options: LedgerOptions & { readonly max: number };
  #unwritten: Judgement[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: LedgerOptions & { readonly max: number }) {
    this.#options = options;
  }

  add(judgement: Judgement): void {
    this.#unwritten.push(judgement);
    // Of more than are kept the older ones would be deleted by the write that brings them.
    if (this.#unwritten.length >= 2 * this.#options.max) this.#unwritten = this.#newest();
    this.#cancel ??= this.#later(WRITE_MS);
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#unwritten = this.#newest();
    this.#write(this.#unwritten.length);
  }

  #writePart(): void {
    this.#cancel = undefined;
    if (this.#write(PART) && this.#unwritten.length > 0)
      this.#cancel = this.#later(this.#unwritten.length < PART ? WRITE_MS : PART_PAUSE_MS);
  }

  #later(ms: number): () => void {
    return this.#options.later(ms, () => this.#writePart());
  }

  /** Writes the first of what waits; what cannot be written waits on, but no longer than it would be remembered. */
  #write(count: number): boolean {
    const { file, max, onError } = this.#options;
    if (this.#unwritten.length === 0) return true;
    try {
      file.saveJudgements(this.#unwritten.slice(0, count), max);
      this.#unwritten = this.#unwritten.slice(count);
      return true;
    } catch (error) {
      this.#unwritten = this.#newest();
      onError(error);
      return false;
    }
  }

  #newest(): Judgement[] {
    return this.#unwritten.slice(-this.#options.max);
  }
}
