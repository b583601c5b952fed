// Owns what bringing files takes of this process: putting them into OpenClaw's media store, and waiting.

import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { MediaFetchError } from "openclaw/plugin-sdk/media-runtime";
import type { FileStore } from "../../../turn/media.ts";

/** Resolves after so many milliseconds, or when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
}

/** A file of which nothing has come for this long is given up. Milliseconds. */
const IDLE_MS = 30_000;

/** OpenClaw reads the stream, ends it at the limit, judges the type by the content and makes the name safe. */
export function createFileStore(core: {
  readonly channel: { readonly media: Pick<PluginRuntime["channel"]["media"], "saveResponseMedia"> };
}): FileStore {
  return {
    async save(response, { name, type, maxBytes }) {
      try {
        const { path, contentType } = await core.channel.media.saveResponseMedia(response, {
          maxBytes,
          readIdleTimeoutMs: IDLE_MS,
          originalFilename: name,
          filePathHint: name,
          ...(type !== undefined && { fallbackContentType: type }),
        });
        return { path, contentType };
      } catch (error) {
        if (error instanceof MediaFetchError && error.code === "max_bytes") return undefined;
        throw error;
      }
    },
    async discard(files) {
      await Promise.allSettled(files.map(({ path }) => rm(path, { force: true })));
    },
  };
}
