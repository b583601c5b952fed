// Owns having OpenClaw transcribe a voice message, and saying what was understood, to the agent and to the room.

import {
  createChannelPreflightAudio,
  formatAudioTranscriptForAgent,
} from "openclaw/plugin-sdk/media-understanding-runtime";
import { formatTarget } from "../../outbound/target.ts";
import type { ReplyPort } from "../../turn/host.ts";
import type { Heard, StoredFile } from "../../turn/media.ts";
import { splitReply } from "../account/reply-text.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

const preflight = createChannelPreflightAudio<StoredFile>({
  channel: CHANNEL_ID,
  isAudio: ({ contentType }) => contentType?.startsWith("audio/") ?? false,
});

const roomOf = ({ input }: Pick<TurnScope, "input">): string =>
  formatTarget({ kind: "room", id: input.room.id });

/** Undefined when the file is no recording after all, or nobody can transcribe it; OpenClaw logs why. */
export async function transcribe(
  scope: TurnScope,
  { turnSessionKey }: Pick<Route, "turnSessionKey">,
  recording: StoredFile,
): Promise<string | undefined> {
  const { cfg, accountId, input } = scope;
  const { path, contentType } = recording;
  if (!preflight.isAudio(recording)) return undefined;
  const ctx = {
    media: [{ path, ...(contentType !== undefined && { contentType }) }],
    Provider: CHANNEL_ID,
    Surface: CHANNEL_ID,
    OriginatingChannel: CHANNEL_ID,
    OriginatingTo: roomOf(scope),
    AccountId: accountId,
    ChatType: input.room.chatType,
    SessionKey: turnSessionKey,
  };
  return preflight.resolve({ request: { ctx, cfg } });
}

/** The words of a voice message as the agent reads them. */
export const showHeard = ({ words }: Heard): string => formatAudioTranscriptForAgent(words);

/** OpenClaw's own form of an echo. */
const ECHO_FORMAT = '📝 "{transcript}"';

/**
 * Posts what was understood, where `tools.media.audio.echoTranscript` asks for it: once, however often the event is run. Never
 * rejects.
 */
export async function echoHeard(scope: TurnScope, { post, threadId }: ReplyPort): Promise<void> {
  const { cfg, settings, input, log, rest } = scope;
  const audio = cfg.tools?.media?.audio;
  if (input.heard === undefined || audio?.echoTranscript !== true) return;
  try {
    const text = preflight.format(input.heard.words, audio.echoFormat ?? ECHO_FORMAT);
    for (const part of await splitReply(settings, rest, text)) await post(part, threadId);
  } catch (error) {
    log.warn("what was heard could not be posted", { error, message: input.message.id });
  }
}
