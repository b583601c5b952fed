// Owns what an entry of a configured list of people or rooms means, an id or a name, and putting ids in place of names.

import type { AccountSettings, RoomSettings } from "../settings.ts";

/** Keys of AccountSettings that list people; names in them become ids. A new list of people belongs here. */
const USER_LISTS = ["allowFrom", "groupAllowFrom", "reactionAllowlist", "commandAllowFrom"] as const;

type Sigil = "@" | "#";

/** A configured name that the server is to be asked about. */
export interface NameRequest {
  /** Which name it is, across all lists: the entry with its sigil, or a bare entry with its kind. */
  readonly key: string;
  readonly kind: "user" | "room";
  readonly name: string;
  /** A bare entry in a form that no generated id has: a room's name, else its id; a user's id, which nobody chooses, else the name. */
  readonly mayBeId: boolean;
  /** Where it stands, for people: `allowFrom`, `rooms.#ops.users`, … */
  readonly path: string;
}

type Entry =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "name"; readonly key: string; readonly name: string; readonly mayBeId: boolean };

/**
 * The forms of a Rocket.Chat `_id`: 17 characters of an alphabet without look-alikes, 24 hex digits, and for
 * direct messages of older servers two user ids joined. People may choose a name of such a form, so a bare
 * entry of such a form is always an id; `@` or `#` says that a name is meant.
 */
const ID = /^(?:[2-9A-HJ-NP-TW-Za-kmnopqrstuvwxyz]{17}|[0-9a-f]{24}){1,2}$/;

const EXPLICIT_ID = /^(?:rocketchat:)?(?:user|room):|^rocketchat:/i;

/** Reads one entry. `*` and access groups are the host's words and stay as they are. */
function parseEntry(raw: string, sigil: Sigil): Entry {
  const text = raw.trim();
  const literal = text.replace(EXPLICIT_ID, "");
  if (literal !== text || text === "*" || text.startsWith("accessGroup:"))
    return { kind: "literal", text: literal };
  if (text.startsWith(sigil)) return { kind: "name", key: text, name: text.slice(1), mayBeId: false };
  if (ID.test(text) || text === "") return { kind: "literal", text };
  return { kind: "name", key: `${sigil}?${text}`, name: text, mayBeId: true };
}

/** Whether a text has the form of an id that the server makes up. */
export function mayBeGeneratedId(text: string): boolean {
  return ID.test(text);
}

/** Whether an entry of a list of people names somebody instead of giving an id, as far as its form tells. */
export function isNameEntry(entry: string): boolean {
  return parseEntry(entry, "@").kind === "name";
}

/** The key under which a room stands in `rooms`: by its id however that is written, else by its name; undefined for none. */
export function findRoomKey(
  keys: Iterable<string>,
  room: { readonly id: string; readonly name?: string | undefined },
): string | undefined {
  const entries = [...keys].map((key) => ({ key, entry: parseEntry(key, "#") }));
  const byId = entries.find(({ entry }) => (entry.kind === "literal" ? entry.text : entry.name) === room.id);
  const byName = entries.find(({ entry }) => entry.kind === "name" && entry.name === room.name);
  return (byId ?? byName)?.key;
}

/** Every name in the settings, once per place. Group DMs have no name, so `dm.groupRooms` asks for none. */
export function listNames(settings: AccountSettings): NameRequest[] {
  const rooms = [...settings.rooms].flatMap(([entry, room]) => [
    ...requestsOf([entry], { kind: "room", path: `rooms.${entry}` }),
    ...userRequests(settings, room.users ?? [], `rooms.${entry}.users`),
  ]);
  return [...USER_LISTS.flatMap((key) => userRequests(settings, settings[key] ?? [], key)), ...rooms];
}

/** Under `dangerouslyAllowNameMatching` people are known by the name they have now, and none is looked up. */
function userRequests(settings: AccountSettings, entries: readonly string[], path: string): NameRequest[] {
  return settings.dangerouslyAllowNameMatching ? [] : requestsOf(entries, { kind: "user", path });
}

function requestsOf(entries: readonly string[], of: Pick<NameRequest, "kind" | "path">): NameRequest[] {
  return entries.flatMap((raw) => {
    const entry = parseEntry(raw, of.kind === "user" ? "@" : "#");
    return entry.kind === "name" ? [{ ...of, key: entry.key, name: entry.name, mayBeId: entry.mayBeId }] : [];
  });
}

/**
 * The settings with ids in place of all names that `ids` knows by their key. A name that it does not know
 * stays as `@name` or `#name`, which is no id and matches nobody, so that a list never becomes empty and a
 * room's restrictions never vanish for want of an answer. Names that the server was not asked about yet, and so are not
 * among the `unknown` either, are told in `pendingNames`.
 */
export function withIds(
  settings: AccountSettings,
  ids: ReadonlyMap<string, string>,
  unknown: ReadonlySet<string> = new Set(),
): AccountSettings {
  const people = (entries: readonly string[]): string[] =>
    entries.flatMap((raw) => resolvePerson(raw, settings, ids));
  const lists = Object.fromEntries(USER_LISTS.flatMap((key) => pairOf(key, settings[key], people)));
  const pending = listNames(settings).filter(({ key }) => !ids.has(key) && !unknown.has(key));
  const pendingNames = new Set(pending.map(({ kind, name }) => `${kind === "user" ? "@" : "#"}${name}`));
  return { ...settings, ...lists, rooms: resolveRooms(settings.rooms, { ids, people }), pendingNames };
}

/** A list that is not there stays away: an empty one would say something else. */
function pairOf<Key>(
  key: Key,
  entries: readonly string[] | undefined,
  people: (entries: readonly string[]) => string[],
): [Key, string[]][] {
  return entries === undefined ? [] : [[key, people(entries)]];
}

function resolvePerson(raw: string, settings: AccountSettings, ids: ReadonlyMap<string, string>): string[] {
  const entry = parseEntry(raw, "@");
  if (entry.kind === "literal") return [entry.text];
  const id = settings.dangerouslyAllowNameMatching ? undefined : ids.get(entry.key);
  return [id ?? `@${entry.name}`];
}

/** Where an id and a name mean the same room, the id's entry counts. */
function resolveRooms(
  rooms: AccountSettings["rooms"],
  { ids, people }: { ids: ReadonlyMap<string, string>; people: (entries: readonly string[]) => string[] },
): Map<string, RoomSettings> {
  const resolved = new Map<string, RoomSettings>();
  const named = new Map<string, RoomSettings>();
  for (const [raw, room] of rooms) {
    const entry = parseEntry(raw, "#");
    const settings = room.users === undefined ? room : { ...room, users: people(room.users) };
    if (entry.kind === "literal") resolved.set(entry.text, settings);
    else named.set(ids.get(entry.key) ?? `#${entry.name}`, settings);
  }
  for (const [id, settings] of named) if (!resolved.has(id)) resolved.set(id, settings);
  return resolved;
}
