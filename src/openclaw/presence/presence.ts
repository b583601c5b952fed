// Owns telling an account's agents that somebody who talks with them was away and is back.

import { createChannelPairingController } from "openclaw/plugin-sdk/channel-pairing";
import type { Connection } from "../../connection/driver.ts";
import type { StreamEvent, StreamRequest } from "../../ddp/protocol.ts";
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
import { isMember } from "../../rest/rooms.ts";
import { hasOnlineMember } from "../../rest/users.ts";
import type { AccountScope } from "../account/scope.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { readAccess, resolveIngress } from "../turn/access.ts";
import { replyTarget } from "../turn/context/context.ts";
import { resolveRoute } from "../turn/route.ts";
import type { TurnScope } from "../turn/scope.ts";
import type { Cooldown } from "./cooldown.ts";

/** Tells every user's presence to everybody who is logged in (recording `presence`). */
const PRESENCE_STREAM: StreamRequest = { stream: "stream-notify-logged", eventName: "user-status" };

/** How long the stream rests when it was refused. Milliseconds. */
const REFUSED_MS = 5 * 60_000;

export interface PresenceOptions {
  readonly scope: Pick<AccountScope, "log">;
  readonly connection: Pick<Connection, "listen">;
  readonly cooldown: Cooldown;
}

/** What an account knows of who is there. */
export interface Presence {
  online(): void;
  offline(): void;
  /** A message is about to be handed to an agent: from now on its sender is followed, where the configuration says so. */
  note(turn: TurnScope, eventKind: "user_request" | "room_event"): void;
  /** Takes the news of somebody's presence; false for all other events. */
  take(event: StreamEvent): boolean;
}

/** Listens from when there is somebody to follow to the end of the connection. */
export function createPresence({ scope: { log }, connection, cooldown }: PresenceOptions): Presence {
  const company = new Company<Follower>();
  let isOnline = false;
  /** When the stream was asked for on the present connection. */
  let askedAt: number | undefined;
  let isRefused = false;

  function listen(): void {
    const now = Date.now();
    const isAsked = askedAt !== undefined && !(isRefused && now - askedAt >= REFUSED_MS);
    if (!isOnline || isAsked || company.isEmpty(now)) return;
    askedAt = now;
    isRefused = false;
    connection.listen(PRESENCE_STREAM).catch((error: unknown) => {
      // What became of an earlier connection is of no concern.
      if (askedAt !== now) return;
      isRefused = true;
      log.warn("presence is not told", { error });
    });
  }

  return {
    online() {
      isOnline = true;
      listen();
    },
    offline() {
      isOnline = false;
      askedAt = undefined;
      company.lose();
    },
    note(turn, eventKind) {
      if (!isWrittenByPerson(turn) || eventKind === "room_event") return;
      const { sender, sentAt } = turn.input.message;
      company.wrote(sender.id, sentAt);
      const follower = followerOf(turn);
      if (follower.reach() === "none") return;
      company.note(follower, sentAt, Date.now());
      listen();
    },
    take({ stream, eventName, args }) {
      if (stream !== PRESENCE_STREAM.stream || eventName !== PRESENCE_STREAM.eventName) return false;
      const news = decodePresence(args);
      const back = news && !news.isBot ? company.hear(news, Date.now()) : undefined;
      if (back !== undefined) void tell(back, { username: news?.username, cooldown, log });
      return true;
    },
  };
}

interface Telling extends Pick<PresenceOptions, "cooldown">, Pick<AccountScope, "log"> {
  /** The person's username now. */
  readonly username: string | undefined;
}

/** Never rejects. */
async function tell(
  { member, ...absence }: Absence & { readonly member: Follower },
  { username, cooldown, log }: Telling,
): Promise<void> {
  const { userId } = member;
  try {
    if (!cooldown.take(userId)) return;
    const isTold = await wakeIfAllowed(member, username, absence).catch((error: unknown) => {
      log.warn("presence could not be told", { user: userId, error });
      return false;
    });
    if (isTold) log.info("presence told", { user: userId, conversation: member.conversation });
    else cooldown.giveBack(userId);
  } catch (error) {
    log.warn("presence could not be told", { user: userId, error });
  }
}

async function wakeIfAllowed(
  { scope }: Follower,
  username: string | undefined,
  absence: Absence,
): Promise<boolean> {
  const { input } = scope;
  const sender = { ...input.message.sender, ...(username && { username }) };
  const now = {
    ...scope,
    cfg: scope.readConfig(),
    settings: scope.readSettings(),
    input: { ...input, message: { ...input.message, sender } },
  };
  return (await mayStillSpeak(now)) && wake(now, absence);
}

/** What a follower keeps of the turn. */
type FollowerScope = Pick<
  TurnScope,
  "core" | "accountId" | "readConfig" | "readSettings" | "assertOpen" | "rest" | "input"
>;

/** The same, with what holds now. */
type WakeScope = FollowerScope & Pick<TurnScope, "cfg" | "settings">;

/** Somebody to follow in a conversation. */
interface Follower extends Companion {
  readonly scope: FollowerScope;
}

/** Integrations and bots come and go with their programs, and whoever reacts or happens to be told of wrote nothing. */
function isWrittenByPerson({ settings, input: { message, reaction, isNotice } }: TurnScope): boolean {
  const isPerson = !message.fromIntegration && !settings.bots.has(message.sender.id);
  return isPerson && reaction === undefined && isNotice === undefined;
}

function followerOf(turn: TurnScope): Follower {
  const { core, accountId, readConfig, readSettings, assertOpen, rest } = turn;
  const { room } = turn.input;
  // The place is the one of the session, also where the answer began a thread.
  const threadId = turn.input.message.threadId ?? sessionThread(turn.settings, turn.input);
  // Kept for a day: without what was written.
  const words = { text: "", files: [], mentions: [], quotedUsernames: [] };
  const message = { ...turn.input.message, ...words, threadId };
  const input = { message, room, text: "", wasMentioned: true, implicitMentions: [] };
  return {
    userId: message.sender.id,
    conversation: JSON.stringify([room.id, threadId ?? null]),
    reach: () => presenceReach(readSettings(), room, threadId),
    scope: { core, accountId, readConfig, readSettings, assertOpen, rest, input },
  };
}

/** By the configuration, and by who is in the room: presence is told of everybody. Rejects on hold. */
async function mayStillSpeak(scope: WakeScope): Promise<boolean> {
  scope.assertOpen();
  const { core, accountId, settings, rest, input } = scope;
  const { room, message } = input;
  if (refusePlace(settings, room) !== undefined || settings.bots.has(message.sender.id)) return false;
  const { readAllowFromStore } = createChannelPairingController({ core, channel: CHANNEL_ID, accountId });
  const ingress = await resolveIngress(scope, resolveRoute(scope), readAllowFromStore);
  if (readAccess(ingress).kind !== "allow") return false;
  if (room.chatType === "direct") return true;
  return (await isMember(rest, room.id)) && hasOnlineMember(rest, room, message.sender.id);
}

/** Gives the agent a turn of the conversation's session; false when OpenClaw takes the event for one that it has. */
function wake(scope: WakeScope, absence: Absence): boolean {
  scope.assertOpen();
  const { core, accountId, input } = scope;
  const { agentId, turnSessionKey: sessionKey } = resolveRoute(scope);
  const { sender, threadId } = input.message;
  const to = replyTarget(input);
  const isTaken = core.system.enqueueSystemEvent(describe(scope, absence), {
    sessionKey,
    agentId,
    contextKey: `${CHANNEL_ID}:presence:${accountId}:${sender.id}`,
    deliveryContext: { channel: CHANNEL_ID, to, accountId, ...(threadId && { threadId }) },
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
  "you remember of them. If none fits, or it is much later by now, say nothing.";

/** Ids alone: names are whatever people call themselves. */
function describe({ settings, input: { room, message } }: WakeScope, { awayAt, backAt }: Absence): string {
  const { prompt = GUIDANCE } = presenceEventsIn(settings, room);
  const thread = message.threadId === undefined ? "" : ` thread_id=${JSON.stringify(message.threadId)}`;
  return [
    "Rocket.Chat presence event: somebody who talks with you here was away and is back.",
    `user_id=${JSON.stringify(message.sender.id)} room_id=${JSON.stringify(room.id)}${thread}`,
    `observed_away_at_ms=${awayAt} observed_active_at_ms=${backAt} observed_away_duration_ms=${backAt - awayAt}`,
    ...(prompt === "" ? [] : [prompt]),
  ].join("\n");
}
