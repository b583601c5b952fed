// Uploads: in two steps from 7.0 on, in one up to 7.x.
import type { Room, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import { addressOf, BROKEN_IMAGE, confirmFile, readConfirmation, takeFile } from "../world/files/uploads.ts";
import type { Traits } from "../world/profile.ts";
import type { World } from "../world.ts";
import { type FormFile, type IncomingCall, Reply, type Route, route } from "./call/route.ts";

const UNAUTHORIZED = { success: false, error: "unauthorized" };

const media = route("POST", "rooms.media/:rid", {
  exists: ({ legacy }) => !legacy,
  run(call) {
    const { world, user, fields } = call;
    const room = roomFor(call, user);
    if (!room) return new Reply(403, UNAUTHORIZED);
    const upload = takeFile(world, room, { user, file: fileIn(call) });
    if (fields.description !== undefined) upload.description = fields.description;
    return { file: { _id: upload._id, url: addressOf(upload) } };
  },
});

const confirm = route("POST", "rooms.mediaConfirm/:rid/:fileId", {
  exists: ({ legacy }) => !legacy,
  run(call) {
    const { world, user, path, body: words } = call;
    const room = roomFor(call, user);
    if (!room) return new Reply(403, UNAUTHORIZED);
    const upload = world.uploads.get(path.fileId ?? "");
    const its = upload?.rid === room._id && upload.userId === user._id;
    if (!upload || !its) throw new ServerError("invalid-file");
    return { message: confirmFile(world, room, { user, upload, words: readConfirmation(world, words) }) };
  },
});

/** The one step. A broken image is never answered by 6.5: the call stays open. */
const upload = route("POST", "rooms.upload/:rid", {
  exists: ({ recentUploads }) => !recentUploads,
  run(call) {
    const { world, user, fields } = call;
    const room = roomFor(call, user);
    if (!room) return new Reply(403, UNAUTHORIZED);
    const file = fileIn(call);
    try {
      const taken = takeFile(world, room, { user, file });
      taken.refused = true;
      const words = readConfirmation(world, fields);
      delete taken.refused;
      return { message: confirmFile(world, room, { user, upload: taken, words }) };
    } catch (error) {
      const broken = error instanceof ServerError && error.code === BROKEN_IMAGE;
      if (broken && world.traits.legacy) return new Promise(() => {});
      throw error;
    }
  },
});

function roomFor({ world, path }: Pick<IncomingCall, "world" | "path">, user: User): Room | undefined {
  const room = world.rooms.get(path.rid ?? "");
  return room && world.canAccess(room, user) ? room : undefined;
}

/** The one file of a form; throws for a body that is no form, for none and for two. */
function fileIn({
  world,
  header,
  files,
}: {
  world: World;
  header: IncomingCall["header"];
  files: FormFile[];
}): FormFile {
  const type = header("content-type")?.split(";")[0] ?? "";
  if (type !== "multipart/form-data") throw new PlainError(`Unsupported content type: ${type}`);
  const named = files.filter(({ name }) => name !== "");
  if (named.length > 1) throw tooMany(world.traits);
  const [file] = named;
  if (!file) {
    throw world.traits.recentUploads
      ? new ServerError("error-no-file", "No file uploaded")
      : new ServerError("No file uploaded");
  }
  if (file.field !== "file") throw new ServerError("invalid-field");
  return file;
}

function tooMany({ recentUploads }: Traits): Error {
  if (!recentUploads) return new PlainError("Just 1 file is allowed");
  return new ServerError("error-too-many-files", "Too many files in upload");
}

export const UPLOADS: Route[] = [media, confirm, upload];
