// Owns the names of all reasons for a drop, and which of them a message gives by itself alone.

import { isRewritten, type MessageFacts } from "../facts/message.ts";

/** Why an event went no further. Logs, status counters and tests use these names. */
export type DropReason =
  | "malformed"
  | "own-message"
  | "bot-message"
  | "system-message"
  | "encrypted"
  | "edited-by-another"
  | "edited-command"
  | "not-a-member"
  | "re-emission"
  | "change-unwanted"
  | "actor-unknown"
  | "empty"
  | "direct-messages-off"
  | "group-dms-off"
  | "room-not-allowed"
  | "discussion-unconfirmed"
  | "id-not-unique"
  | "names-pending"
  | "others-mentioned"
  | "not-mentioned"
  | "sender-not-allowed"
  | "unknown-command"
  | "stopped"
  | "room-unknown"
  | "pairing-pending";

/** Judges a message by itself; undefined means it may go on. */
export function refuseMessage(message: MessageFacts, botUserId: string): DropReason | undefined {
  if (message.sender.id === botUserId) return "own-message";
  if (message.systemType === "e2e") return "encrypted";
  if (message.systemType !== undefined) return "system-message";
  if (message.text.trim() === "" && message.files.length === 0) return "empty";
  // Whoever wrote the text last said it, and the message bears another's name.
  if (isRewritten(message)) return "edited-by-another";
  return undefined;
}
