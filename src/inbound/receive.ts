// Owns the single choke point: one raw event of the message stream becomes an identity and a lane, or a drop.

import { decodeChange, decodeRevision, identifyChange } from "../facts/change.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { mentionsBot, mentionsOthersOnly } from "../facts/mention.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { isRoomAllowed, isUnwantedBot } from "../policy/access.ts";
import { type DropReason, refuseMessage } from "../policy/admission.ts";
import { type Notice, readChangeNotice, readSystemNotice, refuseNotice } from "../policy/notice.ts";
import { type AccountSettings, requiresMention, roomSettings } from "../settings.ts";

/**
 * One event of `stream-room-messages`: the message document and the stream's second argument
 * `{roomParticipant, roomType, roomName?}`, both as they came (recordings `public-message`, `direct-message`).
 */
export interface RawMessageEvent {
  readonly message: unknown;
  readonly room: unknown;
  /** What happened to the message, if the event is that and not the message itself. */
  readonly change?: unknown;
}

/** What the durable queue needs of an event it keeps. */
export interface ReceivedEvent {
  /** A new message is identified by its `_id`, a change by `identifyChange`. */
  readonly eventId: string;
  /** One lane per conversation the agent sees: the room, or the thread in it. */
  readonly laneKey: string;
}

/** Nothing to answer, but something to tell the agent. */
export interface NoticeReceipt {
  readonly kind: "notice";
  readonly event: ReceivedEvent;
  /** The message it happened to, or the system message that tells of it. */
  readonly message: MessageFacts;
  readonly notice: Notice;
}

export type Receipt =
  | NoticeReceipt
  | { readonly kind: "received"; readonly event: ReceivedEvent; readonly message: MessageFacts }
  | { readonly kind: "dropped"; readonly reason: DropReason };

/**
 * Decides from the event and the settings alone, without disk or network, whether an event goes on. Only
 * what the whole path would drop is dropped here; what cannot be decided (the members of a direct message)
 * goes on. Never throws.
 */
export function receive(event: RawMessageEvent, settings: AccountSettings): Receipt {
  const room = isJsonObject(event.room) ? event.room : {};
  if (room.roomParticipant !== true) return { kind: "dropped", reason: "not-a-member" };
  const message = decodeMessage(event.message);
  if (message === undefined) return { kind: "dropped", reason: "malformed" };
  const roomType = readText(room, "roomType");
  const notice = event.change === undefined ? readSystemNotice(message) : readNotice(event);
  if (notice !== undefined) return receiveNotice(notice, { event, message, roomType, settings });
  if (event.change !== undefined) return { kind: "dropped", reason: "re-emission" };
  const refusal = refuseMessage(message, settings.userId) ?? refuseRoom(message, roomType, settings);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  return { kind: "received", event: identityOf(message), message };
}

function readNotice(event: RawMessageEvent): Notice | undefined {
  const change = decodeChange(event.change);
  const now = decodeRevision(event.message);
  return change && now && readChangeNotice(change, now);
}

function receiveNotice(
  notice: Notice,
  {
    event,
    message,
    roomType,
    settings,
  }: {
    event: RawMessageEvent;
    message: MessageFacts;
    roomType: string | undefined;
    settings: AccountSettings;
  },
): Receipt {
  const served = roomType === "d" || isRoomAllowed(settings, message.roomId);
  const refusal = served ? refuseNotice(notice, message, settings) : "room-not-allowed";
  const identity = identify(event);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  if (identity === undefined) return { kind: "dropped", reason: "malformed" };
  return { kind: "notice", event: identity, message, notice };
}

/** A room with `t: "d"` may be direct or a group DM; which one is known only after a look-up. */
function refuseRoom(
  message: MessageFacts,
  roomType: string | undefined,
  settings: AccountSettings,
): DropReason | undefined {
  if (isUnwantedBot(settings, message)) return "bot-message";
  if (roomType === "d") return undefined;
  if (!isRoomAllowed(settings, message.roomId)) return "room-not-allowed";
  if (requiresMention(settings, message.roomId) && !mentionsBot(message, settings)) return "not-mentioned";
  const others =
    roomSettings(settings, message.roomId).ignoreOtherMentions && mentionsOthersOnly(message, settings);
  return others ? "others-mentioned" : undefined;
}

/**
 * The identity of a stored event, whatever the settings say by now; undefined when it cannot be read. Both
 * parts must come out as they did when the event was received.
 */
export function identify(event: RawMessageEvent): ReceivedEvent | undefined {
  const message = decodeMessage(event.message);
  const identity = message && identityOf(message);
  if (identity === undefined || event.change === undefined) return identity;
  const change = decodeChange(event.change);
  const now = decodeRevision(event.message);
  const eventId = change && now && identifyChange(change, now);
  return eventId === undefined ? undefined : { ...identity, eventId };
}

function identityOf({ id, roomId, threadId }: MessageFacts): ReceivedEvent {
  const room = `room:${roomId}`;
  return { eventId: id, laneKey: threadId === undefined ? room : `${room}:thread:${threadId}` };
}
