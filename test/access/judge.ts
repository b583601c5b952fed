// Owns asking the whole way in, from configuration and wire to OpenClaw's own resolver, what becomes of a message.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { buildMentionRegexes, matchesMentionPatterns } from "openclaw/plugin-sdk/channel-inbound";
import { resolveChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { resolveAgentRoute } from "openclaw/plugin-sdk/routing";
import { systemClock } from "../../src/connection/driver.ts";
import type { MessageFacts } from "../../src/facts/message.ts";
import { createKnowledge, type ThreadMemory } from "../../src/intake/knowledge.ts";
import { createRoomLookup } from "../../src/intake/lookups.ts";
import { createNameBook, type NamePins } from "../../src/intake/names.ts";
import { createPlaces } from "../../src/intake/places.ts";
import { type Grounds, parentToLookUp, type RawMessageEvent, receive } from "../../src/intake/receive.ts";
import { createLog } from "../../src/log.ts";
import { followSettings } from "../../src/openclaw/config/account.ts";
import { createPatternMatcher } from "../../src/openclaw/config/mention-patterns.ts";
import { readAccess, resolveIngress } from "../../src/openclaw/turn/access.ts";
import type { RestClient } from "../../src/rest/client.ts";
import { fetchRoom } from "../../src/rest/rooms.ts";
import { fetchTeamIds } from "../../src/rest/teams.ts";
import { fetchProfile } from "../../src/rest/users.ts";
import { NO_COMPANIONS } from "../../src/turn/companions.ts";
import type { InboundHost, TurnInput } from "../../src/turn/host.ts";
import { NO_MESSAGE_FILES } from "../../src/turn/media.ts";
import { createRuns } from "../../src/turn/runs.ts";
import { NOTHING_AROUND } from "../../src/turn/surroundings.ts";
import { runTurn } from "../../src/turn/turn.ts";
import { commandless } from "../support/commandless.ts";
import { MemoryPins } from "../support/name-pins.ts";

/** OpenClaw's own functions, outside of a gateway: decisions are real, nothing is recorded. */
const core = {
  channel: {
    inbound: { ingress: { resolve: resolveChannelMessageIngress } },
    mentions: { buildMentionRegexes, matchesMentionPatterns },
    routing: { resolveAgentRoute },
  },
};

const route = { agentId: "main", turnSessionKey: "agent:main:test", eventKind: "user_request" } as const;
const log = createLog({ info: () => {}, warn: () => {}, error: () => {} }, { prefix: "test", secrets: [] });

export interface Circumstances {
  readonly cfg: OpenClawConfig;
  readonly botUserId: string;
  readonly rest: RestClient;
  readonly threads: ThreadMemory;
  /** User ids of the gateway's bot users. */
  readonly siblings: ReadonlySet<string>;
  /** User ids that were paired. */
  readonly paired?: readonly string[];
  /** What names meant to the account before it started. */
  readonly pins?: NamePins;
}

export interface Judge extends Grounds {
  /** `answered: why`, `pairing: why`, or why it was dropped. */
  judge(event: RawMessageEvent): Promise<string>;
  /** What reached the agent. */
  readonly heard: readonly { readonly senderId: string; readonly text: string }[];
  /** The rooms that answers went to. */
  readonly posted: readonly string[];
  /** Who was let wait for what they would write next, by user id. */
  readonly waited: readonly string[];
}

/** An account as it is after it started, with the names in its configuration looked up. */
export async function openJudge({
  cfg,
  rest,
  threads,
  siblings,
  botUserId,
  paired,
  pins,
}: Circumstances): Promise<Judge> {
  const places = createPlaces({
    rooms: createRoomLookup({ fetchRoom: (id) => fetchRoom(rest, id), now: () => 0 }),
    rest,
    decides: (id) => live.read().rooms.has(id),
    log,
    ...systemClock,
  });
  const known = createKnowledge({
    places,
    threads,
    matchesPattern: (message) => patterns.matches(message),
    fetchTeams: () => fetchTeamIds(rest, botUserId),
    fetchProfile: (id) => fetchProfile(rest, id),
    siblings,
    now: () => 0,
  });
  const names = createNameBook({
    rest,
    log,
    now: () => 0,
    pins: pins ?? new MemoryPins(),
    onLearned: () => {},
  });
  const live = followSettings({ readConfig: () => cfg, accountId: "default", bots: known.bots, names });
  const patterns = createPatternMatcher({
    core,
    readConfig: () => cfg,
    readSettings: live.read,
    findRoom: places.known,
  });
  await live.prepare();
  const grounds = { settings: live.read(), known };
  const heard: { senderId: string; text: string }[] = [];
  const posted: string[] = [];
  const waited: string[] = [];
  const companions = {
    ...NO_COMPANIONS,
    async handOn({ sender }: MessageFacts) {
      waited.push(sender.id);
      return false;
    },
  };

  return {
    ...grounds,
    heard,
    posted,
    waited,
    async judge(event) {
      const undecided = parentToLookUp(event, grounds);
      if (undecided !== undefined) await places.learn(undecided);
      const choke = receive(event, grounds);
      let said = "";
      const host = createHost(
        (input) =>
          resolveIngress(
            { core, cfg, accountId: "default", settings: grounds.settings, input },
            route,
            async () => [...(paired ?? [])],
          ),
        (what, input) => {
          said = what;
          if (what.startsWith("answered"))
            heard.push({ senderId: input.message.sender.id, text: input.text });
        },
      );
      const outcome = await runTurn(event, {
        host: { ...host, settings: () => grounds.settings },
        rooms: places,
        users: { named: async () => undefined },
        fetchMessage: async () => undefined,
        takeUp: async () => false,
        readRecent: async () => [],
        known,
        findRoot: async () => undefined,
        runs: createRuns(),
        companions,
        receivedAt: 0,
        now: () => 0,
        serverNow: () => 0,
        post: async ({ roomId }) => {
          posted.push(roomId);
          return "";
        },
        lookAround: async () => NOTHING_AROUND,
        fetchFiles: async () => NO_MESSAGE_FILES,
        discardFiles: async () => {},
      });
      if (outcome.kind === "dropped" && outcome.reason !== "pairing-pending") {
        return outcome.detail === undefined ? outcome.reason : `${outcome.reason}: ${outcome.detail}`;
      }
      if (choke.kind === "dropped") throw new Error(`dropped at once (${choke.reason}), but not by the turn`);
      return said;
    },
  };
}

function createHost(
  resolve: (input: TurnInput) => ReturnType<typeof resolveIngress>,
  say: (what: string, input: TurnInput) => void,
): Pick<InboundHost, "openTurn"> {
  return {
    openTurn(input) {
      let reason = "";
      return {
        ...commandless,
        async resolveAccess() {
          const ingress = await resolve(input);
          reason = ingress.senderAccess.reasonCode;
          return readAccess(ingress);
        },
        async requestPairing() {
          say(`pairing: ${reason}`, input);
        },
        async dispatch(replies) {
          say(`answered: ${reason}`, input);
          await replies.post("an answer", input.message.threadId);
        },
        announce: () => {},
      };
    },
  };
}
