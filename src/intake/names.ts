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
  const meanings = new Meanings();
  let asking: Promise<void> | undefined;
  let learned: AccountSettings | undefined;
  let restUntil = 0;
  let revision = 0;

  async function ask(settings: AccountSettings): Promise<void> {
    const requests = listNames(settings);
    meanings.keepOnly(new Set(requests.map(({ key }) => key)));
    try {
      if (now() >= restUntil) for (const request of requests) await askFor(request);
    } catch (error) {
      restUntil = now() + RETRY_AFTER_MS;
      log.warn("names in the configuration could not be looked up and match nobody for now", { error });
    }
    const open = requests.filter(({ key }) => !meanings.ids.has(key));
    if (!open.every(({ key }) => meanings.isAnswered(key))) learned = undefined;
    onUnresolved(open.map(({ path, name }) => `${path}: ${name}`));
    revision += 1;
  }

  async function askFor({ key, path, ...request }: NameRequest): Promise<void> {
    if (meanings.isAnswered(key)) return;
    const id = await lookUp(rest, request);
    meanings.note(key, id);
    if (id !== undefined) {
      log.info("name resolved", { path, name: request.name, id });
      return;
    }
    log.warn(`no ${request.kind} has this name or id; the entry matches nobody`, {
      path,
      name: request.name,
    });
  }

  return {
    revision: () => revision,
    resolve: (settings) => withIds(settings, meanings.ids),
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

/** What the server has said of names. */
class Meanings {
  readonly ids = new Map<string, string>();
  readonly #unknown = new Set<string>();

  isAnswered(key: string): boolean {
    return this.ids.has(key) || this.#unknown.has(key);
  }

  /** `id` is undefined for a name that means nobody. */
  note(key: string, id: string | undefined): void {
    if (id === undefined) this.#unknown.add(key);
    else this.ids.set(key, id);
  }

  keepOnly(wanted: ReadonlySet<string>): void {
    for (const key of [...this.ids.keys(), ...this.#unknown]) {
      if (wanted.has(key)) continue;
      this.ids.delete(key);
      this.#unknown.delete(key);
    }
  }
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
