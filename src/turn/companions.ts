// Owns which messages of one person are one request: files without words, and what follows them within seconds.

import { readCommand } from "../commands/parse.ts";
import type { FileClaim } from "../facts/attachment.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";

export interface Companions {
  /**
   * Waits for what the sender of files without words writes next in the same place, until the window is over or `signal`
   * aborts. True when that is stored and brings the files along: then the message itself is done.
   */
  handOn(message: MessageFacts, receivedAt: number, signal: AbortSignal): Promise<boolean>;
  /** The files that a message brings along, in order. `receivedAt`: when it was stored, by this machine's clock. */
  broughtBy(message: MessageFacts, room: RoomFacts, receivedAt: number): Promise<readonly FileClaim[]>;
  /** To be called when something was stored. */
  wake(): void;
}

export interface CompanionsOptions {
  /** How long after files what follows belongs to them; 0: it never does. Milliseconds. */
  readonly windowMs: () => number;
  /** The stored messages that wait where the message was written, in order. */
  readonly findWaiting: (message: MessageFacts) => Promise<readonly MessageFacts[]>;
  /** What was written there within so many milliseconds before the message, in order. Never rejects for a server's sake. */
  readonly readBefore: (
    message: MessageFacts,
    room: RoomFacts,
    ms: number,
  ) => Promise<readonly MessageFacts[]>;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  readonly later: (callback: () => void, ms: number) => () => void;
}

/** For where no message waits for another. */
export const NO_COMPANIONS: Companions = {
  handOn: async () => false,
  broughtBy: async () => [],
  wake: () => {},
};

/** Messages whose companions are remembered until they ran. */
const MAX_REMEMBERED = 1000;

export function createCompanions(options: CompanionsOptions): Companions {
  const { windowMs, findWaiting, readBefore, now, later } = options;
  const startedAt = now();
  /** By the id of the message that brings them along; it may run more than once. */
  const brought = new Map<string, readonly FileClaim[]>();
  const { pause, wake } = createWaits(later);

  async function findFollower(message: MessageFacts): Promise<MessageFacts | undefined> {
    const next = (await findWaiting(message)).find(({ sender }) => sender.id === message.sender.id);
    if (next === undefined || readCommand(next.text) !== undefined) return undefined;
    return next.sentAt - message.sentAt <= windowMs() ? next : undefined;
  }

  function remember(id: string, files: readonly FileClaim[]): void {
    brought.set(id, files);
    const [oldest] = brought.keys();
    if (brought.size > MAX_REMEMBERED && oldest !== undefined) brought.delete(oldest);
  }

  return {
    async handOn(message, receivedAt, signal) {
      if (!isWordless(message) || windowMs() === 0) return false;
      for (;;) {
        if (signal.aborted) return false;
        // Before the question: what is stored while it is asked has to be seen.
        const left = receivedAt + windowMs() - now();
        const news = left > 0 ? pause(left, signal) : undefined;
        const follower = await findFollower(message);
        if (follower !== undefined) {
          remember(follower.id, message.files);
          return true;
        }
        if (news === undefined) return false;
        await news;
      }
    },

    async broughtBy(message, room, receivedAt) {
      const known = brought.get(message.id);
      // What was stored before this process began may have been promised files by the one before.
      if (known !== undefined || receivedAt >= startedAt || windowMs() === 0) return known ?? [];
      const before = await readBefore(message, room, windowMs() * MAX_CHAIN);
      return filesBefore(message, before, windowMs());
    },

    wake,
  };
}

/** Waits that end when `wake` is called, their time is over or their signal aborts. */
function createWaits(later: CompanionsOptions["later"]) {
  const waiting = new Set<() => void>();
  return {
    pause(ms: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        const end = (): void => {
          cancel();
          waiting.delete(end);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const cancel = later(end, ms);
        waiting.add(end);
        signal.addEventListener("abort", end, { once: true });
      });
    },
    wake(): void {
      for (const end of waiting) end();
    },
  };
}

/** Messages of files that one message brings along at most. */
const MAX_CHAIN = 8;

const isWordless = ({ text, files }: MessageFacts): boolean => text.trim() === "" && files.length > 0;

/** The files that the sender wrote nothing to, each within the window before the next. */
function filesBefore(
  message: MessageFacts,
  before: readonly MessageFacts[],
  windowMs: number,
): readonly FileClaim[] {
  const own = before.filter(({ sender, id }) => sender.id === message.sender.id && id !== message.id);
  const chain: MessageFacts[] = [];
  let next = message;
  for (const one of own.toReversed().slice(0, MAX_CHAIN)) {
    if (!isWordless(one) || next.sentAt - one.sentAt > windowMs) break;
    chain.unshift(one);
    next = one;
  }
  return chain.flatMap(({ files }) => files);
}
