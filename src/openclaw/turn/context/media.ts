// Owns which files a turn is given: the message's own, else those it answers to, and the pictures of what is shown of the room.

import {
  type BuildChannelInboundEventContextParams,
  toInboundMediaFactsWithMetadata,
} from "openclaw/plugin-sdk/channel-inbound";
import type { HistoryMediaEntry } from "openclaw/plugin-sdk/reply-history";
import { isPicture } from "../../../facts/attachment.ts";
import type { MessageFacts } from "../../../facts/message.ts";
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

/** For pictures of recent messages, as on Slack: so many, of so many bytes each, and so long. */
const MAX_RECENT_PICTURES = 4;
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
  const unfetched = source.files.filter(({ id }) => id !== heard?.fileId);
  const [files, recent] = await Promise.all([
    fetchFiles({ id: source.id, files: unfetched }, { maxBytes, maxFiles: MAX_FILES, signal }),
    fetchRecent(scope, request),
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

async function fetchRecent(
  scope: TurnScope,
  { fetchFiles, around, signal }: MediaRequest,
): Promise<TurnMedia["recent"]> {
  const found = new Map<string, readonly HistoryMediaEntry[]>();
  const deadline = AbortSignal.timeout(RECENT_WAIT_MS);
  const maxBytes = Math.min(MAX_RECENT_BYTES, scope.settings.mediaMaxMb * MEBIBYTE);
  let left = MAX_RECENT_PICTURES;
  // The latest first: what was shown just now is what is spoken of.
  for (const { id, files } of [...shownRecent(scope, around)].reverse()) {
    const pictures = files.filter(isPicture).slice(0, left);
    if (pictures.length === 0) continue;
    left -= pictures.length;
    const limits = {
      maxBytes,
      maxFiles: pictures.length,
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    };
    const { stored } = await fetchFiles({ id, files: pictures }, limits);
    if (stored.length > 0) found.set(id, await toFacts(stored));
    if (left === 0 || deadline.aborted) break;
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
