// Owns what several scenarios do in one way: sending a file, muting, changing a setting of the server for a while.
import type { Actor } from "./actor.ts";
import type { MadeFile } from "./made-files.ts";
import { at, type Json, type JsonObject, textAt } from "./recording/json.ts";
import type { Room, Stage } from "./stage.ts";

/** The message of an answer, and what a scenario needs of it. */
export interface Sent {
  id: string;
  fileId: string;
  message: Json;
}

/**
 * Uploads in two calls as 7.x and later have it, or, where that is refused, in one as 6.5 has it. Undefined when both
 * were refused.
 */
export async function sendFile(
  who: Actor,
  rid: string,
  file: MadeFile,
  fields: JsonObject = {},
): Promise<Sent | undefined> {
  const part = { name: "file", ...file };
  const media = await who.rest("POST", `rooms.media/${rid}`, { form: [part] });
  const fileId = textAt(media.body, "file", "_id");
  if (fileId !== undefined) return sentBy(await who.post(`rooms.mediaConfirm/${rid}/${fileId}`, fields));
  const more = Object.entries(fields).map(([name, value]) => ({ name, value: String(value) }));
  return sentBy(await who.rest("POST", `rooms.upload/${rid}`, { form: [part, ...more] }));
}

/** Mutes or unmutes by REST, or over `muter` where the server has no such endpoint yet. */
export function muting(stage: Stage, room: Room): (username: string, on?: boolean) => Promise<void> {
  let muter: Awaited<ReturnType<Actor["ddp"]>> | undefined;
  return async (username, on = true) => {
    const [endpoint, method] = on
      ? ["rooms.muteUser", "muteUserInRoom"]
      : ["rooms.unmuteUser", "unmuteUserInRoom"];
    const answer = await stage.alice.post(endpoint, { roomId: room.id, username });
    if (answer.status < 404) return;
    muter ??= await stage.alice.ddp();
    await muter.call(method, { rid: room.id, username });
  };
}

/** How long a server's own copy of a setting may lag behind, in milliseconds. */
const SETTING_MS = 300;

/** Changes a setting; answers how to put the old value back, which also happens when the scenario breaks off. */
export async function withSetting(stage: Stage, id: string, value: Json): Promise<() => Promise<void>> {
  const { admin } = stage;
  const before = at((await admin.get(`settings/${id}`, undefined, { quiet: true })).body, "value");
  let changed = before !== undefined;
  const put = async (wanted: Json, quiet: boolean) => {
    await admin.post(`settings/${id}`, { value: wanted }, { headers: admin.secondFactor, quiet });
    await stage.settle();
    await stage.wait(SETTING_MS);
  };
  const restore = async (quiet: boolean) => {
    if (!changed || before === undefined) return;
    changed = false;
    await put(before, quiet);
  };
  stage.afterwards(() => restore(true));
  await put(value, false);
  return () => restore(false);
}

function sentBy({ body }: { body?: Json }): Sent | undefined {
  const message = at(body, "message");
  const id = textAt(message, "_id");
  if (id === undefined || message === undefined) return undefined;
  return { id, fileId: textAt(message, "file", "_id") ?? "missing", message };
}
