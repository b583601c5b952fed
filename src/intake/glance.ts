// Owns which messages are judged by their frame: those of places that are not served, and in rooms those that name nobody.

import { bitsOf, type MessageFrame } from "../facts/frame.ts";
import { isJsonObject, type JsonObject, mayBeId, readId, readInstant, readText } from "../facts/json.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { readWords } from "../facts/words.ts";
import { isRoomAllowed } from "../policy/access.ts";
import { type DropReason, refuseMessage } from "../policy/admission.ts";
import { type Grounds, isServedType, placeOf, refuseRoomMessage } from "./receive.ts";

/** A message that goes no further, and what the log calls it. */
export interface FrameRefusal {
  readonly reason: DropReason;
  readonly message: string | undefined;
  readonly room: string | undefined;
}

/**
 * Judges a message by its frame as `receive` would judge the document, with the same reason; undefined where that takes the
 * document. What the bot user wrote is never refused here: it is remembered wherever it stands. Never throws.
 */
export function refuseFrame(frame: MessageFrame, grounds: Grounds): FrameRefusal | undefined {
  try {
    return judge(frame, grounds);
  } catch {
    // A part of the frame is no JSON.
    return undefined;
  }
}

function judge(frame: MessageFrame, grounds: Grounds): FrameRefusal | undefined {
  const room = isJsonObject(frame.room) ? frame.room : {};
  const sender = frame.value("u");
  const senderId = isJsonObject(sender) ? readText(sender, "_id") : undefined;
  if (senderId === undefined || senderId === grounds.settings.userId) return undefined;
  const roomId = readText({ rid: frame.value("rid") }, "rid");
  const isMember = room.roomParticipant === true;
  const depends = isMember && isServedType(room.roomType);
  if (depends && !isRefused(room, roomId, grounds)) return undefined;
  const facts = { _id: frame.value("_id") };
  const isPlain = () =>
    readId(facts, "_id") !== undefined && isOrdinary(frame) && !grounds.settings.bots.has(senderId);
  if (depends && !isPlain()) return undefined;
  const reason = isMember ? "room-not-allowed" : "not-a-member";
  return { reason, message: readText(facts, "_id"), room: roomId };
}

/** Whether a place is known and not served. */
function isRefused(room: JsonObject, roomId: string | undefined, grounds: Grounds): boolean {
  if (roomId === undefined || room.roomType === "d") return false;
  const place = placeOf(roomId, readText(room, "roomName"), grounds);
  return place !== undefined && !isRoomAllowed(grounds.settings, place);
}

/** What makes `receive` find another reason first, or the document malformed. */
const MARKS = bitsOf("t bot editedAt editedBy");

/** Whether a person wrote the message and nobody has changed its text since. */
function isOrdinary(frame: MessageFrame): boolean {
  if (frame.among(MARKS) !== 0) return false;
  const facts: JsonObject = { ts: frame.value("ts"), tmid: frame.value("tmid"), msg: frame.value("msg") };
  const isWritten = (readText(facts, "msg") ?? "").trim() !== "";
  return isWritten && readInstant(facts, "ts") !== undefined && mayBeId(facts, "tmid");
}

/** A message that goes no further, and is remembered. */
export interface Idle {
  readonly message: JsonObject;
  readonly facts: MessageFacts;
  /** The stream's second argument. */
  readonly room: JsonObject;
}

/**
 * Reads a message of a room that nobody is meant by: `receive` would drop it as not mentioned. Undefined for all others, and
 * where that takes the whole document.
 */
export function readIdle(frame: MessageFrame, grounds: Grounds): Idle | undefined {
  const room = isJsonObject(frame.room) ? frame.room : {};
  if (room.roomParticipant !== true || !isServedType(room.roomType) || room.roomType === "d")
    return undefined;
  const message = readWords(frame);
  const facts = decodeMessage(message);
  if (message === undefined || facts === undefined) return undefined;
  const place = placeOf(facts.roomId, readText(room, "roomName"), grounds);
  if (place === undefined) return undefined;
  const refusal = refuseMessage(facts, grounds.settings.userId) ?? refuseRoomMessage(facts, place, grounds);
  return refusal === "not-mentioned" ? { message, facts, room } : undefined;
}
