// Owns bringing the files of an admitted message to the host: which are had, and in which words the others are missing.

import { ConfigError, NetworkError, RestError, RocketChatError } from "../errors.ts";
import { type FileClaim, showName } from "../facts/attachment.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { Log } from "../log.ts";
import type { FileClient, RestClient } from "../rest/client.ts";
import { findRoomFiles, type RoomFile } from "../rest/files.ts";
import { adviseRetry, isPassingStatus, statusOf } from "../retry.ts";

/** A file that lies in the host's media store. */
export interface StoredFile {
  /** The upload's `_id`. */
  readonly id: string;
  readonly path: string;
  /** By content, else as the server says. */
  readonly contentType: string | undefined;
  readonly fileName: string;
  /** The message that brought it. */
  readonly messageId: string;
}

/** Why a file of a message is not there, in words that end "…, because …". */
export type MissingReason =
  | "too-large"
  | "too-many"
  | "encrypted"
  | "not-of-room"
  | "refused"
  | "gone"
  | "unreachable";

export interface MissingFile {
  readonly name: string;
  readonly reason: MissingReason;
}

export interface MessageFiles {
  readonly stored: readonly StoredFile[];
  readonly missing: readonly MissingFile[];
}

export const NO_MESSAGE_FILES: MessageFiles = { stored: [], missing: [] };

/** Where files go. */
export interface FileStore {
  /** Reads an answer to its end into the store; undefined when it holds more than `maxBytes`. */
  save(
    response: Response,
    file: { readonly name: string; readonly type: string | undefined; readonly maxBytes: number },
  ): Promise<{ readonly path: string; readonly contentType: string | undefined } | undefined>;
  /** Takes files out of the store again. Never rejects. */
  discard(files: readonly StoredFile[]): Promise<void>;
}

/** A voice message that named the agent, as it was heard. */
export interface Heard {
  readonly recording: StoredFile;
  readonly words: string;
}

export interface FileSource {
  readonly rest: RestClient & FileClient;
  readonly store: FileStore;
  readonly log: Log;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** How much is fetched. */
export interface FileLimits {
  /** Of one file. */
  readonly maxBytes: number;
  /** How many files are brought; the others are named as too many. */
  readonly maxFiles: number;
  /** Ends the work; what is not there by then is missing. */
  readonly signal?: AbortSignal | undefined;
}

export interface FileQuery extends FileLimits {
  readonly room: Pick<RoomFacts, "id" | "type">;
  readonly message: { readonly id: string; readonly files: readonly FileClaim[] };
}

/** As on Slack. */
export const MAX_FILES = 8;

/** Files that are read side by side. */
const SIDE_BY_SIDE = 3;

/** What did not come for a reason that passes, such as a server that starts again, is asked for anew after these waits. */
const RETRY_AFTER_MS = [500, 1500, 4000];

/**
 * Brings the files of a message; to be called for admitted messages only. What a message says of its files may be
 * invented: the room's own list decides which are its, what they are called and how large they are. What cannot be
 * had is named, and never a reason to reject.
 */
export async function fetchMessageFiles(source: FileSource, query: FileQuery): Promise<MessageFiles> {
  const { files } = query.message;
  if (files.length === 0) return NO_MESSAGE_FILES;
  const [asked, beyond] = [files.slice(0, query.maxFiles), files.slice(query.maxFiles)];
  const known = await findKnown(source, query, asked);
  const results: (StoredFile | MissingFile)[] = [];
  for (let at = 0; at < asked.length; at += SIDE_BY_SIDE) {
    const group = asked.slice(at, at + SIDE_BY_SIDE);
    results.push(...(await Promise.all(group.map((file) => fetchOne(source, query, { file, known })))));
  }
  results.push(...beyond.map((file): MissingFile => ({ name: nameOf(file), reason: "too-many" })));
  return {
    stored: results.filter((result) => "path" in result),
    missing: results.filter((result) => "reason" in result),
  };
}

/** The room's files by id, or why they are not known. */
type Known = ReadonlyMap<string, RoomFile> | MissingReason;

async function findKnown(
  source: FileSource,
  { room, message, signal }: FileQuery,
  files: readonly FileClaim[],
): Promise<Known> {
  const ids = files.filter(({ isEncrypted }) => !isEncrypted).map(({ id }) => id);
  if (ids.length === 0) return new Map();
  try {
    return await withRetries(source, signal, () => findRoomFiles(source.rest, room, ids, { signal }));
  } catch (error) {
    if (!(error instanceof RocketChatError)) throw error;
    source.log.warn("files could not be looked up and are left out", {
      error,
      message: message.id,
      room: room.id,
    });
    // Another's page, whatever its status, says nothing of the room.
    return error instanceof RestError && adviseRetry(error).kind === "blocked" ? "refused" : "unreachable";
  }
}

async function fetchOne(
  source: FileSource,
  query: FileQuery,
  { file, known }: { readonly file: FileClaim; readonly known: Known },
): Promise<StoredFile | MissingFile> {
  const found = typeof known === "string" ? undefined : known.get(file.id);
  const missing = (reason: MissingReason): MissingFile => ({ name: found?.name ?? nameOf(file), reason });
  if (file.isEncrypted) return missing("encrypted");
  if (typeof known === "string") return missing(known);
  if (found === undefined) return missing("not-of-room");
  if ((found.size ?? 0) > query.maxBytes) return missing("too-large");
  try {
    const saved = await download(source, found, query);
    if (saved === undefined) return missing("too-large");
    return { ...saved, id: found.id, fileName: found.name, messageId: query.message.id };
  } catch (error) {
    if (!(error instanceof RocketChatError)) throw error;
    source.log.warn("a file could not be fetched", { error, message: query.message.id, file: file.id });
    return missing(reasonOf(error));
  }
}

function download(source: FileSource, file: RoomFile, { maxBytes, signal }: FileQuery) {
  const { name, type } = file;
  const save = (response: Response) => source.store.save(response, { name, type, maxBytes });
  return withRetries(source, signal, () => source.rest.openFile(file.id, save, signal));
}

async function withRetries<T>(
  { wait }: FileSource,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (const ms of RETRY_AFTER_MS) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || !isPassing(error)) throw error;
    }
    await wait(ms, signal);
  }
  return work();
}

const isPassing = (error: unknown): boolean =>
  error instanceof NetworkError || (error instanceof RestError && isPassingStatus(error.status));

/** Of a file that the room's list names: what answers with a page of its own is the store that it lies in. */
function reasonOf(error: RocketChatError): MissingReason {
  if (error instanceof ConfigError) return "refused";
  const status = statusOf(error);
  if (status === undefined || isPassingStatus(status)) return "unreachable";
  return status === 404 ? "gone" : "refused";
}

const nameOf = ({ name }: FileClaim): string => name ?? "a file without a name";

const REASONS: Readonly<Record<MissingReason, string>> = {
  "too-large": "it is larger than mediaMaxMb allows",
  "too-many": `a message may bring at most ${MAX_FILES} files`,
  encrypted: "it is encrypted",
  "not-of-room": "it is not, or no longer, a file of this room",
  refused: "the server refuses it",
  gone: "it is no longer on the server",
  unreachable: "it could not be fetched",
};

/** A reason in words. */
export const nameReason = (reason: MissingReason): string => REASONS[reason];

/** So many files that are missing are named; a message may claim any number. */
const MAX_NAMED = 20;

/** What the agent is told of files that it does not get; empty when it gets all. */
export function describeMissing(missing: readonly MissingFile[]): string {
  const named = missing
    .slice(0, MAX_NAMED)
    .map(({ name, reason }) => `[file not available: ${showName(name)}, because ${REASONS[reason]}]`);
  const more = missing.length - named.length;
  return [...named, ...(more > 0 ? [`[${more} more files not available]`] : [])].join("\n");
}
