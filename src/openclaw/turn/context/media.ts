// Owns which files a turn is given: the message's own, else those it answers to, and the pictures of what is shown of the room.

import {
  type BuildChannelInboundEventContextParams,
  toInboundMediaFactsWithMetadata,
} from "openclaw/plugin-sdk/channel-inbound";
import type { HistoryMediaEntry } from "openclaw/plugin-sdk/reply-history";
import { isPicture } from "../../../facts/attachment.ts";
import { type MessageFacts, saidAt } from "../../../facts/message.ts";
import type { TurnPort } from "../../../turn/host.ts";
import { describeMissing, MAX_FILES, type StoredFile } from "../../../turn/media.ts";
import type { SessionMemory, Surroundings } from "../../../turn/surroundings.ts";
import type { TurnScope } from "../scope.ts";
import { shownRecent, showTo } from "./surroundings.ts";

/** What the agent is given besides words. */
export interface TurnMedia {
  readonly media: NonNullable<BuildChannelInboundEventContextParams["media"]>;
  /** What it is told of files that it does not get; empty when it gets all. */
  readonly notice: string;
  /** Pictures of the recent messages that it is shown, by message id. */
  readonly recent: ReadonlyMap<string, readonly HistoryMediaEntry[]>;
}

export const NO_MEDIA: TurnMedia = { media: [], notice: "", recent: new Map() };

/** For pictures of recent messages, as on Slack: so many, of so many bytes each, and so long. OpenClaw shows no older ones. */
const MAX_RECENT_PICTURES = 4;
const MAX_RECENT_AGE_MS = 30 * 60_000;
const MAX_RECENT_BYTES = 10 * 1024 * 1024;
const RECENT_WAIT_MS = 3_000;

const MEBIBYTE = 1024 * 1024;

export interface MediaRequest {
  readonly fetchFiles: TurnPort["fetchFiles"];
  readonly around: Surroundings;
  readonly session: SessionMemory;
  readonly signal: AbortSignal | undefined;
}

/** Fetches the files of an admitted turn; what cannot be had is told in words. Never rejects for the server's sake. */
export async function gatherMedia(scope: TurnScope, request: MediaRequest): Promise<TurnMedia> {
  const { fetchFiles, signal } = request;
  const maxBytes = scope.settings.mediaMaxMb * MEBIBYTE;
  const { heard } = scope.input;
  const source = sourceOfFiles(scope, request);
  const unfetched = source.files.filter(({ id }) => id !== heard?.recording.id);
  const [files, recent] = await Promise.all([
    fetchFiles({ id: source.id, files: unfetched }, { maxBytes, maxFiles: MAX_FILES, signal }),
    fetchRecent(scope, request, new Set(source.files.map(({ id }) => id))),
  ]);
  const stored = heard === undefined ? files.stored : [heard.recording, ...files.stored];
  return {
    media: await toFacts(stored, heard?.recording.path),
    notice: describeMissing(files.missing),
    recent,
  };
}

/** The message itself; without files of its own the quoted message, or the root of a thread that the agent enters. */
function sourceOfFiles(scope: TurnScope, { around, session }: MediaRequest): MessageFacts {
  const { message } = scope.input;
  const { quoted, starter } = around;
  const others = [
    ...(quoted === undefined ? [] : showTo(scope, "quote", [quoted])),
    ...(starter === undefined || !session.isNew ? [] : showTo(scope, "thread", [starter])),
  ];
  const answered = others.find(({ files, roomId }) => files.length > 0 && roomId === message.roomId);
  return message.files.length > 0 ? message : (answered ?? message);
}

/** `besides`: the uploads that the turn is given anyway. */
async function fetchRecent(
  scope: TurnScope,
  { fetchFiles, around, signal }: MediaRequest,
  besides: ReadonlySet<string>,
): Promise<TurnMedia["recent"]> {
  const { message } = scope.input;
  // The latest first: what was shown just now is what is spoken of.
  const claimed = shownRecent(scope, around)
    .filter(({ sentAt }) => saidAt(message) - sentAt <= MAX_RECENT_AGE_MS)
    .toReversed()
    .flatMap(({ id, files }) => files.filter(isPicture).map((file) => ({ messageId: id, file })))
    .filter(({ file }) => !besides.has(file.id));
  // One upload may be claimed by any number of messages.
  const byUpload = new Map(claimed.toReversed().map((picture) => [picture.file.id, picture]));
  const pictures = [...byUpload.values()].toReversed().slice(0, MAX_RECENT_PICTURES);
  const deadline = AbortSignal.timeout(RECENT_WAIT_MS);
  const { stored } = await fetchFiles(
    { id: message.id, files: pictures.map(({ file }) => file) },
    {
      maxBytes: Math.min(MAX_RECENT_BYTES, scope.settings.mediaMaxMb * MEBIBYTE),
      maxFiles: pictures.length,
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    },
  );
  const found = new Map<string, readonly HistoryMediaEntry[]>();
  for (const [messageId, of] of Map.groupBy(pictures, (picture) => picture.messageId)) {
    const ids = new Set(of.map(({ file }) => file.id));
    const own = stored.filter(({ id }) => ids.has(id)).map((file) => ({ ...file, messageId }));
    if (own.length > 0) found.set(messageId, await toFacts(own));
  }
  return found;
}

/** What was listened to already is not to be transcribed again. */
function toFacts(stored: readonly StoredFile[], heard?: string) {
  return toInboundMediaFactsWithMetadata(
    stored.map(({ path, contentType, fileName, messageId }) => ({
      path,
      contentType: contentType ?? null,
      fileName,
      messageId,
    })),
    { transcribed: ({ path }) => path !== undefined && path === heard },
  );
}
