// Owns which messages of one person are one request: files without words, and what follows them within seconds.

import { readCommand } from "../commands/parse.ts";
import type { FileClaim } from "../facts/attachment.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { laneOf } from "../intake/receive.ts";
import { MAX_FILES } from "./media.ts";
import type { EarlierQuery } from "./surroundings.ts";

export interface Companions {
  /**
   * Waits for what the sender of files without words writes next in the same place, until the window is over or `signal`
   * aborts. True when that is stored and brings the files along: then the message itself is done.
   */
  handOn(message: MessageFacts, receivedAt: number, signal: AbortSignal): Promise<boolean>;
  /** The files that this process has handed on to a message, in order; undefined: none. */
  broughtBy(message: MessageFacts): readonly FileClaim[] | undefined;
  /** Whether the process before this one may have handed files on to what was stored then, by this machine's clock. */
  mayBringMore(receivedAt: number): boolean;
  /**
   * The same as the server tells it; to be called for admitted messages only. Rejects soon after a start while the server
   * cannot be asked: the message can wait.
   */
  findBrought(message: MessageFacts, room: RoomFacts): Promise<readonly FileClaim[]>;
  /** To be called when something was stored in a lane. */
  wake(lane: string): void;
}

export interface CompanionsOptions {
  /** How long after files what follows belongs to them; 0: it never does. Milliseconds. */
  readonly windowMs: () => number;
  /** The stored messages that wait where the message was written, in order. */
  readonly findWaiting: (message: MessageFacts) => Promise<readonly MessageFacts[]>;
  /** What was written there before the message, in order. */
  readonly readBefore: (query: EarlierQuery) => Promise<readonly MessageFacts[]>;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  readonly later: (callback: () => void, ms: number) => () => void;
}

/** For where no message waits for another. */
export const NO_COMPANIONS: Companions = {
  handOn: async () => false,
  broughtBy: () => undefined,
  mayBringMore: () => false,
  findBrought: async () => [],
  wake: () => {},
};

/** Messages whose companions are remembered until they ran. */
const MAX_REMEMBERED = 1000;

/** So long after a start, a message waits for a server that cannot tell what was written before it. Milliseconds. */
const START_MS = 2 * 60_000;

export function createCompanions(options: CompanionsOptions): Companions {
  const { windowMs, findWaiting, readBefore, now, later } = options;
  const startedAt = now();
  /** By the id of the message that brings them along; it may run more than once. */
  const brought = new Map<string, readonly FileClaim[]>();
  const { pause, wake } = createWaits(later);

  async function findFollower(message: MessageFacts): Promise<MessageFacts | undefined> {
    const next = (await findWaiting(message)).find(
      ({ sender, sentAt }) => sender.id === message.sender.id && sentAt >= message.sentAt,
    );
    if (next === undefined || readCommand(next.text) !== undefined) return undefined;
    const fits = next.files.length + message.files.length <= MAX_FILES;
    return fits && next.sentAt - message.sentAt <= windowMs() ? next : undefined;
  }

  function remember(id: string, files: readonly FileClaim[]): void {
    brought.set(id, files);
    const [oldest] = brought.keys();
    if (brought.size > MAX_REMEMBERED && oldest !== undefined) brought.delete(oldest);
  }

  return {
    async handOn(message, receivedAt, signal) {
      if (!isWordless(message) || windowMs() === 0) return false;
      const lane = laneOf(message);
      for (;;) {
        if (signal.aborted) return false;
        // Before the question: what is stored while it is asked has to be seen.
        const left = receivedAt + windowMs() - now();
        const news = left > 0 ? pause(left, { lane, signal }) : undefined;
        const follower = await findFollower(message);
        if (follower !== undefined) {
          remember(follower.id, message.files);
          return true;
        }
        if (news === undefined) return false;
        await news;
      }
    },

    broughtBy: ({ id }) => brought.get(id),

    mayBringMore: (receivedAt) => receivedAt < startedAt && windowMs() > 0,

    async findBrought(message, room) {
      const mustKnow = now() - startedAt < START_MS;
      const before = await readBefore({ message, room, ms: windowMs() * MAX_FILES, mustKnow });
      return filesBefore(message, before, windowMs());
    },

    wake,
  };
}

/** Waits that end when something comes in their lane, their time is over or their signal aborts. */
function createWaits(later: CompanionsOptions["later"]) {
  const waiting = new Map<() => void, string>();
  return {
    pause(
      ms: number,
      { lane, signal }: { readonly lane: string; readonly signal: AbortSignal },
    ): Promise<void> {
      return new Promise((resolve) => {
        const end = (): void => {
          cancel();
          waiting.delete(end);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const cancel = later(end, ms);
        waiting.set(end, lane);
        signal.addEventListener("abort", end, { once: true });
      });
    },
    wake(lane: string): void {
      for (const [end, its] of waiting) if (its === lane) end();
    },
  };
}

const isWordless = ({ text, files }: MessageFacts): boolean => text.trim() === "" && files.length > 0;

/** The files that the sender wrote nothing to, each within the window before the next. */
function filesBefore(
  message: MessageFacts,
  before: readonly MessageFacts[],
  windowMs: number,
): readonly FileClaim[] {
  const own = before.filter(({ sender, id }) => sender.id === message.sender.id && id !== message.id);
  let found: readonly FileClaim[] = [];
  let next = message;
  for (const one of own.toReversed()) {
    const fits = one.files.length + found.length + message.files.length <= MAX_FILES;
    if (!fits || !isWordless(one) || next.sentAt - one.sentAt > windowMs) break;
    found = [...one.files, ...found];
    next = one;
  }
  return found;
}
