// Files: taken in, made into messages, listed.
import { refOf, type World } from "../../world.ts";
import type { FileRef, Message, Room, Upload, User } from "../documents.ts";
import { PlainError, ServerError } from "../errors.ts";
import { parseMarkdown } from "../messages/mentions.ts";
import {
  asAnswered,
  insertMessage,
  requireFits,
  requireLicense,
  requireMayPost,
  topParent,
} from "../messages/messages.ts";
import { type Picture, PREVIEW, readPicture, thumbnailSize } from "./images.ts";
import { type NewFile, plainType, typeOf } from "./types.ts";

/** Takes a file in; throws where the workspace, the room or its bytes refuse it. */
export function takeFile(world: World, room: Room, { user, file }: { user: User; file: NewFile }): Upload {
  const type = world.traits.legacy ? plainType(file.type) : typeOf(file);
  requireAccepted(world, room, { type, size: file.bytes.length });
  const picture = pictureIn(type, file.bytes);
  return store(world, { ...file, type, rid: room._id, userId: user._id, ...(picture ? { picture } : {}) });
}

function requireAccepted(world: World, room: Room, { type, size }: { type: string; size: number }): void {
  const max = Number(world.setting("FileUpload_MaxFileSize"));
  if (max >= 0 && (world.traits.recentUploads ? size > max : size >= max)) {
    const reason = world.traits.recentUploads ? "File size exceeds the allowed limit" : undefined;
    throw new ServerError("error-file-too-large", reason);
  }
  if (world.setting("FileUpload_Enabled") === false)
    throw new ServerError("error-file-upload-disabled", "File uploads are disabled.");
  if (room.t === "d" && world.setting("FileUpload_Enabled_Direct") === false) {
    const reason = "File sharing not allowed in direct messages.";
    throw new ServerError("error-direct-message-file-upload-not-allowed", reason);
  }
  const refused = String(world.setting("FileUpload_MediaTypeBlackList")).split(",");
  if (refused.includes(type)) throw new ServerError("error-invalid-file-type", "File type is not accepted.");
  if (size === 0) throw new ServerError("file-too-small", "File size (size = 0) is too small (min = 1)");
}

function store(
  world: World,
  file: NewFile & Pick<Upload, "rid" | "userId" | "picture" | "thumbnailOf">,
): Upload {
  const upload: Upload = {
    ...file,
    _id: world.newId(),
    path: file.name,
    uploadedAt: world.now(),
    etag: world.newAccountId(),
    token: world.sources.random(10, "0123456789abcdefABCDEF"),
  };
  world.uploads.set(upload._id, upload);
  return upload;
}

/** The code an image is refused with that is none. */
export const BROKEN_IMAGE = "ufs: cannot upload file";

function pictureIn(type: string, bytes: Uint8Array): Picture | undefined {
  if (!type.startsWith("image/") || type === "image/svg+xml") return undefined;
  const picture = readPicture(bytes);
  if (!picture) throw new ServerError(BROKEN_IMAGE, "Error: Input file contains unsupported image format");
  return picture;
}

export function addressOf({ _id, name }: Pick<Upload, "_id" | "name">): string {
  return `/file-upload/${_id}/${encodeURI(name)}`;
}

/** What may stand beside a file when it becomes a message, and of what type. */
const CONFIRMATION_KEYS: Readonly<Record<string, string>> = {
  msg: "string",
  tmid: "string",
  alias: "string",
  emoji: "string",
  avatar: "string",
  groupable: "boolean",
  customFields: "string",
  t: "string",
  content: "object",
};

export interface Confirmation {
  description?: string | undefined;
  /** A new name for the file; from 8 on. */
  fileName?: string | undefined;
  /** Of the message: `msg`, `tmid`, `alias` and the like. */
  fields: Record<string, unknown> & { msg?: string; tmid?: string };
}

/** Reads the words of a confirmation; a key nobody knows, or one of another type, is refused. */
export function readConfirmation(world: World, words: Record<string, unknown>): Confirmation {
  const { description, fileName, ...fields } = words;
  const fits = Object.entries(fields).every(([key, value]) => typeof value === CONFIRMATION_KEYS[key]);
  const named = fileName === undefined || (typeof fileName === "string" && world.traits.recentUploads);
  const described = description === undefined || description === null || typeof description === "string";
  if (!fits || !named || !described)
    throw new PlainError("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation");
  return {
    fields,
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof fileName === "string" ? { fileName } : {}),
  };
}

/**
 * Posts the message of an uploaded file. Answers the form the endpoint gives, which lacks what is only known after the
 * message was stored. A second confirmation posts once more but answers the first message.
 */
export function confirmFile(
  world: World,
  room: Room,
  { user, upload, words }: { user: User; upload: Upload; words: Confirmation },
): Message {
  requireLicense(world);
  const confirmed = world.traits.since89 ? world.messages.get(upload.messageId ?? "") : undefined;
  if (confirmed) return confirmed;
  const { description, fileName, fields } = words;
  if (!world.traits.legacy && (description?.length ?? 0) > world.maxMessageSize)
    throw new ServerError("error-message-size-exceeded");
  if (fileName !== undefined) upload.name = fileName;
  upload.description = description ?? (world.traits.nulls ? null : undefined);
  const { msg = "", tmid } = fields;
  requireFits(world, msg);
  requireMayPost(world, room._id, user);
  const parent = tmid === undefined ? undefined : topParent(world, tmid);
  const thumbnail = makeThumbnail(world, upload);
  const posted = insertMessage(world, room, {
    user,
    ts: world.now(),
    fields: {
      ...fields,
      msg,
      ...(tmid === undefined ? {} : { tmid: parent?._id ?? tmid }),
      groupable: fields.groupable ?? false,
      ...filesOfMessage(world, upload, thumbnail),
      attachments: [attachmentOf(world, upload, thumbnail)],
    },
  });
  const first = world.messages.get(upload.messageId ?? "") ?? posted;
  upload.messageId = first._id;
  const answered = asAnswered(world, first, true);
  for (const key of ["groupable", "mentions", "channels"]) Reflect.deleteProperty(answered, key);
  return answered;
}

/** The smaller picture of a large one; it has the bytes of the large one here. */
function makeThumbnail(world: World, upload: Upload): Upload | undefined {
  const { picture, bytes, rid, userId, _id, name } = upload;
  const size = picture && thumbnailSize(picture);
  if (!size || world.setting("Message_Attachments_Thumbnails_Enabled") === false) return undefined;
  const type = `image/${picture.format}`;
  const thumbnailOf = _id;
  const smaller = { ...picture, ...size };
  return store(world, { name: `thumb-${name}`, type, bytes, rid, userId, picture: smaller, thumbnailOf });
}

function filesOfMessage(
  world: World,
  upload: Upload,
  thumbnail: Upload | undefined,
): { file: FileRef; files: FileRef[] } {
  const file = fileRef(world, upload);
  return { file, files: thumbnail ? [file, fileRef(world, thumbnail, upload)] : [file] };
}

/** @param original of a thumbnail; in 6.5 it is shown under the name and type of its original */
function fileRef({ traits }: World, upload: Upload, original?: Upload): FileRef {
  const { _id, name, type, bytes, picture } = upload;
  if (traits.legacy) return { _id, name: original?.name ?? name, type: original?.type ?? type };
  const ref = { _id, name, type, size: bytes.length, format: picture?.format ?? "" };
  if (!traits.recentUploads) return ref;
  return { ...ref, typeGroup: original ? "thumb" : (type.split("/")[0] ?? "") };
}

/** 6.5 puts the time of an attachment in as text, and as no time at all. */
export const NO_TIME = new Date(0).toISOString();

function attachmentOf(
  { traits }: World,
  upload: Upload,
  thumbnail: Upload | undefined,
): Record<string, unknown> {
  const { name, type, bytes, description, picture, _id } = upload;
  const address = addressOf(upload);
  const kind = ["image", "audio", "video"].find((one) => type.startsWith(`${one}/`));
  const shown = thumbnail ? addressOf({ _id: thumbnail._id, name }) : address;
  return {
    title: name,
    type: "file",
    ...(description === undefined ? {} : { description }),
    title_link: address,
    title_link_download: true,
    ...(traits.legacy ? { ts: NO_TIME } : {}),
    ...(traits.recentUploads ? { fileId: _id } : {}),
    ...(kind === undefined
      ? { format: name.split(".").at(-1)?.toUpperCase(), size: bytes.length }
      : { [`${kind}_url`]: shown, [`${kind}_type`]: type, [`${kind}_size`]: bytes.length }),
    ...(picture ? pictureKeys(thumbnail?.picture ?? picture) : {}),
    ...(description ? { descriptionMd: parseMarkdown(description, traits) } : {}),
  };
}

function pictureKeys({ width, height, cutOff }: Picture): Record<string, unknown> {
  return { image_dimensions: { width, height }, ...(cutOff ? {} : { image_preview: PREVIEW }) };
}

/** Removes the files of a message with their thumbnails. */
export function removeFiles(world: World, message: Message): void {
  for (const file of message.files ?? []) world.uploads.delete(file._id);
}

/** The files of a room without their thumbnails, by name; those that became no message yet, too. */
export function filesOf(world: World, room: Room): Record<string, unknown>[] {
  const files = [...world.uploads.values()].filter(
    (upload) => upload.rid === room._id && upload.thumbnailOf === undefined,
  );
  files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return files.map((upload) => fileDocument(world, upload));
}

/** An upload that becomes no message is swept away after a day. Milliseconds. */
const UNCONFIRMED_MS = 24 * 60 * 60 * 1000;

function fileDocument(world: World, upload: Upload): Record<string, unknown> {
  const { _id, name, type, rid, userId, etag, token, uploadedAt, description, bytes, picture } = upload;
  const user = world.users.get(userId);
  const { legacy, nulls } = world.traits;
  const old = `/ufs/GridFS:Uploads/${_id}/${encodeURI(upload.path)}`;
  const unconfirmed = !legacy && upload.messageId === undefined;
  return {
    _id,
    name,
    size: bytes.length,
    type,
    rid,
    userId,
    ...(nulls ? { content: null } : {}),
    ...(unconfirmed ? { expiresAt: new Date(uploadedAt.getTime() + UNCONFIRMED_MS) } : {}),
    store: "GridFS:Uploads",
    _updatedAt: uploadedAt,
    ...(picture
      ? { identify: { format: picture.format, size: { width: picture.width, height: picture.height } } }
      : {}),
    complete: true,
    etag,
    path: legacy ? old : addressOf({ _id, name: upload.path }),
    progress: 1,
    token,
    uploading: false,
    uploadedAt,
    url: `${world.setting("Site_Url")}${old}`,
    ...(legacy && upload.refused ? {} : { typeGroup: type.split("/")[0] }),
    ...(description === undefined ? {} : { description }),
    ...(user ? { user: refOf(user) } : {}),
  };
}
