// Owns the room that unit tests start from.

import type { RoomFacts } from "../../src/facts/room.ts";

/** A public room without a topic; `changes` are laid over it. */
export function roomFacts(changes: Partial<RoomFacts> = {}): RoomFacts {
  return {
    id: "r1",
    type: "c",
    chatType: "channel",
    label: undefined,
    ...changes,
  };
}
