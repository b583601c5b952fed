// Owns reading what the server tells of a user's presence.

/** `busy` is there, and does not want to be spoken to. */
export type Presence = "active" | "away" | "busy";

/** By the number that the server sends: offline, online, away, busy (recording `status-presence`). */
const BY_NUMBER: readonly Presence[] = ["away", "active", "away", "busy"];

export interface PresenceNews {
  readonly userId: string;
  readonly presence: Presence;
}

/**
 * Decodes the arguments of `user-status`, `[[_id, username, status, text, name, roles]]`; undefined when id or status is
 * missing or malformed. One change may be told twice, first with the status from before it (recording `presence`, 6.5).
 */
export function decodePresence([news]: readonly unknown[]): PresenceNews | undefined {
  if (!Array.isArray(news)) return undefined;
  const [userId, , status]: unknown[] = news;
  const presence = typeof status === "number" ? BY_NUMBER[status] : undefined;
  return typeof userId === "string" && userId !== "" && presence ? { userId, presence } : undefined;
}
