// Owns telling an account's agents that somebody who talks with them was away and is back.

import { createChannelPairingController } from "openclaw/plugin-sdk/channel-pairing";
import type { Connection } from "../../connection/driver.ts";
import type { StreamEvent, StreamRequest } from "../../ddp/protocol.ts";
import { NotOnlineError } from "../../errors.ts";
import { decodePresence } from "../../facts/presence.ts";
import { refusePlace } from "../../policy/access.ts";
import {
  type Absence,
  type Companion,
  Company,
  presenceEventsIn,
  presenceReach,
} from "../../policy/presence.ts";
import { sessionThread } from "../../policy/reply-place.ts";
import type { AccountScope } from "../account/scope.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { readAccess, resolveIngress } from "../turn/access.ts";
import { replyTarget } from "../turn/context/context.ts";
import type { TurnRoute, TurnScope } from "../turn/scope.ts";
import type { Cooldown } from "./cooldown.ts";

/** Tells every user's presence to everybody who is logged in (recording `presence`). */
const PRESENCE_STREAM: StreamRequest = { stream: "stream-notify-logged", eventName: "user-status" };

export interface PresenceOptions {
  readonly scope: Pick<AccountScope, "log">;
  readonly connection: Pick<Connection, "listen">;
  readonly cooldown: Cooldown;
  readonly now?: () => number;
}

/** What an account knows of who is there. */
export interface Presence {
  online(): void;
  offline(): void;
  /** A message is about to be handed to an agent: from now on its sender is followed, where the configuration says so. */
  note(scope: TurnScope, route: TurnRoute): void;
  /** Takes the news of somebody's presence; false for all other events. */
  take(event: StreamEvent): boolean;
}

/** Listens only once there is somebody to follow. */
export function createPresence({ scope, connection, cooldown, now = Date.now }: PresenceOptions): Presence {
  const { log } = scope;
  const company = new Company<Follower>();
  let isOnline = false;
  let isListening = false;

  function listen(): void {
    if (!isOnline || isListening || company.isEmpty) return;
    isListening = true;
    connection.listen(PRESENCE_STREAM).catch((error: unknown) => {
      // A refusal is not asked for again before the next connection.
      if (!(error instanceof NotOnlineError)) log.warn("presence is not told", { error });
    });
  }

  async function tell(absence: Absence & { readonly member: Follower }): Promise<void> {
    const { member } = absence;
    try {
      if (!(await member.mayStillSpeak()) || !cooldown.take(member.userId)) return;
      if (member.wake(absence))
        log.info("presence told", { user: member.userId, session: member.sessionKey });
      else cooldown.giveBack(member.userId);
    } catch (error) {
      log.warn("presence could not be told", { user: member.userId, error });
    }
  }

  return {
    online() {
      isOnline = true;
      listen();
    },
    offline() {
      isOnline = false;
      isListening = false;
    },
    note(turn, route) {
      const follower = followerOf(turn, route);
      if (follower.reach() === "none" || isNobody(turn)) return;
      company.note(follower, now());
      listen();
    },
    take({ stream, eventName, args }) {
      if (stream !== PRESENCE_STREAM.stream || eventName !== PRESENCE_STREAM.eventName) return false;
      const news = decodePresence(args);
      const back = news && company.hear(news, now());
      if (back !== undefined) void tell(back);
      return true;
    },
  };
}

/** Somebody to follow in a conversation. */
interface Follower extends Companion {
  readonly sessionKey: string;
  /** By all that holds now. Rejects on hold. */
  readonly mayStillSpeak: () => Promise<boolean>;
  /** Gives the agent a turn of the conversation's session; false when OpenClaw takes the event for one that it has. */
  readonly wake: (absence: Absence) => boolean;
}

/** What a follower keeps of the turn. */
type FollowerScope = Pick<
  TurnScope,
  "core" | "accountId" | "readConfig" | "readSettings" | "assertOpen" | "input"
>;

/** A bot comes back with its gateway, and what only happened in a room was written by nobody. */
function isNobody({ settings, input: { message, reaction, isNotice } }: TurnScope): boolean {
  return (
    message.fromIntegration ||
    settings.bots.has(message.sender.id) ||
    reaction !== undefined ||
    isNotice === true
  );
}

function followerOf(turn: TurnScope, route: TurnRoute): Follower {
  // Kept for a day: without what was written.
  const { room } = turn.input;
  // The place is the one of the session, also where the answer began a thread.
  const threadId = turn.input.message.threadId ?? sessionThread(turn.settings, turn.input);
  const words = { text: "", files: [], mentions: [], quotedUsernames: [] };
  const message = { ...turn.input.message, ...words, threadId };
  const input = { message, room, text: "", wasMentioned: true, implicitMentions: [] };
  const { core, accountId, readConfig, readSettings, assertOpen } = turn;
  const scope = { core, accountId, readConfig, readSettings, assertOpen, input };
  const { turnSessionKey: sessionKey } = route;
  return {
    userId: message.sender.id,
    conversation: JSON.stringify([room.id, threadId ?? null]),
    sessionKey,
    reach: () => presenceReach(readSettings(), room, threadId),
    mayStillSpeak: () => mayStillSpeak(scope, route),
    wake: (absence) => wake(scope, route, absence),
  };
}

async function mayStillSpeak(turn: FollowerScope, route: TurnRoute): Promise<boolean> {
  turn.assertOpen();
  const scope = { ...turn, cfg: turn.readConfig(), settings: turn.readSettings() };
  const { core, accountId, settings, input } = scope;
  if (refusePlace(settings, input.room) !== undefined) return false;
  const { readAllowFromStore } = createChannelPairingController({ core, channel: CHANNEL_ID, accountId });
  return readAccess(await resolveIngress(scope, route, readAllowFromStore)).kind === "allow";
}

function wake(
  scope: FollowerScope,
  { agentId, turnSessionKey: sessionKey }: TurnRoute,
  absence: Absence,
): boolean {
  const { core, accountId, input } = scope;
  const { sender, threadId } = input.message;
  const to = replyTarget(input);
  const place = { channel: CHANNEL_ID, to, accountId, ...(threadId && { threadId }) };
  const contextKey = `${CHANNEL_ID}:presence:${accountId}:${sender.id}`;
  const isTaken = core.system.enqueueSystemEvent(describe(scope, absence), {
    sessionKey,
    agentId,
    contextKey,
    deliveryContext: place,
  });
  if (!isTaken) return false;
  core.system.requestHeartbeat({
    source: "notifications-event",
    intent: "immediate",
    reason: "wake",
    agentId,
    sessionKey,
    heartbeat: { target: CHANNEL_ID, to, accountId },
  });
  return true;
}

/** What the agent is to do where the operator does not say: what Slack's channel asks as well. */
const GUIDANCE =
  "Look first whether your memory or notes say something of this user id, a time zone among it; guess none. " +
  "Then say at most one short hello here, fit for the time of day where the person is, and keep to yourself what " +
  "you remember of them. If none fits, say nothing.";

/** Ids alone: names are whatever people call themselves. */
function describe(
  { readSettings, input: { room, message } }: FollowerScope,
  { awayAt, backAt }: Absence,
): string {
  const { prompt = GUIDANCE } = presenceEventsIn(readSettings(), room);
  const thread = message.threadId === undefined ? "" : ` thread_id=${JSON.stringify(message.threadId)}`;
  return [
    "Rocket.Chat presence event: somebody who talks with you here was away and is back.",
    `user_id=${JSON.stringify(message.sender.id)} room_id=${JSON.stringify(room.id)}${thread}`,
    `observed_away_at_ms=${awayAt} observed_active_at_ms=${backAt} observed_away_duration_ms=${backAt - awayAt}`,
    ...(prompt === "" ? [] : [prompt]),
  ].join("\n");
}
