// Owns when a turn of a session begins, beside those that are under way.

import { setTimeout as wait } from "node:timers/promises";
import { resolveActiveEmbeddedRunSessionId } from "openclaw/plugin-sdk/agent-harness-runtime";
import { CHANNEL_ID } from "../config/schema.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

interface TurnUnderWay {
  /** Its last reply is on its way, or it is to end others: nothing of the session begins before it is over. */
  finishing: boolean;
  readonly over: Promise<void>;
}

/** By session key. */
export type SessionTurns = Map<string, Set<TurnUnderWay>>;

/** How often a waiting turn looks whether a run has begun that it may join. Milliseconds. */
const LOOK_MS = 250;

export interface Order {
  readonly route: Route;
  /** A command joins what runs, whatever it is. */
  readonly isCommand: boolean;
  /** A stop waits for nobody: what it is to end may be what it would wait for. */
  readonly waits: boolean;
  /** Ends the waiting when it aborts; `run` is called all the same. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a turn when its session's turns allow it. OpenClaw takes a message that comes while an agent runs into that
 * run, or keeps it for the next; one that comes before the run has begun, or while its answer is on its way, makes
 * a turn of its own, which stands in the other's way: then one of the two answers is thrown away. So a message
 * waits, unless there is a run that it may join. With queue mode `followup` there is nothing to join.
 *
 * `run` is given a function to call when the turn's last reply is on its way.
 */
export async function inOrder<T>(
  scope: TurnScope,
  order: Order,
  run: (finish: () => void) => Promise<T>,
): Promise<T> {
  const { turns, lifecycle } = scope;
  const key = order.route.turnSessionKey;
  while (order.waits && !order.signal?.aborted && !mayBegin(scope, order)) {
    await Promise.race([...[...(turns.get(key) ?? [])].map(({ over }) => over), wait(LOOK_MS)]);
    // OpenClaw would take a message that waits long for one that hangs.
    lifecycle.onDeferredHeartbeat?.();
  }
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const turn: TurnUnderWay = { finishing: false, over };
  const beside = turns.get(key) ?? new Set();
  turns.set(key, beside.add(turn));
  try {
    return await run(() => {
      turn.finishing = true;
    });
  } finally {
    beside.delete(turn);
    if (beside.size === 0) turns.delete(key);
    end();
  }
}

function mayBegin(scope: TurnScope, { route, isCommand }: Order): boolean {
  const beside = [...(scope.turns.get(route.turnSessionKey) ?? [])];
  if (beside.length === 0) return true;
  if (beside.some(({ finishing }) => finishing)) return false;
  if (isCommand) return true;
  return (
    queueMode(scope, route) !== "followup" &&
    resolveActiveEmbeddedRunSessionId(route.turnSessionKey) !== undefined
  );
}

/** What OpenClaw does with messages that come while the agent runs (its docs, `concepts/queue.md`). */
function queueMode({ core, cfg }: TurnScope, { agentId, turnSessionKey }: Route): string | undefined {
  const entry = core.agent.session.getSessionEntry({ agentId, sessionKey: turnSessionKey });
  const { mode, byChannel } = cfg.messages?.queue ?? {};
  const channels: Readonly<Record<string, string | undefined>> = byChannel ?? {};
  return entry?.queueMode ?? channels[CHANNEL_ID] ?? mode;
}
