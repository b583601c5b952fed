// Owns which files a message names, as its document claims: only the server says what they are and whose.

import { isJsonObject, type JsonObject, readObject, readObjects, readText } from "./json.ts";

/**
 * A file that a message names. Clients may write `file`, `files` and `attachments` into a message themselves, so
 * that only the id is of use, once the server has confirmed it; name and type are for words to people.
 */
export interface FileClaim {
  /** The upload's `_id`. */
  readonly id: string;
  readonly name: string | undefined;
  readonly type: string | undefined;
  /** Encrypted in its client: only people's clients can read it. */
  readonly isEncrypted: boolean;
}

/** Most messages name none, and every message is read. */
const NO_FILES: readonly FileClaim[] = [];
const NO_CAPTIONS: readonly string[] = [];

/** So many of a message's attachments are read. Its writer may give it any number; people give it one or a few. */
export const MAX_ATTACHMENTS = 1_000;

export const readAttachments = (raw: JsonObject): readonly JsonObject[] =>
  readObjects(raw, "attachments", MAX_ATTACHMENTS);

/** The form of the ids that servers give to uploads. */
const UPLOAD_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The files of a message in order, originals alone. Each upload is an attachment whose `title_link` leads to the
 * original and whose `image_url` may lead to a thumbnail; `files` holds both, on 6.5 under one name (recordings
 * `upload-image-thumbnails`, `upload-audio`). A quote brings the files of another message and names none.
 */
export function decodeFiles(raw: JsonObject): readonly FileClaim[] {
  const attachments = readAttachments(raw);
  if (attachments.length === 0 && raw.file === undefined && raw.files === undefined) return NO_FILES;
  const listed = [readObject(raw, "file") ?? {}, ...readObjects(raw, "files", MAX_ATTACHMENTS)].filter(hasId);
  if (attachments.length === 0 && listed.length === 0) return NO_FILES;
  const byId = new Map(listed.map((file) => [readText(file, "_id"), file]));
  const attached = attachments.flatMap((attachment) => {
    const id = uploadOf(attachment);
    return id === undefined ? [] : [claim(id, attachment, byId.get(id))];
  });
  const found = attached.length > 0 ? attached : originalsOf(listed).map(claimListed);
  return [...new Map(found.map((file) => [file.id, file])).values()];
}

/** What people wrote under their files, in the attachments' `description`; an edit of an upload changes it, and not `msg`. */
export function decodeCaptions(raw: JsonObject): readonly string[] {
  const attachments = readAttachments(raw);
  if (attachments.length === 0) return NO_CAPTIONS;
  return attachments.flatMap((attachment) =>
    uploadOf(attachment) === undefined ? [] : (readText(attachment, "description") ?? []),
  );
}

/** Whether a file is said to be a picture. */
export const isPicture = ({ type }: FileClaim): boolean => type?.startsWith("image/") ?? false;

/** Whether a file is said to be a recording of sound. */
export const isAudio = ({ type }: FileClaim): boolean => type?.startsWith("audio/") ?? false;

const MAX_NAME = 100;

/** The files of a message in words, for where they can be shown no other way; empty without files. */
export function nameFiles(files: readonly FileClaim[]): string {
  return files.map(({ name, type }) => `[file: ${showName(name ?? type ?? "without a name")}]`).join(" ");
}

/** A file's name on one line and without what could be taken for the end of a note about it. */
export function showName(name: string): string {
  return name
    .slice(0, MAX_NAME)
    .replace(/[\p{C}\p{Z}[\]<>"`]+/gu, " ")
    .trim();
}

const LINKS = ["title_link", "image_url", "audio_url", "video_url"] as const;

function uploadOf(attachment: JsonObject): string | undefined {
  if (readText(attachment, "message_link") !== undefined) return undefined;
  const link = firstText(attachment, LINKS);
  return link === undefined ? undefined : readUploadLink(link);
}

/** The id in a link to an upload, relative to the server. */
function readUploadLink(link: string): string | undefined {
  if (!link.startsWith("/") || link.startsWith("//")) return undefined;
  const steps = (link.split(/[?#]/, 1)[0] ?? "").split("/");
  // The first: the name behind the id may be anything.
  const at = steps.findIndex(
    (step, index) => step === "file-upload" && UPLOAD_ID.test(steps[index + 1] ?? ""),
  );
  return at === -1 ? undefined : steps[at + 1];
}

const TYPES = ["image_type", "audio_type", "video_type"] as const;

function claim(id: string, attachment: JsonObject, file: JsonObject = {}): FileClaim {
  return {
    id,
    name: readText(attachment, "title") ?? readText(file, "name"),
    type: readText(file, "type") ?? firstText(attachment, TYPES),
    isEncrypted: isEncrypted(attachment) || isEncrypted(file),
  };
}

function claimListed(file: JsonObject): FileClaim {
  return claim(readText(file, "_id") ?? "", {}, file);
}

/** 8.3 marks thumbnails, 7.7 names them; on 6.5 they follow their original under its name. */
function originalsOf(files: readonly JsonObject[]): readonly JsonObject[] {
  const names = new Set<string | undefined>();
  return files.filter((file) => {
    const name = readText(file, "name");
    if (readText(file, "typeGroup") === "thumb" || name?.startsWith("thumb-") || names.has(name))
      return false;
    names.add(name);
    return true;
  });
}

function hasId(file: JsonObject): boolean {
  return UPLOAD_ID.test(readText(file, "_id") ?? "");
}

function isEncrypted(document: JsonObject): boolean {
  return isJsonObject(document.content) || isJsonObject(document.encryption);
}

function firstText(from: JsonObject, keys: readonly string[]): string | undefined {
  return keys.map((key) => readText(from, key)).find((text) => text !== undefined);
}
