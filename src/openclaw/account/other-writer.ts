// Owns noticing that another program writes as the bot user, which a second gateway with its token does.

import { isJsonObject, readObject, readText } from "../../facts/json.ts";
import { decodeMessage } from "../../facts/message.ts";
import type { RestClient } from "../../rest/client.ts";

/** Own messages that are remembered; their echo comes within seconds. */
const MAX_REMEMBERED = 1000;

/** Beyond this a message was changed after it was sent, and its writer says nothing. Milliseconds of the server's clock. */
const FRESH_MS = 1000;

export interface WriterWatch {
  /** The client, noting every message that it is about to post. */
  observe<Client extends RestClient>(rest: Client): Client;
  /** Looks at a message of the stream; true when the bot user wrote it and this account did not. */
  isForeign(message: unknown): boolean;
}

/**
 * The server gives no list of a user's connections, but it sends a user's messages to all of them: one that this
 * account has not posted comes from elsewhere. Messages of the server itself, and files, are not judged.
 */
export function createWriterWatch(userId: string): WriterWatch {
  const posted = new Set<string>();

  function remember(id: string): void {
    posted.add(id);
    const [oldest] = posted;
    if (posted.size > MAX_REMEMBERED && oldest !== undefined) posted.delete(oldest);
  }

  return {
    observe: (rest) => ({
      ...rest,
      post(path, body, options) {
        const id = readText(readObject(body, "message") ?? {}, "_id");
        if (id !== undefined) remember(id);
        return rest.post(path, body, options);
      },
    }),
    isForeign(raw) {
      if (!isJsonObject(raw) || readObject(raw, "u")?._id !== userId) return false;
      const message = decodeMessage(raw);
      if (message === undefined || message.systemType !== undefined) return false;
      if (message.updatedAt - message.sentAt > FRESH_MS || posted.has(message.id)) return false;
      return readObject(raw, "file") === undefined;
    },
  };
}
