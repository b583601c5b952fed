// Owns which messages are dropped by their frame alone: those of places that are not served, from anybody but the bot user.

import type { MessageFrame } from "../facts/frame.ts";
import { isJsonObject, type JsonObject, mayBeId, readId, readInstant, readText } from "../facts/json.ts";
import { isRoomAllowed } from "../policy/access.ts";
import type { DropReason } from "../policy/admission.ts";
import { type Grounds, isServedType, placeOf } from "./receive.ts";

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
  const facts = { _id: frame.value("_id"), rid: frame.value("rid") };
  const ids = { message: readText(facts, "_id"), room: readText(facts, "rid") };
  if (room.roomParticipant !== true) return { reason: "not-a-member", ...ids };
  if (!isServedType(room.roomType)) return { reason: "room-not-allowed", ...ids };
  if (ids.room === undefined || room.roomType === "d") return undefined;
  const place = placeOf(ids.room, readText(room, "roomName"), grounds);
  if (place === undefined || isRoomAllowed(grounds.settings, place)) return undefined;
  const isPlain =
    readId(facts, "_id") !== undefined && isOrdinary(frame) && !grounds.settings.bots.has(senderId);
  return isPlain ? { reason: "room-not-allowed", ...ids } : undefined;
}

/** What makes `receive` find another reason first, or the document malformed. */
const MARKS = ["t", "bot", "editedAt", "editedBy"] as const;

/** Whether a person wrote the message and nobody has changed its text since. */
function isOrdinary(frame: MessageFrame): boolean {
  if (MARKS.some((name) => frame.has(name))) return false;
  const facts: JsonObject = { ts: frame.value("ts"), tmid: frame.value("tmid"), msg: frame.value("msg") };
  const isWritten = (readText(facts, "msg") ?? "").trim() !== "";
  return isWritten && readInstant(facts, "ts") !== undefined && mayBeId(facts, "tmid");
}
