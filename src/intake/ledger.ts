// Owns the judgements of an account: which messages were judged, so that each is judged once and none is passed over.

import type { Revision } from "../facts/change.ts";
import type { DropReason } from "../policy/admission.ts";
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

export interface Ledger {
  /** The rounds as the file knew them when it was opened. */
  readonly round: RoundMemory;
  /** Throws StorageError. */
  saveRound(change: Parameters<LedgerFile["saveRound"]>[0]): void;
  /**
   * Whether a message was judged before, or is none to be judged: older than the account, than the bot's membership,
   * or than a message of the stream may be. Never derived from what is remembered for telling changes.
   */
  isSettled(message: Revision, asked?: Ground): boolean;
  note(judgement: Judgement): void;
  /** The bot joined a room: what was written there before is none of its business. */
  noteJoined(roomId: string, at: number): void;
  /** Writes down what was judged so far. Never throws. */
  flush(): void;
  close(): void;
}

const MAX_JOINS = 1_000;

export function createLedger({ file, later, onError, max = MAX_JUDGEMENTS }: LedgerOptions): Ledger {
  const { judgements, ...stored } = file.load();
  // Two halves: a map that loses its first entry with each new one takes ever longer to find the next first one.
  let recent = new Map<string, number>();
  let earlier = new Map<string, number>();
  const joins = new Map<string, number>();
  let unwritten: Judgement[] = [];
  let cancel: (() => void) | undefined;

  function remember(messageId: string, sentAt: number): void {
    if (recent.size >= max / 2) {
      earlier = recent;
      recent = new Map();
    }
    recent.set(messageId, sentAt);
  }
  let startedAt = stored.progress?.startedAt;
  for (const { messageId, sentAt } of judgements) remember(messageId, sentAt);

  function flush(): void {
    cancel?.();
    cancel = undefined;
    if (unwritten.length === 0) return;
    try {
      file.saveJudgements(unwritten, max);
      unwritten = [];
    } catch (error) {
      // Held back no longer than they would be remembered.
      unwritten = unwritten.slice(-max);
      onError(error);
    }
  }

  /** The stream tells of a message when it is written or changed: by the document's own times, this long after. */
  function isTooOld({ sentAt, updatedAt, roomId }: Revision): boolean {
    if (updatedAt - sentAt > LATE_MS) return true;
    const first = Math.max(startedAt ?? 0, joins.get(roomId) ?? 0);
    // Both are before it when the server's clock was set back since.
    return sentAt < first && updatedAt >= first;
  }

  return {
    round: stored,
    saveRound(change) {
      startedAt = change.progress?.startedAt ?? startedAt;
      // What was judged stands behind the cursors that are moved past it.
      flush();
      file.saveRound(change);
    },
    isSettled(message, asked) {
      const before = recent.get(message.id) ?? earlier.get(message.id);
      // A deleted message's `_id` may be used again, for another message (recording `send-idempotency`).
      if (before !== undefined && message.sentAt <= before) return true;
      return asked === undefined ? isTooOld(message) : message.sentAt <= asked.since;
    },
    note(judgement) {
      const { messageId, sentAt } = judgement;
      if ((recent.get(messageId) ?? earlier.get(messageId)) === sentAt) return;
      remember(messageId, sentAt);
      unwritten.push(judgement);
      cancel ??= later(WRITE_MS, flush);
    },
    noteJoined(roomId, at) {
      joins.delete(roomId);
      joins.set(roomId, at);
      const oldest = joins.size > MAX_JOINS ? joins.keys().next().value : undefined;
      if (oldest !== undefined) joins.delete(oldest);
    },
    flush,
    close() {
      flush();
      file.close();
    },
  };
}
