// Owns which messages are judged by their frame: those of places that are not served, and in rooms those that name nobody.

import type { FrameHead, MessageFrame } from "../facts/frame.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { readWords } from "../facts/words.ts";
import { type DropReason, refuseMessage } from "../policy/admission.ts";
import { type Grounds, isServedType, placeOf, refusePlace, refuseRoomMessage } from "./receive.ts";

/** A message that goes no further, and what the log calls it. */
export interface FrameRefusal {
  readonly reason: DropReason;
  readonly message: string | undefined;
  readonly room: string | undefined;
}

/**
 * Judges a message by the head of its frame as `receive` would judge the document, with the same reason; undefined where
 * that takes the document. What the bot user wrote is never refused here: it is remembered wherever it stands. Never throws.
 */
export function refuseFrame(head: FrameHead, grounds: Grounds): FrameRefusal | undefined {
  try {
    const [rid, u] = [head.value("rid"), head.value("u")];
    const senderId = isJsonObject(u) ? readText(u, "_id") : undefined;
    if (senderId === undefined || senderId === grounds.settings.userId) return undefined;
    const reason = refusePlace({ rid, u }, isJsonObject(head.room) ? head.room : {}, grounds);
    if (reason === undefined) return undefined;
    const facts = { rid, _id: head.value("_id") };
    return { reason, message: readText(facts, "_id"), room: readText(facts, "rid") };
  } catch {
    // A part of the frame is no JSON.
    return undefined;
  }
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
