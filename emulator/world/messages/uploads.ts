// Files: taken in, made into messages, listed.
import { refOf, type World } from "../../world.ts";
import type { FileRef, Message, Room, Upload, User } from "../documents.ts";
import { ServerError } from "../errors.ts";
import { parseMarkdown } from "./mentions.ts";
import { asAnswered, insertMessage, requireLicense, topParent } from "./messages.ts";

export interface NewFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

/** Takes a file in; throws for an empty one, a too large one, and an image that is none. */
export function takeFile(world: World, room: Room, { user, file }: { user: User; file: NewFile }): Upload {
  const size = file.bytes.length;
  if (size === 0) throw new ServerError("file-too-small", "File size (size = 0) is too small (min = 1)");
  const max = Number(world.setting("FileUpload_MaxFileSize"));
  if (max >= 0 && size > max)
    throw new ServerError("error-file-too-large", `File exceeds allowed size of ${max} bytes`);
  const type = world.traits.legacy ? file.type : typeOf(file);
  const image = imageOf(type, file.bytes);
  const upload: Upload = {
    _id: world.newId(),
    rid: room._id,
    userId: user._id,
    name: file.name,
    type,
    bytes: file.bytes,
    uploadedAt: world.now(),
    etag: world.newAccountId(),
    token: world.sources.random(10, "0123456789abcdefABCDEF"),
    ...(image ? { image } : {}),
  };
  world.uploads.set(upload._id, upload);
  return upload;
}

const TYPES_BY_NAME: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

/** What stands in the name counts where the sender said nothing better. */
function typeOf({ name, type }: NewFile): string {
  if (type !== "application/octet-stream") return type;
  return TYPES_BY_NAME[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? type;
}

/** The code an image is refused with that is none. */
export const BROKEN_IMAGE = "ufs: cannot upload file";

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47];

function imageOf(type: string, bytes: Uint8Array): Upload["image"] {
  if (!type.startsWith("image/") || type === "image/svg+xml") return undefined;
  if (type !== "image/png") return { width: 1, height: 1, format: type.slice("image/".length) };
  if (!PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    throw new ServerError(BROKEN_IMAGE, "Error: Input file contains unsupported image format");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20), format: "png" };
}

export function addressOf(upload: Upload): string {
  return `/file-upload/${upload._id}/${encodeURI(upload.name)}`;
}

export interface Confirmation {
  msg?: string | undefined;
  description?: string | undefined;
  tmid?: string | undefined;
}

/**
 * Posts the message of an uploaded file. Answers the form the endpoint gives, which lacks what is only known after the
 * message was stored. A second confirmation posts once more but answers the first message.
 */
export function confirmFile(
  world: World,
  room: Room,
  { user, upload, text }: { user: User; upload: Upload; text: Confirmation },
): Message {
  requireLicense(world);
  const { msg = "", description, tmid } = text;
  if (description !== undefined) upload.description = description;
  const parent = tmid === undefined ? undefined : topParent(world, tmid);
  const file = fileRef(world, upload);
  const fields = {
    msg,
    ...(tmid === undefined ? {} : { tmid: parent?._id ?? tmid }),
    groupable: false,
    file,
    files: [file],
    attachments: [attachmentOf(world, upload, description)],
  };
  const posted = insertMessage(world, room, { user, ts: world.now(), fields });
  const first = world.messages.get(upload.messageId ?? "") ?? posted;
  upload.messageId = first._id;
  const answered = asAnswered(world, first, true);
  for (const key of ["groupable", "mentions", "channels"]) Reflect.deleteProperty(answered, key);
  return answered;
}

function fileRef({ traits }: World, { _id, name, type, bytes, image }: Upload): FileRef {
  if (traits.legacy) return { _id, name, type };
  const typeGroup = type.split("/")[0] ?? "";
  return { _id, name, type, size: bytes.length, format: image?.format ?? "", typeGroup };
}

/** 6.5 puts the time of an attachment in as text, and as no time at all. */
export const NO_TIME = new Date(0).toISOString();

/** The smallest preview there is: the emulator does not scale images. */
const PREVIEW =
  "/9j/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2Q==";

function attachmentOf(
  { traits }: World,
  upload: Upload,
  description: string | undefined,
): Record<string, unknown> {
  const address = addressOf(upload);
  const kind = ["image", "audio", "video"].find((one) => upload.type.startsWith(`${one}/`));
  const size = upload.bytes.length;
  return {
    title: upload.name,
    type: "file",
    ...(description === undefined ? {} : { description, descriptionMd: parseMarkdown(description) }),
    title_link: address,
    title_link_download: true,
    ...(traits.legacy ? { ts: NO_TIME } : { fileId: upload._id }),
    ...(kind === undefined
      ? { format: upload.name.split(".").at(-1)?.toUpperCase(), size }
      : { [`${kind}_url`]: address, [`${kind}_type`]: upload.type, [`${kind}_size`]: size }),
    ...(upload.image
      ? {
          image_dimensions: { width: upload.image.width, height: upload.image.height },
          image_preview: PREVIEW,
        }
      : {}),
  };
}

/** The files of a room that became messages, by name. */
export function filesOf(world: World, room: Room): Record<string, unknown>[] {
  const files = [...world.uploads.values()].filter(
    (upload) => upload.rid === room._id && upload.messageId !== undefined,
  );
  const sorted = files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return sorted.map((upload) => fileDocument(world, upload));
}

function fileDocument(world: World, upload: Upload): Record<string, unknown> {
  const { _id, name, type, rid, userId, etag, token, uploadedAt, description, bytes } = upload;
  const user = world.users.get(userId);
  return {
    _id,
    name,
    size: bytes.length,
    type,
    rid,
    userId,
    store: "GridFS:Uploads",
    _updatedAt: uploadedAt,
    complete: true,
    etag,
    path: world.traits.legacy ? `/ufs/GridFS:Uploads/${_id}/${encodeURI(name)}` : addressOf(upload),
    progress: 1,
    token,
    uploading: false,
    uploadedAt,
    url: `${world.setting("Site_Url")}/ufs/GridFS:Uploads/${_id}/${encodeURI(name)}`,
    typeGroup: type.split("/")[0],
    ...(description === undefined ? {} : { description }),
    ...(user ? { user: refOf(user) } : {}),
  };
}
