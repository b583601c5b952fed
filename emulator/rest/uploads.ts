// Uploads: in two steps from 7.0 on, in one before.
import { ServerError } from "../world/errors.ts";
import { addressOf, BROKEN_IMAGE, confirmFile, takeFile } from "../world/messages/uploads.ts";
import { body, flag, object, Reply, type Route, route, text } from "./call/route.ts";

const media = route("POST", "rooms.media/:rid", {
  exists: ({ legacy }) => !legacy,
  run({ world, user, path: { rid = "" }, files, fields }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user))
      return new Reply(403, { success: false, error: "unauthorized" });
    const [file] = files;
    if (!file) throw new ServerError("error-no-file", "No file uploaded");
    if (file.field !== "file") throw new ServerError("invalid-field");
    const upload = takeFile(world, room, { user, file });
    if (fields.description !== undefined) upload.description = fields.description;
    return { file: { _id: upload._id, url: addressOf(upload) } };
  },
});

interface ConfirmBody {
  msg?: string;
  tmid?: string;
  description?: string;
}

const confirm = route("POST", "rooms.mediaConfirm/:rid/:fileId", {
  exists: ({ legacy }) => !legacy,
  body: body<ConfirmBody>(
    object({
      msg: text,
      tmid: text,
      description: text,
      alias: text,
      avatar: text,
      emoji: text,
      groupable: flag,
      customFields: text,
      t: text,
      content: { type: "object" },
      fileName: text,
    }),
  ),
  run({ world, user, path: { rid = "", fileId = "" }, body: words }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user))
      return new Reply(403, { success: false, error: "unauthorized" });
    const upload = world.uploads.get(fileId);
    if (!upload) throw new ServerError("invalid-file");
    return { message: confirmFile(world, room, { user, upload, text: words }) };
  },
});

/** The one step of 6.5. A broken image is never answered: the call stays open. */
const upload = route("POST", "rooms.upload/:rid", {
  exists: ({ legacy }) => legacy,
  run({ world, user, path: { rid = "" }, files, fields }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user)) {
      return new Reply(403, { success: false, error: "unauthorized" });
    }
    const [file] = files;
    if (!file) throw new ServerError("No file uploaded");
    if (file.field !== "file") throw new ServerError("invalid-field");
    const { msg, description, tmid } = fields;
    try {
      const taken = takeFile(world, room, { user, file });
      return { message: confirmFile(world, room, { user, upload: taken, text: { msg, description, tmid } }) };
    } catch (error) {
      if (error instanceof ServerError && error.code === BROKEN_IMAGE) return new Promise(() => {});
      throw error;
    }
  },
});

export const UPLOADS: Route[] = [media, confirm, upload];
