// Owns listening to a voice message of which only its words can tell whether the agent is meant.

import { NetworkError } from "../errors.ts";
import { isAudio } from "../facts/attachment.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { AccountSettings } from "../settings.ts";
import type { Dropped, HostTurn } from "./host.ts";
import type { Heard } from "./media.ts";
import type { TurnDependencies } from "./stage.ts";

const MEBIBYTE = 1024 * 1024;

export interface VoiceMessage {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
}

/**
 * Fetches the first recording of a message and has the host transcribe it. To be called for who may speak here alone:
 * nobody else is listened to. A recording that names the agent by none of its patterns leaves nothing behind. Rejects with
 * NetworkError while the server cannot be reached.
 */
export async function hear(
  { message, room, settings }: VoiceMessage,
  turn: Pick<HostTurn, "transcribe">,
  { known, fetchFiles, discardFiles }: Pick<TurnDependencies, "known" | "fetchFiles" | "discardFiles">,
): Promise<Heard | Dropped> {
  const files = message.files.filter(isAudio).slice(0, 1);
  const limits = { maxBytes: settings.mediaMaxMb * MEBIBYTE, maxFiles: 1 };
  const { stored, missing } = await fetchFiles({ room, message: { id: message.id, files }, ...limits });
  // Nobody knows yet whether the agent is meant, and the server will be back.
  if (missing.some(({ reason }) => reason === "unreachable"))
    throw new NetworkError("A voice message could not be fetched yet");
  const [recording] = stored;
  const words = recording && (await turn.transcribe(recording));
  if (recording && words !== undefined && known.matchesPattern({ ...message, text: words }))
    return { recording, words };
  await discardFiles(stored);
  const detail = words === undefined ? "the recording could not be transcribed" : "not by its voice either";
  return { kind: "dropped", reason: "not-mentioned", detail };
}
