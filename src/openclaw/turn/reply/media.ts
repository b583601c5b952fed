// Owns the files of a turn's replies: which can be kept by OpenClaw's queue, and posting those that cannot.

import { resolveChannelMediaMaxBytes } from "openclaw/plugin-sdk/account-helpers";
import { getAgentScopedMediaLocalRoots } from "openclaw/plugin-sdk/media-local-roots";
import type { ReplyPayload } from "openclaw/plugin-sdk/reply-chunking";
import { resolvePayloadMediaUrls } from "openclaw/plugin-sdk/reply-payload";
import { FileRefusedError } from "../../../errors.ts";
import {
  type FileToSend,
  readOutgoing,
  sendOutgoing,
  tellPerson,
} from "../../account/files/outgoing-file.ts";
import { sendingFor } from "../../account/sending.ts";
import { configuredMediaMaxMb } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import type { Route } from "../route.ts";
import type { TurnScope } from "../scope.ts";

export interface ReplyMedia {
  /** Whether every file of a reply can be read, kept, and will be taken, as far as that can be known. */
  canSend(payload: ReplyPayload): Promise<boolean>;
  /** Tells the agent of a file that is refused, before its next turn; answers a sentence for the person. */
  refuse(error: FileRefusedError): string;
  /** Posts the files of a reply in order, the first with `caption`; answers the ids, and a sentence for each refused one. */
  post(payload: ReplyPayload, place: FilePlace): Promise<{ messageIds: string[]; refused: string[] }>;
}

interface FilePlace {
  readonly caption: string;
  readonly threadId: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const MEBIBYTE = 1024 * 1024;

/** OpenClaw's own bound for the copies in its queue, where none is configured. It does not know our default. */
const UNCONFIGURED_BYTES = 5 * MEBIBYTE;

/** The largest local file that OpenClaw keeps for later attempts, in bytes; with a larger one it fails. */
const keptBytes = ({ cfg, accountId }: TurnScope): number =>
  resolveChannelMediaMaxBytes({
    cfg,
    accountId,
    resolveChannelLimitMb: ({ cfg: current, accountId: id }) => configuredMediaMaxMb(current, id),
  }) ?? UNCONFIGURED_BYTES;

/** Whether a reply has files. */
export const mediaOf = (payload: ReplyPayload): string[] => resolvePayloadMediaUrls(payload);

export function openReplyMedia(scope: TurnScope, { agentId, turnSessionKey }: Route): ReplyMedia {
  const { cfg, core, settings, log, input } = scope;
  const { room, message } = input;
  const account = () => ({ settings, sending: sendingFor(settings) });
  const access = { mediaLocalRoots: getAgentScopedMediaLocalRoots(cfg, agentId) };

  function refuse(error: FileRefusedError): string {
    log.warn("a file was not sent", { error, message: message.id });
    const contextKey = `${CHANNEL_ID}:file:${message.id}:${error.file}`;
    core.system.enqueueSystemEvent(`Rocket.Chat: ${error.message}.`, {
      sessionKey: turnSessionKey,
      contextKey,
    });
    return tellPerson(error);
  }

  async function postOne(source: string, { caption, threadId }: FilePlace): Promise<string> {
    const file: FileToSend = { source, access, room, deliveryId: undefined, text: caption, threadId };
    const ready = await readOutgoing(account(), file);
    return sendOutgoing(account(), { ...file, ready });
  }

  return {
    refuse,

    async canSend(payload) {
      try {
        for (const source of mediaOf(payload)) {
          const ready = await readOutgoing(account(), { source, access, room });
          await ready.close();
          if (ready.bytes.size > keptBytes(scope)) return false;
        }
        return true;
      } catch (error) {
        if (error instanceof FileRefusedError) return false;
        throw error;
      }
    },

    async post(payload, place) {
      const messageIds: string[] = [];
      const refused: string[] = [];
      let { caption } = place;
      for (const source of mediaOf(payload)) {
        if (place.signal?.aborted) break;
        try {
          messageIds.push(await postOne(source, { ...place, caption }));
          caption = "";
        } catch (error) {
          if (!(error instanceof FileRefusedError)) throw error;
          refused.push(refuse(error));
        }
      }
      return { messageIds, refused };
    },
  };
}
