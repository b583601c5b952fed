// Owns what OpenClaw's directory shows: who and what the bot user can write to.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import {
  type ChannelDirectoryEntry,
  createChannelDirectoryAdapter,
  type DirectoryConfigParams,
} from "openclaw/plugin-sdk/directory-runtime";
import { RestError, TargetError } from "../../errors.ts";
import type { UserFacts } from "../../facts/message.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { toOneLine } from "../../log.ts";
import { formatTarget } from "../../outbound/target.ts";
import { fetchMe } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchJoinedRooms, fetchRoom, findRoomByName } from "../../rest/rooms.ts";
import { listMembers, listUsers, type Page, searchUsers, type UserPage } from "../../rest/users.ts";
import type { AccountSettings } from "../../settings.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { readTarget } from "./targets.ts";

/** What one request gives; the server's own limit. */
const PAGE_SIZE = 100;

/** People that are looked through for one answer: ten requests, as many as a user without the role `bot` has a minute. */
const MOST_LISTED = 1000;

interface Scope {
  readonly rest: RestClient;
  readonly settings: AccountSettings;
}

function openScope({ cfg, accountId }: Pick<DirectoryConfigParams, "cfg" | "accountId">): Scope {
  const settings = resolveAccount(cfg, accountId);
  return { rest: sendingFor(settings).rest, settings };
}

/** The people of the server, the bot user aside. With a query those with it in their name or username. */
async function listPeersLive(params: DirectoryConfigParams): Promise<ChannelDirectoryEntry[]> {
  const { rest, settings } = openScope(params);
  const { query, limit } = readSearch(params);
  const isWanted = (user: UserFacts) =>
    user.id !== settings.userId && matches(query, [user.name, user.username]);
  const found = await collect(isWanted, { limit, listPage: (page) => listUsers(rest, page) }).catch(
    (error: unknown) => explainUnlisted(error, query),
  );
  const known = new Set(found?.users.map(({ id }) => id));
  const isCut = found === undefined || (!found.isComplete && found.users.length < limit);
  const others = isCut && query !== "" ? await searchUsers(rest, query) : [];
  const all = [...(found?.users ?? []), ...others.filter((user) => !known.has(user.id) && isWanted(user))];
  return all.slice(0, limit).map(describeUser);
}

/** Where the server lists nobody, a search still finds people; without a query there is nothing to give. */
function explainUnlisted(error: unknown, query: string): undefined {
  if (!(error instanceof RestError) || error.status >= 500) throw error;
  if (query !== "") return undefined;
  throw new TargetError(
    "Rocket.Chat does not let the bot user list people (view-d-room, view-outside-room); search with a query, or list a room's members",
    { cause: error },
  );
}

/** The rooms and group DMs that the bot user is in, by name. */
async function listGroupsLive(params: DirectoryConfigParams): Promise<ChannelDirectoryEntry[]> {
  const { query } = readSearch(params);
  const rooms = (await fetchJoinedRooms(openScope(params).rest)).filter(
    ({ chatType, label, name }) => chatType !== "direct" && matches(query, [label, name]),
  );
  return rooms
    .map(describeRoom)
    .sort(byName)
    .slice(0, params.limit ?? rooms.length);
}

type MembersParams = Parameters<NonNullable<NonNullable<ChannelPlugin["directory"]>["listGroupMembers"]>>[0];

/** The members of a room, the bot user among them. Rejects with TargetError when it cannot see such a room. */
async function listGroupMembers(params: MembersParams): Promise<ChannelDirectoryEntry[]> {
  const { rest } = openScope(params);
  const room = await findGroup(rest, params.groupId);
  const { limit } = readSearch(params);
  const { users } = await collect(() => true, { limit, listPage: (page) => listMembers(rest, room, page) });
  return users.map(describeUser);
}

/** A room by id, `room:ID` or `#name`. */
async function findGroup(rest: RestClient, text: string): Promise<RoomFacts> {
  const target = readTarget(text);
  const room =
    target?.kind === "room-name"
      ? await findRoomByName(rest, target.name)
      : await fetchRoom(rest, target?.kind === "room" ? target.id : text.trim());
  if (room !== undefined) return room;
  throw new TargetError(`There is no room ${text} on Rocket.Chat, or the bot user is not in it`);
}

/** Who the bot user is on the server. */
async function self(
  params: Pick<DirectoryConfigParams, "cfg" | "accountId">,
): Promise<ChannelDirectoryEntry> {
  return describeUser(await fetchMe(openScope(params).rest));
}

/** People in the account's lists, without asking the server. */
async function listPeers(params: DirectoryConfigParams): Promise<ChannelDirectoryEntry[]> {
  const settings = resolveAccount(params.cfg, params.accountId, "inspect");
  const { allowFrom, groupAllowFrom = [], commandAllowFrom, rooms } = settings;
  const ofRooms = [...rooms.values()].flatMap(({ users = [] }) => users);
  return listConfigured(params, {
    kind: "user",
    entries: [...allowFrom, ...groupAllowFrom, ...commandAllowFrom, ...ofRooms],
  });
}

/** The served rooms of the configuration, without asking the server. */
async function listGroups(params: DirectoryConfigParams): Promise<ChannelDirectoryEntry[]> {
  const settings = resolveAccount(params.cfg, params.accountId, "inspect");
  const rooms = [...settings.rooms].filter(([, { enabled }]) => enabled !== false).map(([key]) => key);
  return listConfigured(params, { kind: "group", entries: [...rooms, ...(settings.dm.groupRooms ?? [])] });
}

/** Entries as targets: an id with the word for what it is, a name with its sign. */
function listConfigured(
  params: DirectoryConfigParams,
  { kind, entries }: { readonly kind: "user" | "group"; readonly entries: readonly string[] },
): ChannelDirectoryEntry[] {
  const { query, limit } = readSearch(params);
  const targets = entries.flatMap((entry) => {
    const target = readTarget(entry) ?? readTarget(`${kind === "user" ? "user" : "room"}:${entry}`);
    if (target === undefined || entry === "*") return [];
    return "id" in target ? [formatTarget(target)] : [entry];
  });
  const wanted = [...new Set(targets)].filter((id) => matches(query, [id]));
  return wanted.slice(0, limit).map((id) => ({ kind, id }));
}

export const directory = createChannelDirectoryAdapter({
  self,
  listPeers,
  listPeersLive,
  listGroups,
  listGroupsLive,
  listGroupMembers,
});

function readSearch({
  query,
  limit,
}: {
  query?: string | null | undefined;
  limit?: number | null | undefined;
}) {
  const text = (query ?? "").trim().replace(/^[@#]/, "").toLowerCase();
  return { query: text, limit: Math.min(limit ?? MOST_LISTED, MOST_LISTED) };
}

function matches(query: string, names: readonly (string | undefined)[]): boolean {
  return query === "" || names.some((name) => name?.toLowerCase().includes(query));
}

/** Reads pages until enough are found, all are seen, or as many as one answer is worth were looked through. */
async function collect(
  isWanted: (user: UserFacts) => boolean,
  { limit, listPage }: { readonly limit: number; readonly listPage: (page: Page) => Promise<UserPage> },
): Promise<{ readonly users: UserFacts[]; readonly isComplete: boolean }> {
  const users: UserFacts[] = [];
  for (let offset = 0; offset < MOST_LISTED; offset += PAGE_SIZE) {
    const { users: page, total } = await listPage({ offset, count: PAGE_SIZE });
    users.push(...page.filter(isWanted));
    const isComplete = offset + PAGE_SIZE >= total;
    if (isComplete || users.length >= limit) return { users: users.slice(0, limit), isComplete };
  }
  return { users, isComplete: false };
}

function describeUser({ id, username, name }: UserFacts): ChannelDirectoryEntry {
  const shown = name === undefined ? username : toOneLine(name);
  return {
    kind: "user",
    id: formatTarget({ kind: "user", id }),
    ...(shown !== undefined && { name: shown }),
    ...(username !== undefined && { handle: `@${username}` }),
  };
}

function describeRoom({ id, label, name }: RoomFacts): ChannelDirectoryEntry {
  return {
    kind: "group",
    id: formatTarget({ kind: "room", id }),
    ...(label !== undefined && { name: toOneLine(label) }),
    ...(name !== undefined && { handle: `#${name}` }),
  };
}

function byName(a: ChannelDirectoryEntry, b: ChannelDirectoryEntry): number {
  return (a.name ?? a.id).localeCompare(b.name ?? b.id);
}
