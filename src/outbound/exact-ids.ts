// Owns giving ids back the capitals that OpenClaw's session keys take from them.

import { oldestOf } from "../facts/room.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchThreadRoots } from "../rest/messages.ts";
import { fetchJoinedRooms } from "../rest/rooms.ts";

/** The form of the ids that servers make from 8.x on; it has no capitals to lose. */
const HEX_ID = /^(?:[0-9a-f]{24})+$/;

/** Whether an id may have come out of a session key: ids of 17 characters nearly always have a capital. */
export function mayLackCapitals(id: string): boolean {
  return id === id.toLowerCase() && /[a-z]/.test(id) && !HEX_ID.test(id);
}

/** The id of the joined room that differs by capitals at most, of several the one that counts; undefined when there is none. */
export async function findExactRoom(rest: RestClient, roomId: string): Promise<string | undefined> {
  const rooms = await fetchJoinedRooms(rest);
  return oldestOf(rooms.filter(({ id }) => id.toLowerCase() === roomId))?.id;
}

/** The same for people that the bot has direct messages with. */
export async function findExactUser(rest: RestClient, userId: string): Promise<string | undefined> {
  const rooms = await fetchJoinedRooms(rest);
  return sameButCapitals(
    rooms.flatMap(({ memberIds }) => memberIds ?? []),
    userId,
  );
}

/** The same for the threads of a room, as far as the server lists them. */
export async function findExactThread(
  rest: RestClient,
  { roomId, threadId }: { readonly roomId: string; readonly threadId: string },
): Promise<string | undefined> {
  const roots = await fetchThreadRoots(rest, roomId);
  return sameButCapitals(
    roots.map(({ id }) => id),
    threadId,
  );
}

function sameButCapitals(ids: readonly string[], folded: string): string | undefined {
  return ids.includes(folded) ? folded : ids.find((id) => id.toLowerCase() === folded);
}
