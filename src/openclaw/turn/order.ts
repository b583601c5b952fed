// Owns when a turn of a session begins, beside those that are under way.

import { setTimeout as wait } from "node:timers/promises";

interface TurnUnderWay {
  readonly sentAt: number;
  readonly signal: AbortSignal | undefined;
  /** Its last reply is on its way, or it is to end others: nothing of the session begins before it is over. */
  finishing: boolean;
  /** The agent asks the person something and waits for the answer, which is the session's next message. */
  asking: boolean;
  readonly over: Promise<void>;
}

/** What a turn tells of itself while it runs. */
export interface TurnProgress {
  /** Its last reply is on its way. */
  finish(): void;
  /** The reply that is on its way asks the person something, or does not. */
  ask(asking: boolean): void;
}

/** By session key. */
export type SessionTurns = Map<string, Set<TurnUnderWay>>;

/** How often a waiting turn looks whether there is a run that it may join. Milliseconds. */
const LOOK_MS = 250;

export interface Order {
  readonly sessionKey: string;
  /** Whether OpenClaw would take the message into what is under way now, and not make a second turn of it. */
  readonly mayJoin: () => boolean;
  /** When its message was sent, in epoch milliseconds of the server's clock. */
  readonly sentAt: number;
  /** Whether it is to end the others: then it waits for none, and none begins before it is over. */
  readonly endsOthers: boolean;
  /** Called again and again while it waits. */
  readonly onWaiting: () => void;
  /** Ends the waiting when it aborts; `run` is called all the same. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whether a turn of the session is under way whose message came after that time, and that nobody has stopped.
 * `sentAt`: epoch milliseconds of the server's clock.
 */
export function runsLater(turns: SessionTurns, sessionKey: string, sentAt: number): boolean {
  return [...(turns.get(sessionKey) ?? [])].some((turn) => turn.sentAt > sentAt && !turn.signal?.aborted);
}

/**
 * Runs a turn when the turns of its session allow it. Two of OpenClaw's turns of one session beside each other hold
 * each other up, and of their answers one is thrown away. So a message waits until the one before is over, unless it
 * may join its run, or may be the answer to what its agent asks.
 */
export async function inOrder<T>(
  turns: SessionTurns,
  { sessionKey, sentAt, mayJoin, endsOthers, onWaiting, signal }: Order,
  run: (progress: TurnProgress) => Promise<T>,
): Promise<T> {
  const mayBegin = (): boolean => {
    const ahead = turns.get(sessionKey);
    if (ahead === undefined) return true;
    const turnsAhead = [...ahead];
    if (turnsAhead.some(({ finishing }) => finishing)) return false;
    return turnsAhead.some(({ asking }) => asking) || mayJoin();
  };
  while (!endsOthers && !signal?.aborted && !mayBegin()) {
    onWaiting();
    await Promise.race([...[...(turns.get(sessionKey) ?? [])].map(({ over }) => over), wait(LOOK_MS)]);
  }
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const turn: TurnUnderWay = { sentAt, signal, finishing: endsOthers, asking: false, over };
  const beside = turns.get(sessionKey) ?? new Set();
  turns.set(sessionKey, beside.add(turn));
  try {
    return await run({
      finish: () => {
        turn.finishing = true;
      },
      ask: (asking) => {
        turn.asking = asking;
      },
    });
  } finally {
    beside.delete(turn);
    if (beside.size === 0) turns.delete(sessionKey);
    end();
  }
}
