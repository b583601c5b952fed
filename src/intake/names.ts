// Owns asking the server what the names in an account's configuration mean, and keeping the answers.

import { RateLimitedError, RestError } from "../errors.ts";
import type { Log } from "../log.ts";
import { listNames, type NameRequest, withIds } from "../policy/names.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchRoom, findRoomByName } from "../rest/rooms.ts";
import { findUser } from "../rest/users.ts";
import type { AccountSettings } from "../settings.ts";

/** How long to let a server rest that could not be asked. Milliseconds. */
const RETRY_AFTER_MS = 30_000;

/** What names mean, kept over restarts; by the keys of `NameRequest`. */
export interface NamePins {
  /** What is kept now; another process may have let a name go. Throws StorageError when it cannot be read. */
  read(): ReadonlyMap<string, string>;
  /** Puts these in place of what was kept. Throws StorageError. */
  write(ids: ReadonlyMap<string, string>): void;
}

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

/** What the names in the configuration come to, each as `path: name`, the known ones with ` = id`. */
export interface NameReport {
  readonly unresolved: readonly string[];
  readonly pinned: readonly string[];
}

export interface NameBookOptions {
  readonly rest: RestClient;
  readonly log: Log;
  readonly now: () => number;
  readonly pins: NamePins;
  /** Told whenever the configuration was looked through. */
  readonly onLearned: (report: NameReport) => void;
}

/**
 * A name is asked about once, when it appears in the configuration, and keeps its meaning until it leaves the
 * configuration or an operator lets it go: whoever takes a name later gains nothing by it, also over restarts. Throws
 * StorageError when what names meant before cannot be read.
 */
export function createNameBook(options: NameBookOptions): NameBook {
  return new PinnedNames(options);
}

class PinnedNames implements NameBook {
  readonly #options: NameBookOptions;
  #ids: Map<string, string>;
  /** As it stands on disk. */
  #kept: ReadonlyMap<string, string>;
  /** Names that mean nobody, as the server said. */
  readonly #unknown = new Set<string>();
  #asking: Promise<void> | undefined;
  #learned: AccountSettings | undefined;
  #restUntil = 0;
  #revision = 0;

  constructor(options: NameBookOptions) {
    this.#options = options;
    this.#kept = options.pins.read();
    this.#ids = new Map(this.#kept);
  }

  revision(): number {
    return this.#revision;
  }

  resolve(settings: AccountSettings): AccountSettings {
    return withIds(settings, this.#ids, this.#unknown);
  }

  learn(settings: AccountSettings): Promise<void> | undefined {
    if (this.#learned === settings) return this.#asking;
    this.#learned = settings;
    const asked = Promise.resolve(this.#asking)
      .then(() => this.#ask(settings))
      .then(() => {
        if (this.#asking === asked) this.#asking = undefined;
      });
    this.#asking = asked;
    return asked;
  }

  async #ask(settings: AccountSettings): Promise<void> {
    const { log, now, onLearned } = this.#options;
    const requests = listNames(settings);
    this.#takeUp(new Set(requests.map(({ key }) => key)));
    try {
      if (now() >= this.#restUntil) await this.#askForAll(requests);
    } catch (error) {
      this.#restUntil = now() + (error instanceof RateLimitedError ? error.waitMs : RETRY_AFTER_MS);
      log.warn("names in the configuration could not be looked up and match nobody for now", { error });
    }
    this.#keep();
    const open = requests.filter(({ key }) => !this.#ids.has(key));
    if (open.some(({ key }) => !this.#unknown.has(key))) this.#learned = undefined;
    onLearned({
      unresolved: open.map(({ path, name }) => `${path}: ${name}`),
      pinned: requests.flatMap(({ key, path, name }) => {
        const id = this.#ids.get(key);
        return id === undefined ? [] : [`${path}: ${name} = ${id}`];
      }),
    });
    this.#revision += 1;
  }

  /** What the server refuses to say of one name, or not yet, keeps no other from its answer. */
  async #askForAll(requests: readonly NameRequest[]): Promise<void> {
    const refusals: (RestError | RateLimitedError)[] = [];
    for (const request of requests) {
      try {
        await this.#askFor(request);
      } catch (error) {
        if (!(error instanceof RestError || error instanceof RateLimitedError)) throw error;
        refusals.push(error);
      }
    }
    if (refusals[0] !== undefined) throw refusals[0];
  }

  async #askFor({ key, path, ...request }: NameRequest): Promise<void> {
    if (this.#ids.has(key) || this.#unknown.has(key)) return;
    const { rest, log } = this.#options;
    const id = await lookUp(rest, request);
    if (id !== undefined) {
      this.#ids.set(key, id);
      log.info("name resolved", { path, name: request.name, id });
      return;
    }
    this.#unknown.add(key);
    log.warn(`no ${request.kind} has this name or id; the entry matches nobody`, {
      path,
      name: request.name,
    });
  }

  /** Keeps of what is known the names that are wanted and that nobody has let go meanwhile. */
  #takeUp(wanted: ReadonlySet<string>): void {
    const pinned = this.#readPins();
    const stays = (key: string): boolean => wanted.has(key) && (pinned.has(key) || !this.#kept.has(key));
    this.#ids = new Map([...this.#ids].filter(([key]) => stays(key)));
    this.#kept = pinned;
    for (const key of this.#unknown) if (!wanted.has(key)) this.#unknown.delete(key);
  }

  #readPins(): ReadonlyMap<string, string> {
    try {
      return this.#options.pins.read();
    } catch (error) {
      this.#options.log.error("what names mean cannot be read again and stays as it was", { error });
      return this.#kept;
    }
  }

  #keep(): void {
    const same =
      this.#kept.size === this.#ids.size && [...this.#ids.keys()].every((key) => this.#kept.has(key));
    if (same) return;
    try {
      this.#options.pins.write(this.#ids);
      this.#kept = new Map(this.#ids);
    } catch (error) {
      this.#options.log.error("what names mean cannot be kept, and is asked anew after a restart", { error });
    }
  }
}

/** What a name may decide waits for the server's rate limit, and nothing else does. */
const AT_ONCE = { patienceMs: 0 };

/** The id of the room that every server begins with. */
const FIRST_ROOM = "GENERAL";

async function lookUp(
  rest: RestClient,
  { kind, name, mayBeId }: Pick<NameRequest, "kind" | "name" | "mayBeId">,
): Promise<string | undefined> {
  if (kind === "room") {
    const byId = () => fetchRoom(rest, name, AT_ONCE);
    const byName = () => findRoomByName(rest, name, AT_ONCE);
    if (!mayBeId) return (await byName())?.id;
    // Whoever makes a room may choose its id, also one that reads like another room's name.
    const [first, second] = name === FIRST_ROOM ? [byId, byName] : [byName, byId];
    return ((await first()) ?? (await second()))?.id;
  }
  const byId = mayBeId ? await findUser(rest, { userId: name }, AT_ONCE) : undefined;
  return (byId ?? (await findUser(rest, { username: name }, AT_ONCE)))?.id;
}
