// Owns what the news says that many messages of a room were deleted at once: by which rule, and which messages that means.

import type { Revision } from "./change.ts";
import { isJsonObject, type JsonObject, readInstant, readObject, readText, readTexts } from "./json.ts";

/** Which messages of a room are gone. */
export interface Prune {
  readonly roomId: string;
  /** Only these, if the server names them. */
  readonly ids: ReadonlySet<string> | undefined;
  /** Sent from this instant to that, both included; epoch milliseconds of the server's clock. */
  readonly from: number;
  readonly to: number;
  /** Sent by these usernames; by anybody when empty. */
  readonly usernames: readonly string[];
  readonly sparesPinned: boolean;
  /** Messages that began a discussion stay. */
  readonly sparesDiscussions: boolean;
}

/**
 * Reads the argument of `deleteMessageBulk`: `{rid, excludePinned, ignoreDiscussion, ts: {$gt|$gte, $lt|$lte}, users,
 * ids?, filesOnly?}`, by the server's published typings; no recording shows it. Undefined where no message is deleted.
 */
export function decodePrune(raw: unknown): Prune | undefined {
  if (!isJsonObject(raw) || raw.filesOnly === true) return undefined;
  const roomId = readText(raw, "rid");
  const ids = readTexts(raw, "ids");
  const span = readObject(raw, "ts");
  if (roomId === undefined || (ids === undefined && span === undefined)) return undefined;
  return {
    roomId,
    ids: ids && new Set(ids),
    ...readSpan(span ?? {}),
    usernames: readTexts(raw, "users") ?? [],
    sparesPinned: raw.excludePinned === true,
    sparesDiscussions: raw.ignoreDiscussion === true,
  };
}

/** The instants from and to which messages are taken, both included. */
function readSpan(bounds: JsonObject): Pick<Prune, "from" | "to"> {
  const after = readInstant(bounds, "$gt");
  const before = readInstant(bounds, "$lt");
  return {
    from: readInstant(bounds, "$gte") ?? (after === undefined ? Number.NEGATIVE_INFINITY : after + 1),
    to: readInstant(bounds, "$lte") ?? (before === undefined ? Number.POSITIVE_INFINITY : before - 1),
  };
}

/** Whether the rule takes a message, as far as it says: it keeps back whether threads are spared. */
export function isPruned(prune: Prune, message: Revision): boolean {
  if (message.roomId !== prune.roomId) return false;
  if (prune.ids !== undefined) return prune.ids.has(message.id);
  if (message.sentAt < prune.from || message.sentAt > prune.to) return false;
  if (prune.sparesPinned && message.pinned) return false;
  if (prune.sparesDiscussions && message.discussion) return false;
  return prune.usernames.length === 0 || prune.usernames.includes(message.sender.username ?? "");
}

/** Whether a message is a thread's root or reply: a prune takes all threads or none, and does not say which. */
export function isInThread({ threadId, counters, discussion }: Revision): boolean {
  return threadId !== undefined || (counters !== "" && !discussion);
}
