// Owns what OpenClaw knows of a turn's session, as far as it decides what the agent is shown and when it runs.

import { setTimeout as wait } from "node:timers/promises";
import { resolveActiveEmbeddedRunSessionId } from "openclaw/plugin-sdk/agent-harness-runtime";
import {
  evaluateSessionFreshness,
  resolveChannelResetConfig,
  resolveSendPolicy,
  resolveSessionResetPolicy,
  resolveSessionResetType,
} from "openclaw/plugin-sdk/session-store-runtime";
import type { SessionMemory } from "../../turn/surroundings.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

/**
 * New is a session that no turn was in, even if messages were sent out of it, and one that this turn will reset
 * for its age. A session reset by hand has a mark in place of the time it was last used.
 */
export function readSession({ core, cfg, input }: TurnScope, route: Route): SessionMemory {
  const sessionKey = route.turnSessionKey;
  const entry = core.agent.session.getSessionEntry({ agentId: route.agentId, sessionKey });
  if (entry === undefined) return { isNew: true, since: undefined };
  if (entry.updatedAt === 0) return { isNew: true, since: input.message.sentAt };
  const { updatedAt, sessionStartedAt, lastInteractionAt } = entry;
  const sessionCfg = cfg.session && { sessionCfg: cfg.session };
  const resetOverride = resolveChannelResetConfig({ ...sessionCfg, channel: CHANNEL_ID });
  const policy = resolveSessionResetPolicy({
    ...sessionCfg,
    resetType: resolveSessionResetType({
      sessionKey,
      isGroup: input.room.chatType !== "direct",
      isThread: sessionKey !== route.sessionKey,
    }),
    ...(resetOverride && { resetOverride }),
  });
  const { fresh } = evaluateSessionFreshness({
    updatedAt,
    ...(sessionStartedAt !== undefined && { sessionStartedAt }),
    ...(lastInteractionAt !== undefined && { lastInteractionAt }),
    now: Date.now(),
    policy,
  });
  const isNew = !fresh || lastInteractionAt === undefined;
  return { isNew, since: fresh ? sessionStartedAt : undefined };
}

/** Whether OpenClaw keeps the session's answers back (`/send off`, `session.sendPolicy`): then nothing of them is to be seen. */
export function isSendDenied({ core, cfg }: TurnScope, { agentId, turnSessionKey }: Route): boolean {
  const sessionKey = turnSessionKey;
  const entry = core.agent.session.getSessionEntry({ agentId, sessionKey });
  const policy = resolveSendPolicy({
    cfg,
    sessionKey,
    channel: CHANNEL_ID,
    ...(entry && { entry }),
    ...(entry?.chatType && { chatType: entry.chatType }),
  });
  return policy === "deny";
}

/** How long what was stopped is waited for, and how often it is looked at. Milliseconds. */
const ENDING_MS = 60_000;
const LOOK_MS = 100;

/** Resolves when OpenClaw runs nothing in the session any more; at the latest after a minute. */
export async function untilRunIsOver({ turnSessionKey }: Route): Promise<void> {
  const runs = (): boolean => resolveActiveEmbeddedRunSessionId(turnSessionKey) !== undefined;
  for (let left = ENDING_MS; left > 0 && runs(); left -= LOOK_MS) await wait(LOOK_MS);
}

/**
 * How long a run must have been seen to go on before a message joins it. Milliseconds. OpenClaw takes a moment to look
 * what to do with a message, seconds when it is busy; when the run ends meanwhile, it makes a second turn of it.
 */
const JOIN_AFTER_MS = 3_000;

/**
 * Answers whether OpenClaw would take a message into the run that is under way, or keep it for the next, by its queue
 * mode (`concepts/queue`): not where there is no run, and not in mode `followup`, where each message has its own.
 */
export function watchRun({ core, cfg }: TurnScope, { agentId, turnSessionKey }: Route): () => boolean {
  let seenAt: number | undefined;
  return () => {
    const entry = core.agent.session.getSessionEntry({ agentId, sessionKey: turnSessionKey });
    const { mode, byChannel } = cfg.messages?.queue ?? {};
    const channels: Readonly<Record<string, string | undefined>> = byChannel ?? {};
    const isAlone = (entry?.queueMode ?? channels[CHANNEL_ID] ?? mode) === "followup";
    const runs = !isAlone && resolveActiveEmbeddedRunSessionId(turnSessionKey) !== undefined;
    seenAt = runs ? (seenAt ?? performance.now()) : undefined;
    return seenAt !== undefined && performance.now() - seenAt >= JOIN_AFTER_MS;
  };
}
