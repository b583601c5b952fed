// Owns carrying what is remembered of messages over a restart: what happened to them meanwhile shows by comparison.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { decodeRevision, encodeRevision, knowsReactions } from "../../facts/change.ts";
import { isJsonObject, type JsonObject, readObjects } from "../../facts/json.ts";
import type { Known } from "../../intake/known.ts";
import type { Log } from "../../log.ts";
import type { AccountSettings } from "../../settings.ts";

export interface KnownFile {
  /** What the account remembered when it was stopped in order; empty after a crash, and for another bot user. */
  take(): readonly Known[];
  /** To be called when nothing is heard any more. Never throws. */
  put(known: Iterable<Known>): void;
}

/** The file is there only while the account is stopped, so that nothing outdated is ever read. It holds no texts. */
export function openKnownFile(
  file: string,
  { serverUrl, userId }: Pick<AccountSettings, "serverUrl" | "userId">,
  log: Log,
): KnownFile {
  return {
    take() {
      const stored = takeFile(file);
      const isOurs = stored !== undefined && stored.serverUrl === serverUrl && stored.userId === userId;
      return isOurs ? readObjects(stored, "messages").flatMap((entry) => decodeKnown(entry) ?? []) : [];
    },
    put(known) {
      // Without its reactions a message would seem to have got them all anew.
      const messages = [...known].filter(({ revision }) => knowsReactions(revision)).map(encodeKnown);
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(file, JSON.stringify({ serverUrl, userId, messages }), { mode: 0o600 });
      } catch (error) {
        log.warn("what is remembered of messages cannot be stored", { error });
      }
    },
  };
}

function encodeKnown({ revision, mentioned, room }: Known): JsonObject {
  return { message: encodeRevision(revision), mentioned, room };
}

function decodeKnown({ message, mentioned, room }: JsonObject): Known | undefined {
  const revision = decodeRevision(message);
  return revision && { revision, mentioned: mentioned === true, room };
}

function takeFile(file: string): JsonObject | undefined {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isJsonObject(stored) ? stored : undefined;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}
