// Owns remembering on disk of whose coming back an account told the agent, so that nobody is greeted all day long.

import { readNumber, readObject } from "../../facts/json.ts";
import type { AccountSettings } from "../../settings.ts";
import { readStateFile, replaceStateFile, stateFile } from "../account/memory/state-file.ts";

/** As on Slack. Milliseconds. */
const COOLDOWN_MS = 8 * 60 * 60_000;

export interface Cooldown {
  /** Whether somebody may be told of; if so, not again for eight hours. Throws StorageError. */
  take(userId: string): boolean;
  /** Nothing was told after all. Throws StorageError. */
  giveBack(userId: string): void;
}

/** `<state>/rocketchat/presence-<account>.json`. What was kept of another server counts for nothing. */
export function openCooldown(
  { accountId, serverUrl }: Pick<AccountSettings, "accountId" | "serverUrl">,
  { file = stateFile("presence", accountId), now = Date.now }: { file?: string; now?: () => number } = {},
): Cooldown {
  function read(): Map<string, number> {
    const stored = readStateFile(file) ?? {};
    const told = stored.serverUrl === serverUrl ? (readObject(stored, "told") ?? {}) : {};
    const times = Object.keys(told).map((userId): [string, number] => [
      userId,
      readNumber(told, userId) ?? 0,
    ]);
    // A time to come was written by a clock that has been set back.
    return new Map(times.filter(([, at]) => at <= now() && now() - at < COOLDOWN_MS));
  }

  function write(told: ReadonlyMap<string, number>): void {
    replaceStateFile(file, { serverUrl, told: Object.fromEntries(told) });
  }

  return {
    take(userId) {
      const told = read();
      if (told.has(userId)) return false;
      write(told.set(userId, now()));
      return true;
    },
    giveBack(userId) {
      const told = read();
      told.delete(userId);
      write(told);
    },
  };
}
