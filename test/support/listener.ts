// Owns a person's client that watches who types in a room.

import type { Emulator } from "../../emulator/server.ts";
import { connect } from "../../emulator/testing/client.ts";

export interface Listener {
  /** Resolves at the next word of the room or thread, after the last one waited for, that shows exactly these activities. */
  until(roomId: string, activities: readonly string[], threadId?: string): Promise<void>;
  /** What came so far is not waited for any more. */
  forget(): void;
  close(): Promise<void>;
}

/** Logs a person in and listens in the rooms. */
export async function openListener(
  emulator: Emulator,
  { username, rooms }: { username: string; rooms: readonly string[] },
): Promise<Listener> {
  const client = await connect(emulator);
  client.socket.on("message", (data) => {
    if (String(data) === '{"msg":"ping"}') client.send({ msg: "pong" });
  });
  await client.call("login", { resume: emulator.control.personalAccessToken(username) });
  for (const roomId of rooms) await client.sub(roomId, "stream-notify-room", `${roomId}/user-activity`);
  let seen = client.frames.length;
  return {
    async until(roomId, activities, threadId) {
      const wanted = JSON.stringify([activities, threadId === undefined ? {} : { tmid: threadId }]);
      const from = seen;
      const frame = await client.frame(({ fields }) => {
        const text = JSON.stringify(fields) ?? "";
        return (
          text.includes(`"${roomId}/user-activity"`) &&
          text.includes(`,${wanted.slice(1, -1)}]`) &&
          isLater(fields)
        );
      });
      seen = client.frames.indexOf(frame) + 1;
      function isLater(fields: unknown): boolean {
        return client.frames.findIndex((known) => known.fields === fields) >= from;
      }
    },
    forget() {
      seen = client.frames.length;
    },
    async close() {
      client.socket.close();
      await client.close();
    },
  };
}
