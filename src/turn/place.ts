// Owns looking up the room of an event and judging whether it is served, once all that decides about it is known.

import { NamesPendingError } from "../errors.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { RoomLookup } from "../intake/lookups.ts";
import { hasUnresolvedRoom, refusePlace } from "../policy/access.ts";
import type { DropReason } from "../policy/admission.ts";
import type { AccountSettings } from "../settings.ts";

/** The room, with its parent's name where a name in the configuration may be that one's. Rejects when it cannot be asked. */
export async function findPlace(
  roomId: string,
  settings: AccountSettings,
  rooms: Pick<RoomLookup, "room">,
): Promise<RoomFacts | undefined> {
  const room = await rooms.room(roomId);
  if (room?.parentId === undefined || !hasUnresolvedRoom(settings)) return room;
  return { ...room, parentName: (await rooms.room(room.parentId))?.name };
}

/** As `refusePlace`. Throws NamesPendingError when names that decide are not known yet: the event waits for them. */
export function judgePlace(settings: AccountSettings, room: RoomFacts): DropReason | undefined {
  const refusal = refusePlace(settings, room);
  if (refusal === "names-pending") throw new NamesPendingError();
  return refusal;
}
