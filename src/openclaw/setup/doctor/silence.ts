// Owns why the bot is silent for somebody somewhere: a message goes the whole way through the real code, and nothing runs.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { buildMentionRegexes, matchesMentionPatterns } from "openclaw/plugin-sdk/channel-inbound";
import { resolveChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { resolveAgentRoute } from "openclaw/plugin-sdk/routing";
import { systemClock } from "../../../connection/driver.ts";
import { NamesPendingError, TargetError } from "../../../errors.ts";
import type { UserFacts } from "../../../facts/message.ts";
import type { RoomFacts } from "../../../facts/room.ts";
import { createKnowledge, type LearnedKnowledge } from "../../../intake/knowledge.ts";
import { createRoomLookup, type RoomLookup } from "../../../intake/lookups.ts";
import { createNameBook, type NamePins } from "../../../intake/names.ts";
import { createPlaces, type Places } from "../../../intake/places.ts";
import type { RawMessageEvent } from "../../../intake/receive.ts";
import { createLog } from "../../../log.ts";
import type { RestClient } from "../../../rest/client.ts";
import { fetchJoinedRooms, fetchRoom, fetchRoomState, findRoomByName } from "../../../rest/rooms.ts";
import { fetchTeamIds } from "../../../rest/teams.ts";
import { fetchProfile, findUser } from "../../../rest/users.ts";
import type { AccountSettings } from "../../../settings.ts";
import { NO_COMPANIONS } from "../../../turn/companions.ts";
import type { HostTurn, TurnInput } from "../../../turn/host.ts";
import { NO_MESSAGE_FILES } from "../../../turn/media.ts";
import { createRuns } from "../../../turn/runs.ts";
import type { TurnOutcome } from "../../../turn/stage.ts";
import { NOTHING_AROUND } from "../../../turn/surroundings.ts";
import { runTurn } from "../../../turn/turn.ts";
import { openNamePins } from "../../account/memory/name-pins.ts";
import { followSettings, inspectAccount, listAccountIds } from "../../config/account.ts";
import { createPatternMatcher } from "../../config/mention-patterns.ts";
import { readAccess, resolveIngress } from "../../turn/access.ts";

/** OpenClaw's own functions, outside of a gateway: decisions are real, nothing is recorded. */
const core = {
  channel: {
    inbound: { ingress: { resolve: resolveChannelMessageIngress } },
    mentions: { buildMentionRegexes, matchesMentionPatterns },
    routing: { resolveAgentRoute },
  },
};

export interface SilenceQuery {
  readonly cfg: OpenClawConfig;
  /** With its token resolved. */
  readonly account: AccountSettings;
  readonly rest: RestClient;
  /** `#name`, a room id, or undefined for direct messages. */
  readonly room: string | undefined;
  /** `@name` or a user id. */
  readonly person: string;
  /** What was written; a mention of the bot when undefined. */
  readonly text: string | undefined;
  /** User ids that were paired. */
  readonly readPaired: () => Promise<string[]>;
}

export interface Verdict {
  readonly outcome: TurnOutcome;
  readonly room: RoomFacts;
}

/** What becomes of a message of this person there. Rejects with TargetError when there is no such person. */
export async function judgeMessage(query: SilenceQuery): Promise<Verdict> {
  const person = await findPerson(query);
  const joined = await fetchJoinedRooms(query.rest);
  const room = query.room === undefined ? directRoom(query, person, joined) : await findRoom(query, joined);
  if (room === undefined)
    return { outcome: { kind: "dropped", reason: "room-unknown" }, room: nowhere(query.room ?? "") };
  const isMember = query.room === undefined || joined.some(({ id }) => id === room.id);
  const event = await writeMessage(query, { person, room, isMember });
  return { outcome: await goThrough(event, room, query), room };
}

async function findPerson({ rest, person }: SilenceQuery): Promise<UserFacts> {
  const name = person.trim().replace(/^user:/, "");
  const byId = name.startsWith("@") ? undefined : await findUser(rest, { userId: name });
  const found = byId ?? (await findUser(rest, { username: name.replace(/^@/, "") }));
  if (found !== undefined) return found;
  throw new TargetError(`Rocket.Chat shows the bot user nobody named ${person}. Check the name`);
}

function directRoom({ account }: SilenceQuery, person: UserFacts, joined: readonly RoomFacts[]): RoomFacts {
  const memberIds = [account.userId, person.id];
  const known = joined.find(
    ({ chatType, memberIds = [] }) => chatType === "direct" && memberIds.includes(person.id),
  );
  return known ?? { id: "direct", type: "d", chatType: "direct", label: undefined, memberIds };
}

async function findRoom(
  { rest, room = "" }: SilenceQuery,
  joined: readonly RoomFacts[],
): Promise<RoomFacts | undefined> {
  const name = room.trim().replace(/^room:/, "");
  const bare = name.replace(/^#/, "");
  const known = joined.find((one) => one.id === name || one.name === bare);
  if (known !== undefined) return known;
  return (name.startsWith("#") ? undefined : await fetchRoom(rest, name)) ?? findRoomByName(rest, bare);
}

const nowhere = (name: string): RoomFacts => ({ id: name, type: "c", chatType: "channel", label: name });

/** Names in a text that are looked up, as the server does when somebody writes it. */
const MAX_NAMES = 5;

/** The event as the server would send it. */
async function writeMessage(
  { account, rest, text }: SilenceQuery,
  about: { readonly person: UserFacts; readonly room: RoomFacts; readonly isMember: boolean },
): Promise<RawMessageEvent> {
  const { person, room, isMember } = about;
  const msg = text ?? (room.chatType === "channel" ? `@${account.username} hello` : "hello");
  const names = [...msg.matchAll(/@([\w.-]+)/g)].slice(0, MAX_NAMES).map(([, name = ""]) => name);
  const people = await Promise.all(names.map((username) => findUser(rest, { username })));
  const encrypted = isMember && room.id !== "direct" && (await fetchRoomState(rest, room.id)).encrypted;
  return {
    message: {
      _id: "doctor",
      rid: room.id,
      msg,
      ts: { $date: Date.now() },
      u: { _id: person.id, username: person.username, name: person.name },
      mentions: people.flatMap((user) =>
        user === undefined ? [] : [{ _id: user.id, username: user.username }],
      ),
      ...(encrypted && { t: "e2e" }),
    },
    room: { roomParticipant: isMember, roomType: room.type, roomName: room.name },
  };
}

async function goThrough(event: RawMessageEvent, room: RoomFacts, query: SilenceQuery): Promise<TurnOutcome> {
  const { rest } = query;
  const rooms = createRoomLookup({
    fetchRoom: async (id) => (id === room.id ? room : fetchRoom(rest, id)),
    now: Date.now,
  });
  const { settings, known, places } = await readGrounds(query, { rooms, roomId: room.id });
  return runTurn(event, {
    host: { settings: () => settings, openTurn: (input) => openDryTurn(input, { query, settings }) },
    rooms: places,
    users: { named: async () => undefined },
    fetchMessage: async () => undefined,
    takeUp: async () => false,
    readRecent: async () => [],
    known,
    runs: createRuns(),
    companions: NO_COMPANIONS,
    now: Date.now,
    serverNow: Date.now,
    receivedAt: Date.now(),
    post: async () => "",
    findRoot: async () => undefined,
    lookAround: async () => NOTHING_AROUND,
    fetchFiles: async () => NO_MESSAGE_FILES,
    discardFiles: async () => {},
  }).catch((error: unknown) => {
    if (error instanceof CommandReached) return { kind: "commanded" } as const;
    if (error instanceof NamesPendingError) return { kind: "dropped", reason: "names-pending" } as const;
    throw error;
  });
}

/** The settings with ids in place of names, and what a running account would know. */
async function readGrounds(
  { cfg, account, rest }: SilenceQuery,
  { rooms, roomId }: { readonly rooms: RoomLookup; readonly roomId: string },
): Promise<{
  readonly settings: AccountSettings;
  readonly known: LearnedKnowledge;
  readonly places: Places;
}> {
  const { accountId, userId } = account;
  const log = createLog(
    { info: () => {}, warn: () => {}, error: () => {} },
    { prefix: accountId, secrets: [] },
  );
  const siblings = new Set(listAccountIds(cfg).map((id) => inspectAccount(cfg, id).userId));
  const decides = (id: string): boolean => live.read().rooms.has(id);
  const places = createPlaces({ rooms, rest, decides, log, ...systemClock });
  const known = createKnowledge({
    places,
    threads: { role: () => undefined, noteOwnMessage: () => {} },
    matchesPattern: (message) => patterns.matches(message),
    fetchTeams: () => fetchTeamIds(rest, userId),
    fetchProfile: (id) => fetchProfile(rest, id),
    siblings,
    now: Date.now,
  });
  const names = createNameBook({
    rest,
    log,
    now: Date.now,
    pins: readOnlyPins(account),
    onLearned: () => {},
  });
  const live = followSettings({ readConfig: () => cfg, accountId, bots: known.bots, names });
  const patterns = createPatternMatcher({
    core,
    readConfig: () => cfg,
    readSettings: live.read,
    findRoom: places.known,
  });
  await live.prepare();
  await places.learn(roomId);
  return { settings: live.read(), known, places };
}

/** What names mean to the account itself; the doctor changes nothing. */
const readOnlyPins = (account: AccountSettings): NamePins => ({
  read: openNamePins(account).read,
  write: () => {},
});

/** A command was admitted; it is not carried out. */
class CommandReached extends Error {}

const reached = (): Promise<never> => Promise.reject(new CommandReached());

function openDryTurn(
  input: TurnInput,
  { query, settings }: { readonly query: SilenceQuery; readonly settings: AccountSettings },
): HostTurn {
  const { cfg, readPaired } = query;
  const { accountId } = settings;
  const route = { agentId: "main", turnSessionKey: "doctor", eventKind: "user_request" } as const;
  return {
    conversation: "doctor",
    resolveAccess: async () =>
      readAccess(await resolveIngress({ core, cfg, accountId, settings, input }, route, readPaired)),
    requestPairing: async () => {},
    announce: () => {},
    introduce: reached,
    dispatch: async () => {},
    authorizeCommand: reached,
    runOwnCommand: reached,
    atWork: (work) => work,
    transcribe: async () => undefined,
    takeRefusal: async () => false,
    stop: reached,
    describe: reached,
    listModels: reached,
    selectModel: reached,
    resolveApproval: reached,
    findApproval: async () => undefined,
  };
}
