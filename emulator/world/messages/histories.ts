// Reading the past: histories, threads, what changed since a time.
import type { World } from "../../world.ts";
import type { Message, Room } from "../documents.ts";

export interface HistoryQuery {
  latest?: Date | undefined;
  oldest?: Date | undefined;
  inclusive?: boolean;
  /** 0 means all; of a negative number the size counts. */
  count: number;
  offset?: number;
  /** Replies that are not shown in the room are left out unless this is true. */
  threadReplies: boolean;
}

/** The messages of a room in a span of time, newest first; a date that is none finds nothing. */
export function history(world: World, room: Room, query: HistoryQuery): Message[] {
  const { latest, oldest, inclusive = false, count, offset = 0 } = query;
  const found = world
    .messagesOf(room._id)
    .filter((message) => latest === undefined || isBefore(message.ts, latest, inclusive))
    .filter((message) => oldest === undefined || isBefore(oldest, message.ts, inclusive))
    .filter((message) => query.threadReplies || !message.tmid || message.tshow === true)
    .reverse();
  const size = count === 0 ? found.length : Math.abs(count);
  return found.slice(offset, offset + size);
}

function isBefore(earlier: Date, later: Date, orSame: boolean): boolean {
  const [a, b] = [earlier.getTime(), later.getTime()];
  return orSame ? a <= b : a < b;
}

/** The replies of a thread, oldest first, without the parent. */
export function threadReplies(world: World, parent: Message): Message[] {
  return world.messagesOf(parent.rid).filter((message) => message.tmid === parent._id);
}

/** The threads of a room, the one with the latest reply first. */
export function threadsOf(world: World, room: Room): Message[] {
  const threads = world.messagesOf(room._id).filter((message) => message.tcount !== undefined);
  return threads.sort((a, b) => (b.tlm?.getTime() ?? 0) - (a.tlm?.getTime() ?? 0));
}

/** What changed in a room since a time: new, edited, reacted to (newest first), and deleted. */
export function changesSince(
  world: World,
  room: Room,
  since: Date,
): { updated: Message[]; deleted: { _id: string; _deletedAt: Date }[] } {
  const updated = world
    .messagesOf(room._id)
    .filter((message) => message._updatedAt.getTime() > since.getTime())
    .reverse();
  const deleted = world.trash
    .filter(({ message, deletedAt }) => message.rid === room._id && deletedAt.getTime() > since.getTime())
    .map(({ message, deletedAt }) => ({ _id: message._id, _deletedAt: deletedAt }));
  return { updated, deleted };
}
