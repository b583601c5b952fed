// What the endpoints about rooms share: whom and what a call names, rights, histories.
import type { Message, Room, RoomType, User } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { history } from "../world/messages/histories.ts";
import { allows } from "../world/permissions.ts";
import type { World } from "../world.ts";
import { isTrue, number, text } from "./call/route.ts";

export interface RoomRef {
  roomId?: string | undefined;
  roomName?: string | undefined;
}

export function notFound(word: string): ServerError {
  return new ServerError(
    "error-room-not-found",
    `The required "roomId" or "roomName" param provided does not match any ${word}`,
  );
}

export function refOfBody(request: Record<string, unknown>): RoomRef {
  const { roomId, roomName } = request;
  return {
    ...(typeof roomId === "string" ? { roomId } : {}),
    ...(typeof roomName === "string" ? { roomName } : {}),
  };
}

/** The user an endpoint is asked for by id or name. */
export function requireTarget(world: World, request: Record<string, unknown>): User {
  const { userId, username } = request;
  const user = typeof userId === "string" ? world.users.get(userId) : world.userNamed(String(username ?? ""));
  if (!user) {
    throw new ServerError(
      "error-invalid-user",
      'The required "userId" or "username" param provided does not match any users',
    );
  }
  return user;
}

export function requireRight(world: World, user: User, room: Room, permission: string, method: string): void {
  if (!allows(permission, user, world.membership(room._id, user._id))) {
    throw new ServerError("error-not-allowed", "Not allowed", { method });
  }
}

export interface HistoryParams extends RoomRef {
  latest?: string;
  oldest?: string;
  inclusive?: string;
  unreads?: string;
  showThreadMessages?: string;
  count?: number;
  offset?: number;
}

/** The schema of these, but for `roomName`. */
export const HISTORY_FIELDS = {
  ...Object.fromEntries(
    ["roomId", "latest", "oldest", "inclusive", "unreads", "showThreadMessages", "sort"].map((key) => [
      key,
      text,
    ]),
  ),
  count: number,
  offset: number,
};

/** Reads a room's past the way the query asks; replies of threads are shown in groups unless the query refuses them. */
export function readHistory(world: World, room: Room, params: HistoryParams): Record<string, unknown> {
  const { latest, oldest, inclusive, unreads, showThreadMessages, count = 20, offset = 0 } = params;
  const messages = history(world, room, {
    latest: latest === undefined ? undefined : new Date(latest),
    oldest: oldest === undefined || Number.isNaN(Date.parse(oldest)) ? undefined : new Date(oldest),
    inclusive: isTrue(inclusive),
    count,
    offset,
    threadReplies: room.t === "p" ? showThreadMessages !== "false" : isTrue(showThreadMessages),
  });
  return { messages, ...(isTrue(unreads) ? { unreadNotLoaded: 0 } : {}) };
}

/** Whether the old `query` or `fields` is asked for, which 9.0 refuses. */
export function refusesFilters({ traits }: World, query: Record<string, string>): boolean {
  return traits.forbidden403 && (query.query !== undefined || query.fields !== undefined);
}

/** What a member has not read of a room. */
export function counters(world: World, user: User, room: Room): Record<string, unknown> {
  const membership = world.membership(room._id, user._id);
  const unreadsFrom = membership?.ls ?? membership?.ts ?? room.ts;
  const shown = ({ ts, tmid, tshow, t }: Message) =>
    ts > unreadsFrom && t === undefined && (tmid === undefined || tshow === true);
  const unread = world.messagesOf(room._id).filter(shown).length;
  return {
    joined: membership !== undefined,
    members: world.membersOf(room._id).length,
    // A message that was sent by the user himself marks what came before as read.
    unreads: room.t === "c" && world.traits.nulls ? (membership?.unread ?? 0) : unread,
    unreadsFrom,
    msgs: room.msgs,
    latest: room.lm ?? room.ts,
    userMentions: membership?.userMentions ?? 0,
  };
}

export function joinedRooms(world: World, user: User, types: readonly RoomType[] = ["c", "p", "d"]): Room[] {
  const rooms = world.membershipsOf(user._id).map(({ rid }) => world.rooms.get(rid));
  return rooms.filter((room) => room !== undefined).filter((room) => types.includes(room.t));
}
