// Owns asking the server what the names in an account's configuration mean, and remembering the answers.

import type { Log } from "../log.ts";
import { listNames, type NameRequest, withIds } from "../policy/names.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchRoom, findRoomByName } from "../rest/rooms.ts";
import { findUser } from "../rest/users.ts";
import type { AccountSettings } from "../settings.ts";

/** How long to let a server rest that could not be asked. Milliseconds. */
const RETRY_AFTER_MS = 30_000;

export interface NameBook {
  /** Counts up whenever `resolve` may answer differently for the same settings. */
  revision(): number;
  /** The settings with ids alone in their lists; a name that is not known yet, or means nothing, matches nobody. */
  resolve(settings: AccountSettings): AccountSettings;
  /**
   * Asks the server about the names in the settings that were not asked about before; undefined when nothing is
   * to be asked. Never rejects.
   */
  learn(settings: AccountSettings): Promise<void> | undefined;
}

export interface NameBookOptions {
  readonly rest: RestClient;
  readonly log: Log;
  readonly now: () => number;
  /** Told which names mean nobody, as `path: name`, whenever the configuration was looked through. */
  readonly onUnresolved: (names: readonly string[]) => void;
}

/**
 * A name is asked about once, when it appears in the configuration, and keeps its meaning until it leaves the
 * configuration or the account starts again: whoever takes a name later gains nothing by it.
 */
export function createNameBook({ rest, log, now, onUnresolved }: NameBookOptions): NameBook {
  const ids = new Map<string, string>();
  const unknown = new Set<string>();
  let asking: Promise<void> | undefined;
  let learned: AccountSettings | undefined;
  let restUntil = 0;
  let revision = 0;

  async function ask(settings: AccountSettings): Promise<void> {
    const requests = listNames(settings);
    forgetOthers(new Set(requests.map(({ key }) => key)));
    try {
      if (now() >= restUntil) for (const request of requests) await askFor(request);
    } catch (error) {
      restUntil = now() + RETRY_AFTER_MS;
      log.warn("names in the configuration could not be looked up and match nobody for now", { error });
    }
    const open = requests.filter(({ key }) => !ids.has(key));
    if (open.some(({ key }) => !unknown.has(key))) learned = undefined;
    onUnresolved(open.map(({ path, name }) => `${path}: ${name}`));
    revision += 1;
  }

  async function askFor({ key, path, ...request }: NameRequest): Promise<void> {
    if (ids.has(key) || unknown.has(key)) return;
    const id = await lookUp(rest, request);
    if (id !== undefined) {
      ids.set(key, id);
      log.info("name resolved", { path, name: request.name, id });
      return;
    }
    unknown.add(key);
    log.warn(`no ${request.kind} has this name or id; the entry matches nobody`, {
      path,
      name: request.name,
    });
  }

  function forgetOthers(wanted: ReadonlySet<string>): void {
    for (const key of [...ids.keys(), ...unknown]) {
      if (wanted.has(key)) continue;
      ids.delete(key);
      unknown.delete(key);
    }
  }

  return {
    revision: () => revision,
    resolve: (settings) => withIds(settings, ids),
    learn(settings) {
      if (learned !== settings) {
        learned = settings;
        const asked = Promise.resolve(asking)
          .then(() => ask(settings))
          .then(() => {
            if (asking === asked) asking = undefined;
          });
        asking = asked;
      }
      return asking;
    },
  };
}

async function lookUp(
  rest: RestClient,
  { kind, name, mayBeId }: Pick<NameRequest, "kind" | "name" | "mayBeId">,
): Promise<string | undefined> {
  if (kind === "room") {
    const byId = mayBeId ? await fetchRoom(rest, name) : undefined;
    return (byId ?? (await findRoomByName(rest, name)))?.id;
  }
  const byId = mayBeId ? await findUser(rest, { userId: name }) : undefined;
  return (byId ?? (await findUser(rest, { username: name })))?.id;
}
