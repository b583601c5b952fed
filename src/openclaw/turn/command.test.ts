import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { resolveChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { describe, expect, it } from "vitest";
import { knowing } from "../../../test/support/knowledge.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import type { RoomFacts } from "../../facts/room.ts";
import type { AccountSettings } from "../../settings.ts";
import { NO_COMPANIONS } from "../../turn/companions.ts";
import type { HostTurn, InboundHost, TurnInput } from "../../turn/host.ts";
import { NO_MESSAGE_FILES } from "../../turn/media.ts";
import { createRuns } from "../../turn/runs.ts";
import { NOTHING_AROUND } from "../../turn/surroundings.ts";
import { runTurn } from "../../turn/turn.ts";
import { readAccess, resolveIngress } from "./access.ts";
import { authorizeCommand, type CommandTurn, stopSession } from "./command.ts";
import { inOrder, type SessionTurns } from "./order.ts";
import type { Route } from "./route.ts";
import type { TurnScope } from "./scope.ts";

const SENDERS = ["unknown", "allowed", "paired", "operator", "wildcard", "denied"] as const;
const PLACES = ["direct", "room", "thread", "group"] as const;
const COMMANDS = ["status", "model", "stop", "help", "deploy"] as const;
const LISTS = { unset: [], empty: [], listed: ["operator"], other: ["somebody"], everybody: ["*"] } as const;

type Sender = (typeof SENDERS)[number];
type Place = (typeof PLACES)[number];
type Word = (typeof COMMANDS)[number];
type List = keyof typeof LISTS;
type Outcome = "silent" | "code" | "answered" | "ran" | "refused" | "hint";

const ROOMS: Readonly<Record<Place, RoomFacts>> = {
  direct: { id: "dm", type: "d", chatType: "direct", label: undefined, name: undefined },
  room: { id: "town", type: "c", chatType: "channel", label: "town", name: "town" },
  thread: { id: "town", type: "c", chatType: "channel", label: "town", name: "town" },
  group: { id: "group", type: "d", chatType: "group", label: undefined, name: undefined },
};

/** `wildcard` gets in by `"*"` alone; `denied` may write directly and is not among the users of the room. */
function settingsFor(sender: Sender, list: List): AccountSettings {
  const listed = ["allowed", "operator", "denied"];
  return accountSettings({
    dmPolicy: sender === "wildcard" ? "open" : "pairing",
    allowFrom: sender === "wildcard" ? [...listed, "*"] : listed,
    dm: { enabled: true, groupEnabled: true, groupRooms: undefined },
    rooms: new Map([["town", { users: ["allowed", "operator", "wildcard", "paired"] }]]),
    commandAllowFrom: LISTS[list],
  });
}

/** What the rules say, written down apart from the code that follows them. */
function expected(sender: Sender, place: Place, word: Word, list: List): Outcome {
  const inRoom = place === "room" || place === "thread";
  if (sender === "unknown") return place === "direct" ? "code" : "silent";
  if (sender === "denied" && inRoom) return "silent";
  if (sender === "paired" && place === "group") return "silent";
  if (word === "deploy") return place === "direct" ? "hint" : "silent";
  if (word === "status" || word === "help") return "answered";
  if (list === "listed") return sender === "operator" ? "ran" : "refused";
  if (list === "other" || list === "everybody") return "refused";
  return place === "direct" && sender !== "wildcard" ? "ran" : "refused";
}

/** The host port with OpenClaw's own access decisions, and nothing behind them. */
function hostFor(settings: AccountSettings, commands: string[]): InboundHost {
  const core = { channel: { inbound: { ingress: { resolve: resolveChannelMessageIngress } } } };
  const route = { agentId: "main", turnSessionKey: "session" } as Route;
  const store = async () => ["paired"];
  const openTurn = (input: TurnInput): HostTurn => {
    const scope = {
      core: core as unknown as PluginRuntime,
      cfg: {},
      accountId: "default",
      settings,
      input,
    } as TurnScope;
    return {
      conversation: "c",
      resolveAccess: async () => readAccess(await resolveIngress(scope, route, store)),
      requestPairing: (send) => send("code"),
      announce: () => {},
      introduce: async () => {},
      findApproval: async () => undefined,
      atWork: (work) => work,
      transcribe: async () => undefined,
      takeRefusal: async () => false,
      authorizeCommand: async () => (await authorizeCommand(scope, route, store)).commandAccess.authorized,
      dispatch: async () => void commands.push("the model"),
      runOwnCommand: async (text, { post }) => {
        commands.push(text);
        await post("ran");
      },
      stop: async (tell) => void (await tell({ otherRun: false, dropped: 0 })),
      describe: async () => ({
        agent: "main",
        model: "demo/a",
        session: undefined,
        waiting: 0,
        link: { state: "ready", connectedAt: 0 },
      }),
      resolveApproval: async () => ({ kind: "decided", isTold: false }),
      selectModel: async () => undefined,
      listModels: async () => ({ current: "demo/a", choices: ["demo/a"] }),
    };
  };
  return { settings: () => settings, openTurn };
}

async function outcomeOf(cell: { sender: Sender; place: Place; word: Word; list: List }): Promise<Outcome> {
  const { sender, place, word, list } = cell;
  const room = ROOMS[place];
  const posted: string[] = [];
  const commands: string[] = [];
  const message = {
    _id: "m1",
    rid: room.id,
    msg: `!${word}`,
    ts: { $date: 1 },
    _updatedAt: { $date: 1 },
    u: { _id: sender, username: sender },
    ...(place === "thread" && { tmid: "m0" }),
  };
  const roomType = room.chatType === "channel" ? "c" : "d";
  await runTurn(
    { message, room: { roomParticipant: true, roomType } },
    {
      host: hostFor(settingsFor(sender, list), commands),
      rooms: { room: async () => room },
      users: { named: async () => undefined },
      fetchMessage: async () => undefined,
      takeUp: async () => false,
      readRecent: async () => [],
      lookAround: async () => NOTHING_AROUND,
      fetchFiles: async () => NO_MESSAGE_FILES,
      discardFiles: async () => {},
      known: knowing(),
      findRoot: async (_, messageId) => messageId,
      runs: createRuns(),
      companions: NO_COMPANIONS,
      receivedAt: 0,
      now: () => 0,
      serverNow: () => 0,
      post: async ({ threadId }, text) => {
        expect(threadId).toBe(place === "thread" ? "m0" : undefined);
        return String(posted.push(text));
      },
    },
  );
  expect(commands).toEqual([]);
  expect(posted.length).toBeLessThan(2);
  const [reply] = posted;
  if (reply === undefined) return "silent";
  if (reply === "code") return "code";
  if (/ is for /.test(reply)) return "refused";
  if (reply.startsWith("There is no command")) return "hint";
  return word === "status" || word === "help" ? "answered" : "ran";
}

describe("OpenClaw's command gate, asked our way", () => {
  for (const list of Object.keys(LISTS) as List[]) {
    describe(`with commandAllowFrom ${list}`, () => {
      for (const place of PLACES) {
        it.each(SENDERS)(`answers %s in a ${place} to every command as the rules say`, async (sender) => {
          const outcomes = await Promise.all(
            COMMANDS.map(async (word) => [word, await outcomeOf({ sender, place, word, list })]),
          );
          expect(outcomes).toEqual(COMMANDS.map((word) => [word, expected(sender, place, word, list)]));
        });
      }
    });
  }
});

const told = async (scope: object): Promise<unknown[]> => {
  const facts: unknown[] = [];
  // OpenClaw is out of reach, so that asking it for its own stop would fail.
  const turn = { route: { turnSessionKey: "session" } } as CommandTurn;
  const input = { message: { id: "stop", sentAt: 10 } };
  const whole = { turns: new Map(), stopped: new Set(), countWaiting: async () => 2, input, ...scope };
  await stopSession(whole as unknown as TurnScope, turn, async (fact) => facts.push(fact));
  return facts;
};

it("tells of a stop that is tried again, and lets go on what was asked since", async () => {
  const turns: SessionTurns = new Map();
  const later = { sessionKey: "session", sentAt: 20, endsOthers: false };
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  const run = inOrder(turns, { ...later, mayJoin: () => false, onWaiting: () => {} }, () => promise);
  expect(await told({ turns })).toEqual([{ otherRun: false, dropped: 2 }]);
  answer();
  await run;
});

it("asks OpenClaw once for a stop, however often it is tried to tell of it", async () => {
  expect(await told({ stopped: new Set(["stop"]) })).toEqual([{ otherRun: false, dropped: 2 }]);
  await expect(told({})).rejects.toThrow();
});
