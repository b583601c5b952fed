// Owns keeping on disk which ids the names in an account's configuration mean.

import { type JsonObject, readObject, readText } from "../../../facts/json.ts";
import type { NamePins } from "../../../intake/names.ts";
import type { AccountSettings } from "../../../settings.ts";
import { readStateFile, replaceStateFile, stateFile } from "./state-file.ts";

/** A name that was looked up: what it means, and since when (ISO 8601, this machine's clock). */
export interface NamePin {
  /** As written, a bare word with a question mark behind its sign: `@alice`, `#ops`, `@?alice`. */
  readonly key: string;
  readonly id: string;
  readonly since: string;
}

export interface NamePinFile extends NamePins {
  list(): readonly NamePin[];
}

type Owner = Pick<AccountSettings, "accountId" | "serverUrl">;

/**
 * `<state>/rocketchat/names-<account>.json`. Ids are a server's own, so what was kept for another address counts for
 * nothing. A file that cannot be read is never passed over: its names may mean others by now.
 */
export function openNamePins(
  { accountId, serverUrl }: Owner,
  { file = stateFile("names", accountId), now = Date.now }: { file?: string; now?: () => number } = {},
): NamePinFile {
  function list(): readonly NamePin[] {
    const stored = readStateFile(file);
    if (stored === undefined || readText(stored, "serverUrl") !== serverUrl) return [];
    return Object.entries(readObject(stored, "names") ?? {}).flatMap(decodePin);
  }

  return {
    list,
    read: () => new Map(list().map(({ key, id }) => [key, id])),
    write(ids) {
      const before = new Map(list().map((pin) => [pin.key, pin]));
      const today = new Date(now()).toISOString();
      const names = [...ids].map(([key, id]): [string, JsonObject] => {
        const pin = before.get(key);
        return [key, { id, since: pin?.id === id ? pin.since : today }];
      });
      replaceStateFile(file, { serverUrl, names: Object.fromEntries(names) });
    },
  };
}

function decodePin([key, value]: [string, unknown]): readonly NamePin[] {
  const fields = readObject({ value }, "value") ?? {};
  const [id, since] = [readText(fields, "id"), readText(fields, "since")];
  return id === undefined || since === undefined ? [] : [{ key, id, since }];
}

/** The name that a pin is about, as people write it: `@alice`, `#ops`, or the bare word. */
export function nameOfPin({ key }: Pick<NamePin, "key">): string {
  return key[1] === "?" ? key.slice(2) : key;
}
