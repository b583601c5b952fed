// Taking many messages of a room away at once, as an administrator or the retention policy does.
import type { World } from "../../world.ts";
import type { Message, Room } from "../documents.ts";
import { removeFiles } from "../files/uploads.ts";
import { tellRoom, touch } from "../notices.ts";

/** What is to go; the defaults are the endpoint's. */
export interface PruneOptions {
  oldest: Date;
  latest: Date;
  /** Whether messages sent exactly at the two times go, too; false when absent. */
  inclusive?: boolean;
  /** At most so many; 0 and absent are all. */
  limit?: number;
  excludePinned?: boolean;
  /** Spares messages that began a discussion; true when absent. */
  ignoreDiscussion?: boolean;
  /** Spares threads, root and replies; true when absent. */
  ignoreThreads?: boolean;
  /** Only the files go, the messages stay. */
  filesOnly?: boolean;
  /** User names; everybody's when empty. */
  users?: string[];
}

/** Deletes messages for good and tells the rule they were chosen by, not their ids unless there was a limit. */
export function pruneRoom(world: World, room: Room, options: PruneOptions): number {
  const { limit = 0, filesOnly = false, inclusive = false } = options;
  const found = world.messagesOf(room._id).filter((message) => isChosen(message, options));
  const chosen = limit > 0 ? found.slice(0, limit) : found;
  for (const message of chosen) removeFiles(world, message);
  if (filesOnly) return chosen.filter(({ files = [] }) => files.length > 0).length;
  const deletedAt = world.now();
  for (const message of chosen) {
    world.messages.delete(message._id);
    world.trash.push({ message, deletedAt });
  }
  if (chosen.length === 0) return 0;
  room.msgs -= chosen.length;
  resetLast(world, room);
  touch(world, room);
  tellRoom(world, room);
  const [from, to] = inclusive ? ["$gte", "$lte"] : ["$gt", "$lt"];
  world.tell({
    stream: "notify-room",
    rid: room._id,
    event: "deleteMessageBulk",
    args: [
      {
        rid: room._id,
        excludePinned: options.excludePinned ?? false,
        ignoreDiscussion: options.ignoreDiscussion ?? true,
        ts: { [from]: options.oldest, [to]: options.latest },
        users: options.users ?? [],
        ...(limit > 0 && { ids: chosen.map(({ _id }) => _id) }),
      },
    ],
  });
  return chosen.length;
}

function isChosen(message: Message, options: PruneOptions): boolean {
  const { oldest, latest, inclusive = false, users = [] } = options;
  const [sentAt, from, to] = [message.ts, oldest, latest].map((date) => date.getTime());
  if (sentAt === undefined || from === undefined || to === undefined) return false;
  if (inclusive ? sentAt < from || sentAt > to : sentAt <= from || sentAt >= to) return false;
  if (options.excludePinned === true && message.pinned === true) return false;
  if (options.ignoreDiscussion !== false && message.drid !== undefined) return false;
  if (options.ignoreThreads !== false && (message.tmid !== undefined || message.tcount !== undefined))
    return false;
  return users.length === 0 || users.includes(message.u.username);
}

/** The room's last message is the latest that is left. */
export function resetLast(world: World, room: Room): void {
  const last = world.messagesOf(room._id).findLast((one) => !one.t && (!one.tmid || one.tshow === true));
  if (last) room.lastMessage = { ...last };
  else delete room.lastMessage;
}
