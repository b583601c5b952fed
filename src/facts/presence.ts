// Owns reading what the server tells of a user's presence.

/** `busy` is there, and does not want to be spoken to. */
export type Presence = "active" | "away" | "busy";

/** By the number that the server sends: offline, online, away, busy (recording `status-presence`). */
const BY_NUMBER: readonly Presence[] = ["away", "active", "away", "busy"];

export interface PresenceNews {
  readonly userId: string;
  /** As it is now. */
  readonly username: string | undefined;
  readonly presence: Presence;
  /** It has the role `bot`. */
  readonly isBot: boolean;
}

/**
 * Decodes the arguments of `user-status`, `[[_id, username, status, text, name, roles]]`; undefined when id or status is
 * missing or malformed. One change may be told twice, first with the status from before it (recording `presence`, 6.5).
 */
export function decodePresence([news]: readonly unknown[]): PresenceNews | undefined {
  if (!Array.isArray(news)) return undefined;
  const [userId, username, status, , , roles]: unknown[] = news;
  const presence = typeof status === "number" ? BY_NUMBER[status] : undefined;
  if (typeof userId !== "string" || userId === "" || presence === undefined) return undefined;
  return {
    userId,
    username: typeof username === "string" && username !== "" ? username : undefined,
    presence,
    isBot: Array.isArray(roles) && roles.includes("bot"),
  };
}
