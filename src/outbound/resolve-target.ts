// Owns what a target means on the server: which room or person, and which thread.

import { TargetError } from "../errors.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchMessage } from "../rest/messages.ts";
import { fetchJoinedRooms, fetchRoom, findRoomByName, isMember, joinRoom } from "../rest/rooms.ts";
import { findUser } from "../rest/users.ts";
import type { AccountSettings } from "../settings.ts";
import { findExactRoom, findExactThread, findExactUser, mayLackCapitals } from "./exact-ids.ts";
import type { NamedTarget, Target } from "./target.ts";

export interface TargetScope {
  readonly rest: RestClient;
  readonly settings: Pick<AccountSettings, "userId" | "joinPublicRooms">;
  /** False where it is only asked what the target means; a public room that may be joined is left for later. */
  readonly mayJoin?: boolean;
}

/**
 * The target by the id that the server knows. A public room that the bot is not in is joined when the account
 * allows that. Rejects with TargetError when there is no such room or person, or the bot cannot write there.
 */
export async function resolveTarget(scope: TargetScope, target: Target | NamedTarget): Promise<Target> {
  switch (target.kind) {
    case "room":
      return { kind: "room", id: await resolveRoomId(scope, target.id) };
    case "room-name":
      return { kind: "room", id: await enter(scope, await findRoomNamed(scope, target.name)) };
    case "user":
    case "user-name":
      return { kind: "user", id: await resolveUserId(scope, target) };
  }
}

async function resolveRoomId(scope: TargetScope, id: string): Promise<string> {
  // First: whoever makes a room may choose the very id that another's has become.
  const exact = mayLackCapitals(id) ? await findExactRoom(scope.rest, id) : undefined;
  if (exact !== undefined) return exact;
  const room = await fetchRoom(scope.rest, id);
  if (room !== undefined) return enter(scope, room);
  throw new TargetError(`There is no room ${id} on Rocket.Chat, or the bot user is not in it`);
}

/** By its name, else by the title of a discussion that the bot is in. */
async function findRoomNamed({ rest }: TargetScope, name: string): Promise<RoomFacts> {
  const named = await findRoomByName(rest, name);
  if (named !== undefined) return named;
  const titled = (await fetchJoinedRooms(rest)).filter((room) => room.type !== "d" && room.label === name);
  const [room, other] = titled;
  if (room === undefined)
    throw new TargetError(`There is no room #${name} on Rocket.Chat, or the bot user is not in it`);
  if (other === undefined) return room;
  const ids = titled.map(({ id }) => `room:${id}`).join(", ");
  throw new TargetError(`Several rooms are called #${name}; name one of ${ids}`);
}

async function enter({ rest, settings, mayJoin = true }: TargetScope, room: RoomFacts): Promise<string> {
  if (await isMember(rest, room.id)) return room.id;
  const name = room.name === undefined ? room.id : `#${room.name}`;
  if (room.type !== "c") throw new TargetError(`The bot user is not in ${name}; invite it`);
  if (!settings.joinPublicRooms)
    throw new TargetError(`The bot user is not in ${name}; invite it, or set joinPublicRooms to let it join`);
  if (mayJoin) await joinRoom(rest, room.id);
  return room.id;
}

async function resolveUserId(
  { rest, settings }: TargetScope,
  target: { kind: "user"; id: string } | { kind: "user-name"; name: string },
): Promise<string> {
  const id = target.kind === "user" ? target.id : (await findUser(rest, { username: target.name }))?.id;
  if (id === undefined) throw new TargetError(`There is no user ${describe(target)} on Rocket.Chat`);
  if (id === settings.userId) throw new TargetError(`${describe(target)} is the bot user itself`);
  if (target.kind === "user-name" || (await findUser(rest, { userId: id })) !== undefined) return id;
  const exact = mayLackCapitals(id) ? await findExactUser(rest, id) : undefined;
  if (exact !== undefined) return exact;
  throw new TargetError(`There is no user ${describe(target)} on Rocket.Chat`);
}

function describe(target: { kind: "user"; id: string } | { kind: "user-name"; name: string }): string {
  return target.kind === "user" ? target.id : `@${target.name}`;
}

/** Threads known to exist; the least recently met one goes first. */
const MAX_KNOWN_THREADS = 1000;
const known = new Set<string>();

/** Messages that were deleted for good, from which no thread can hang; the least recently deleted one goes first. */
const gone = new Set<string>();

const keyOf = (roomId: string, messageId: string): string => `${roomId}/${messageId}`;

function keep(keys: Set<string>, key: string): void {
  keys.delete(key);
  keys.add(key);
  const oldest = keys.size > MAX_KNOWN_THREADS ? keys.keys().next().value : undefined;
  if (oldest !== undefined) keys.delete(oldest);
}

/** Notes that messages of a room were deleted for good: what is posted under them is seen nowhere. */
export function forgetThreads(roomId: string, messageIds: readonly string[]): void {
  for (const messageId of messageIds) {
    known.delete(keyOf(roomId, messageId));
    keep(gone, keyOf(roomId, messageId));
  }
}

/** Whether a thread is known to hang on nothing any more. */
export const isThreadGone = (roomId: string, threadId: string): boolean => gone.has(keyOf(roomId, threadId));

/** Notes a thread that is known to be in the room, so that answering there asks nothing. */
export function rememberThread({
  roomId,
  threadId,
}: {
  readonly roomId: string;
  readonly threadId: string;
}): void {
  keep(known, keyOf(roomId, threadId));
}

/**
 * The root of the thread that replying to a message enters; undefined unless both are in the room. Any text is taken
 * as `tmid` (recording `send-errors`), also the id of a message that another room has, or gets later.
 */
export async function findThreadRoot(
  rest: RestClient,
  { roomId, messageId }: { readonly roomId: string; readonly messageId: string },
): Promise<string | undefined> {
  if (known.has(keyOf(roomId, messageId))) return messageId;
  const message = await fetchMessage(rest, messageId);
  if (message?.roomId !== roomId) return undefined;
  const { threadId = message.id } = message;
  if (threadId !== message.id) {
    const root = known.has(keyOf(roomId, threadId)) ? message : await fetchMessage(rest, threadId);
    if (root?.roomId !== roomId) return undefined;
  }
  rememberThread({ roomId, threadId });
  return threadId;
}

/**
 * The root of the thread that replying to a message enters. Rocket.Chat would post in the room of whatever
 * message is named, so one of another room is refused, and so is one that does not exist. Rejects with TargetError.
 */
export async function resolveThread(
  rest: RestClient,
  { roomId, messageId }: { readonly roomId: string; readonly messageId: string },
): Promise<string> {
  const root = await findThreadRoot(rest, { roomId, messageId });
  if (root !== undefined) return root;
  const isUnknown = mayLackCapitals(messageId);
  const exact = isUnknown ? await findExactThread(rest, { roomId, threadId: messageId }) : undefined;
  if (exact !== undefined) return exact;
  throw new TargetError(`There is no message ${messageId} in room ${roomId} to reply to`);
}
