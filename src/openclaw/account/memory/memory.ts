// Owns what one running account goes by when it judges messages: its live settings, and what it remembers.

import { join } from "node:path";
import { createRuntimeConfigReader } from "openclaw/plugin-sdk/runtime-config-snapshot";
import { systemClock } from "../../../connection/driver.ts";
import { isJsonObject, readObject } from "../../../facts/json.ts";
import { decodeMessage } from "../../../facts/message.ts";
import { createKnowledge } from "../../../intake/knowledge.ts";
import { createRoomLookup } from "../../../intake/lookups.ts";
import { createNameBook, type NameBook } from "../../../intake/names.ts";
import { createPlaces, type Places, type PlacesOptions } from "../../../intake/places.ts";
import { parentToLookUp, type RawMessageEvent } from "../../../intake/receive.ts";
import type { CallOptions, RestClient } from "../../../rest/client.ts";
import { fetchRoom } from "../../../rest/rooms.ts";
import { fetchTeamIds } from "../../../rest/teams.ts";
import { fetchProfile } from "../../../rest/users.ts";
import { followSettings } from "../../config/account.ts";
import { createPatternMatcher } from "../../config/mention-patterns.ts";
import { shareRooms } from "../../config/room-tools.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { getRuntime } from "../../runtime.ts";
import { type AccountScope, botUserIds } from "../scope.ts";
import { withEmojiNames as complete } from "./emoji-names.ts";
import { openNamePins } from "./name-pins.ts";
import { openPairingMemory } from "./pairing-memory.ts";
import { openThreadMemory, type StoredThreadMemory } from "./thread-memory.ts";

export type AccountMemory = ReturnType<typeof openAccountMemory>;

/** Opens the memory of an account that is about to run. `close` ends its files. */
export function openAccountMemory({ ctx, log, audit, settings }: AccountScope, rest: RestClient) {
  const core = getRuntime();
  const { accountId } = ctx;
  const { now } = systemClock;
  const readConfig = createRuntimeConfigReader(ctx.cfg);
  const directory = join(core.state.resolveStateDir(), CHANNEL_ID);
  const threads = openThreadMemory(directory, accountId);
  const pairings = openPairingMemory(directory, accountId, Date.now);
  const places = openPlaces({ rest, log, decides: (roomId) => live.read().rooms.has(roomId) });
  const names = openNames({ log, audit, settings }, rest);
  const known = createKnowledge({
    places,
    threads,
    matchesPattern: (message) => patterns.matches(message),
    hearsVoices: (roomId) => patterns.hearsVoices(roomId),
    fetchTeams: () => fetchTeamIds(rest, settings.userId),
    fetchProfile: (userId) => fetchProfile(rest, userId),
    siblings: botUserIds,
    now,
  });
  const live = followSettings({ readConfig, accountId, bots: known.bots, names, complete });
  const patterns = createPatternMatcher({
    core,
    readConfig,
    readSettings: live.read,
    findRoom: places.known,
  });

  const unshare = shareRooms(accountId, {
    settings: live.read,
    findRoom: places.find,
  });

  return {
    readConfig,
    readSettings: live.read,
    rooms: places,
    known,
    pairings,
    /** Looks up the names in the configuration in force; undefined when all are known. Never rejects. */
    learnNames: live.prepare,

    /** Remembers a message of the bot user's own as a thread's root or reply. */
    noteOwn: (event: RawMessageEvent) => noteOwn(threads, settings.userId, event),
    /**
     * Asks the server in which room the event's was started, if that decides about it and is not remembered; undefined when
     * that is nothing, as mostly. Never rejects; what is not known then is asked again in the event's turn.
     */
    learnPlace(event: RawMessageEvent): Promise<void> | undefined {
      const roomId = parentToLookUp(event, { settings: live.read(), known });
      return roomId === undefined ? undefined : places.learn(roomId);
    },

    close(): void {
      unshare();
      threads.close();
      pairings.close();
    },
  };
}

function openPlaces(options: Pick<PlacesOptions, "rest" | "log" | "decides">): Places {
  const fetch = (roomId: string, call?: CallOptions) => fetchRoom(options.rest, roomId, call);
  const rooms = createRoomLookup({ fetchRoom: fetch, now: systemClock.now });
  return createPlaces({ ...options, rooms, ...systemClock });
}

function openNames(
  { log, audit, settings }: Pick<AccountScope, "log" | "audit" | "settings">,
  rest: RestClient,
): NameBook {
  return createNameBook({
    rest,
    log,
    now: systemClock.now,
    pins: openNamePins(settings),
    onLearned: ({ unresolved, pinned }) => audit({ unresolvedNames: unresolved, pinnedNames: pinned }),
  });
}

function noteOwn(threads: StoredThreadMemory, userId: string, { message: raw }: RawMessageEvent): void {
  if (!isJsonObject(raw) || readObject(raw, "u")?._id !== userId) return;
  const message = decodeMessage(raw);
  if (message?.systemType === undefined && message !== undefined) threads.noteOwnMessage(message);
}
