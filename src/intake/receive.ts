// Owns which events are dropped before they are stored: a raw event gets an identity and a lane, or a reason to drop it.

import { readDecision } from "../commands/approval.ts";
import { type Command, type CommandKind, readCommand } from "../commands/parse.ts";
import { isForOthers, rightOf } from "../commands/rights.ts";
import { type Change, decodeChange, decodeRevision, identifyChange } from "../facts/change.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { mentionsBot } from "../facts/mention.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { isRoomAllowed, isUndecided, isUnwantedBot } from "../policy/access.ts";
import { type Knowledge, refuseInRoom } from "../policy/activation.ts";
import { type DropReason, refuseMessage } from "../policy/admission.ts";
import { mayBeGeneratedId } from "../policy/names.ts";
import { mayAsk, type Notice, readChangeNotice, readSystemNotice, refuseNotice } from "../policy/notice.ts";
import type { AccountSettings, RoomRef } from "../settings.ts";

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
  /**
   * One lane per conversation the agent sees: the room, or the thread in it. Commands that need no order have lanes
   * of their own beside it, so that a stop never waits for what it stops, nor an approval for what it lets go on.
   */
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

/** A reaction that was taken up, to be asked about in a turn. */
export interface TriggerReceipt {
  readonly kind: "triggered";
  readonly event: ReceivedEvent;
  /** The message that bears the reaction, as far as a change of it tells: without its words. */
  readonly message: MessageFacts;
  readonly trigger: Trigger;
}

type Trigger = Extract<Change, { readonly kind: "triggered" }>;

export type Receipt =
  | NoticeReceipt
  | TriggerReceipt
  | { readonly kind: "received"; readonly event: ReceivedEvent; readonly message: MessageFacts }
  | { readonly kind: "dropped"; readonly reason: DropReason };

/** What an event is judged by besides itself. */
export interface Grounds {
  readonly settings: AccountSettings;
  readonly known: Knowledge;
}

/**
 * Decides from the event, the settings and what is remembered, without disk or network, whether an event goes
 * on. Only what the whole path would drop is dropped here; what cannot be decided (the members of a direct
 * message, the parent of a new discussion) goes on. Never throws.
 */
export function receive(event: RawMessageEvent, grounds: Grounds): Receipt {
  const room = isJsonObject(event.room) ? event.room : {};
  if (room.roomParticipant !== true) return { kind: "dropped", reason: "not-a-member" };
  if (!isServedType(room.roomType)) return { kind: "dropped", reason: "room-not-allowed" };
  const message = decodeMessage(event.message);
  if (message === undefined) return { kind: "dropped", reason: "malformed" };
  const direct = room.roomType === "d";
  const place = direct
    ? { id: message.roomId }
    : placeOf(message.roomId, readText(room, "roomName"), grounds);
  const notice = event.change === undefined ? readSystemNotice(message) : readNotice(event);
  if (notice !== undefined) return receiveNotice(notice, { event, message, direct, place, grounds });
  if (event.change !== undefined) return receiveTrigger(event, message);
  const refusal =
    refuseMessage(message, grounds.settings.userId) ??
    refuseEditedCommand(message, grounds.settings) ??
    (direct ? refuseDirect(message, grounds) : place && refuseRoomMessage(message, place, grounds));
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  return { kind: "received", event: identityOf(message), message };
}

/** What a reaction asks was judged before it was taken up, and is judged again in its turn. */
function receiveTrigger(event: RawMessageEvent, message: MessageFacts): Receipt {
  const change = decodeChange(event.change);
  const identity = identify(event);
  if (change?.kind !== "triggered" || identity === undefined)
    return { kind: "dropped", reason: "re-emission" };
  return { kind: "triggered", event: identity, message, trigger: change };
}

function readNotice(event: RawMessageEvent): Notice | undefined {
  const change = decodeChange(event.change);
  const now = decodeRevision(event.message);
  return change && now && readChangeNotice(change, now);
}

function receiveNotice(
  notice: Notice,
  about: {
    readonly event: RawMessageEvent;
    readonly message: MessageFacts;
    readonly direct: boolean;
    readonly place: RoomRef | undefined;
    readonly grounds: Grounds;
  },
): Receipt {
  const { event, message, direct, place, grounds } = about;
  const served = direct || place === undefined || isRoomAllowed(grounds.settings, place);
  const refusal = served ? refuseHere(notice, message, grounds.settings) : "room-not-allowed";
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  const identity = identify(event);
  if (identity === undefined) return { kind: "dropped", reason: "malformed" };
  return { kind: "notice", event: identity, message, notice };
}

/** A reaction that may ask for something goes on whatever the agent is told of: its room may not be known yet. */
function refuseHere(notice: Notice, message: MessageFacts, settings: AccountSettings) {
  const refusal = refuseNotice(notice, message, settings);
  if (refusal !== "change-unwanted") return refusal;
  return mayAsk(notice, settings) || mayDecide(notice, message, settings) ? undefined : refusal;
}

/** A reaction to a message of the bot may decide about what it asks. */
function mayDecide(notice: Notice, { sender }: MessageFacts, { userId }: AccountSettings): boolean {
  if (notice.kind !== "reaction" || !notice.added || sender.id !== userId) return false;
  return readDecision(notice.emoji) !== undefined;
}

/** Only what was sent is a command: what a message has become since then may have been carried out already, or be a slip. */
function refuseEditedCommand(message: MessageFacts, { username }: AccountSettings): DropReason | undefined {
  const edited = message.edited !== undefined && readCommand(message.text, username) !== undefined;
  return edited ? "edited-command" : undefined;
}

/** A room with `t: "d"` may be direct or a group DM; which one is known only after a look-up. */
function refuseDirect(message: MessageFacts, { settings }: Grounds): DropReason | undefined {
  return isUnwantedBot(settings, message, { id: message.roomId }) ? "bot-message" : undefined;
}

/** Livechat and voice rooms (`l`, `v`) are never served; nothing is asked or remembered about them. */
export function isServedType(roomType: unknown): boolean {
  return roomType === undefined || roomType === "c" || roomType === "p" || roomType === "d";
}

/** A room with the parent that may decide about it; undefined when that, or what decides about it, is not known yet. */
export function placeOf(
  id: string,
  name: string | undefined,
  { settings, known }: Grounds,
): RoomRef | undefined {
  const parentId = needsParent({ id, name }, settings) ? known.parentOf(id) : undefined;
  if (parentId === "unknown" || isUndecided(settings, { id, name, parentId })) return undefined;
  return { id, parentId };
}

/** The room to look up before an event can be judged for sure: it may be a discussion that is not known yet. */
export function parentToLookUp(
  event: RawMessageEvent,
  { settings, known }: Pick<Grounds, "settings"> & { readonly known: Pick<Knowledge, "parentOf"> },
): string | undefined {
  if (!isJsonObject(event.room) || !isJsonObject(event.message)) return undefined;
  if (event.room.roomParticipant !== true || event.room.roomType === "d") return undefined;
  if (!isServedType(event.room.roomType)) return undefined;
  const id = readText(event.message, "rid");
  if (id === undefined || !needsParent({ id, name: readText(event.room, "roomName") }, settings))
    return undefined;
  return known.parentOf(id) === "unknown" ? id : undefined;
}

/**
 * Whether the parent may decide about a room: some rooms have entries, it has none of its own, and its name is a
 * discussion's, a random id.
 */
function needsParent(
  { id, name }: { readonly id: string; readonly name: string | undefined },
  { rooms, groupPolicy }: AccountSettings,
): boolean {
  const entries = rooms.size - (rooms.has("*") ? 1 : 0);
  if (entries === 0 || groupPolicy === "disabled") return false;
  return !rooms.has(id) && (name === undefined || mayBeGeneratedId(name));
}

/** Judges a message in a room, as `refuseInRoom` does; a command needs no mention but a word that is ours. */
export function refuseRoomMessage(
  message: MessageFacts,
  room: RoomRef,
  grounds: Grounds,
): DropReason | undefined {
  const { settings } = grounds;
  const command = readCommand(message.text, settings.username);
  if (command === undefined) return refuseInRoom(message, room, grounds);
  if (isUnwantedBot(settings, message, room)) return "bot-message";
  return isRoomAllowed(settings, room) ? refuseCommand(command, message, settings) : "room-not-allowed";
}

/**
 * Why a command in a room or group DM is not this bot's business; undefined when it is. It needs no mention,
 * unless no bot of ours knows the word: then it may be another bot's.
 */
export function refuseCommand(
  command: Command,
  message: MessageFacts,
  settings: AccountSettings,
): DropReason | undefined {
  if (isForOthers(command, message, settings)) return "others-mentioned";
  const unknown = rightOf(command, settings) === "unknown" && !mentionsBot(message, settings);
  return unknown ? "unknown-command" : undefined;
}

/**
 * The identity of a stored event, whatever the settings say by now; undefined when it cannot be read. Both
 * parts must come out as they did when the event was received.
 */
export function identify(event: RawMessageEvent): ReceivedEvent | undefined {
  const message = decodeMessage(event.message);
  if (message === undefined || event.change === undefined) return message && identityOf(message);
  const change = decodeChange(event.change);
  const now = decodeRevision(event.message);
  const eventId = change && now && identifyChange(change, now);
  if (eventId === undefined) return undefined;
  // What a reaction may decide about is what the messages before it wait for.
  const decides = change?.kind === "reaction-added" && readDecision(change.emoji) !== undefined;
  return { eventId, laneKey: decides ? `decide:${laneOf(message)}` : laneOf(message) };
}

/**
 * Commands whose answer does not depend on what was written before them, and that must not wait for it: what is to
 * be approved or stopped may be what stands before them.
 */
const UNORDERED: ReadonlySet<CommandKind> = new Set(["stop", "status", "help", "approve", "deny"]);

function identityOf(message: MessageFacts): ReceivedEvent {
  const lane = laneOf(message);
  // An introduction is a run of its own, for which no message has to wait.
  if (message.systemType === "au") return { eventId: message.id, laneKey: `added:${lane}` };
  const { kind = "other" } = readCommand(message.text) ?? {};
  return { eventId: message.id, laneKey: UNORDERED.has(kind) ? `${kind}:${lane}` : lane };
}

/** The lane of ordinary messages of a room or thread. */
export function laneOf({ roomId, threadId }: Pick<MessageFacts, "roomId" | "threadId">): string {
  const room = `room:${roomId}`;
  return threadId === undefined ? room : `${room}:thread:${threadId}`;
}
