import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { describe, expect, it } from "vitest";
import { roomFacts } from "../../../../test/support/room.ts";
import { accountSettings } from "../../../../test/support/settings.ts";
import type { ChatType } from "../../../facts/room.ts";
import { resolveReplyToMode } from "../../../policy/reply-place.ts";
import type { AccountSettings, ReplyToMode, RoomSettings } from "../../../settings.ts";
import { resolveRoute } from "../route.ts";
import { type PlacedReply, planReplies } from "./plan.ts";

const message = (threadId?: string) => ({
  id: "Message1",
  roomId: "Room1",
  text: "hello",
  sentAt: 1,
  updatedAt: 1,
  sender: { id: "Alice", username: "alice", name: undefined },
  fromIntegration: false,
  systemType: undefined,
  threadId,
  mentions: [],
  quotedUsernames: [],
  edited: undefined,
  files: [],
});

type Place = "top level" | "in a thread";
type Changes = Partial<AccountSettings>;

function turn(
  chatType: ChatType,
  place: Place,
  changes: Changes,
  more: { cfg?: OpenClawConfig; mentioned?: boolean } = {},
) {
  const settings = accountSettings(changes);
  const room = roomFacts({ id: "Room1", chatType });
  const input = {
    message: message(place === "in a thread" ? "Root1" : undefined),
    room,
    text: "hello",
    wasMentioned: more.mentioned ?? chatType !== "direct",
    implicitMentions: [],
  };
  const route = resolveRoute({ cfg: more.cfg ?? {}, accountId: "default", settings, input });
  const unknown: unknown[] = [];
  const plan = planReplies({
    message: input.message,
    mode: resolveReplyToMode(settings, room),
    threadId: input.message.threadId,
    hasReplied: { value: false },
    findRoot: async (id) => {
      if (id === "away") throw new Error("the server is away");
      return id.startsWith("here") ? `root of ${id}` : undefined;
    },
    onUnknownRoot: (error) => void unknown.push(error),
  });
  return { route, plan, unknown };
}

async function placesOf(plan: ReturnType<typeof planReplies>, replies: readonly PlacedReply[]) {
  const places: string[] = [];
  for (const reply of replies) places.push((await plan.place(reply)) ?? "top");
  return places;
}

const final: PlacedReply = { kind: "final" };
const byType = (types: AccountSettings["replyToModeByChatType"]): Changes => ({
  replyToModeByChatType: types,
});
const mode = (replyToMode: ReplyToMode): Changes => ({ replyToMode });
const inRoom = (room: RoomSettings): Changes => ({ rooms: new Map([["Room1", room]]) });
const inAnyRoom = (room: RoomSettings): Changes => ({ rooms: new Map([["*", room]]) });

const MAIN = "agent:main:main";
const ROOM = "agent:main:rocketchat:channel:room1";
const GROUP = "agent:main:rocketchat:group:room1";
const ofRoot = (base: string): string => `${base}:thread:root1`;
const ofMessage = (base: string): string => `${base}:thread:message1`;
const TOP = ["top", "top"];
const FIRST = ["Message1", "top"];
const ALL = ["Message1", "Message1"];
const ROOT = ["Root1", "Root1"];

/** What Slack's documentation says of the same case: the session, and where the first two replies go. */
type Row = readonly [ChatType, Place, Changes, string, readonly string[]];

const TOP_LEVEL: readonly Row[] = [
  // A direct message is the main session, wherever the reply goes.
  ["direct", "top level", {}, MAIN, TOP],
  ["direct", "top level", mode("off"), MAIN, TOP],
  ["direct", "top level", mode("first"), MAIN, FIRST],
  ["direct", "top level", mode("all"), MAIN, ALL],
  ["direct", "top level", mode("batched"), MAIN, FIRST],
  // A group DM has its session; a question at top level starts no thread session.
  ["group", "top level", {}, GROUP, TOP],
  ["group", "top level", mode("off"), GROUP, TOP],
  ["group", "top level", mode("first"), GROUP, FIRST],
  ["group", "top level", mode("all"), GROUP, ALL],
  ["group", "top level", mode("batched"), GROUP, FIRST],
  // In a room, a mention that a thread is to start under belongs to that thread already.
  ["channel", "top level", {}, ROOM, TOP],
  ["channel", "top level", mode("off"), ROOM, TOP],
  ["channel", "top level", mode("first"), ofMessage(ROOM), FIRST],
  ["channel", "top level", mode("all"), ofMessage(ROOM), ALL],
  ["channel", "top level", mode("batched"), ofMessage(ROOM), FIRST],
];

const IN_THREADS: readonly Row[] = [
  // Replies in a thread stay there, whatever the mode.
  ["direct", "in a thread", {}, MAIN, ROOT],
  ["direct", "in a thread", mode("off"), MAIN, ROOT],
  ["direct", "in a thread", mode("first"), MAIN, ROOT],
  ["direct", "in a thread", mode("all"), MAIN, ROOT],
  ["direct", "in a thread", mode("batched"), MAIN, ROOT],
  ["group", "in a thread", {}, ofRoot(GROUP), ROOT],
  ["group", "in a thread", mode("off"), ofRoot(GROUP), ROOT],
  ["group", "in a thread", mode("first"), ofRoot(GROUP), ROOT],
  ["group", "in a thread", mode("all"), ofRoot(GROUP), ROOT],
  ["group", "in a thread", mode("batched"), ofRoot(GROUP), ROOT],
  ["channel", "in a thread", {}, ofRoot(ROOM), ROOT],
  ["channel", "in a thread", mode("off"), ofRoot(ROOM), ROOT],
  ["channel", "in a thread", mode("first"), ofRoot(ROOM), ROOT],
  ["channel", "in a thread", mode("all"), ofRoot(ROOM), ROOT],
  ["channel", "in a thread", mode("batched"), ofRoot(ROOM), ROOT],
];

const BY_CHAT_TYPE: readonly Row[] = [
  // The chat type's mode is before the account's, and for its own type alone.
  ["direct", "top level", { ...mode("off"), ...byType({ direct: "all" }) }, MAIN, ALL],
  ["direct", "top level", { ...mode("all"), ...byType({ direct: "off" }) }, MAIN, TOP],
  ["direct", "top level", { ...mode("off"), ...byType({ direct: "first" }) }, MAIN, FIRST],
  ["direct", "top level", { ...mode("off"), ...byType({ channel: "all", group: "all" }) }, MAIN, TOP],
  ["direct", "in a thread", byType({ direct: "off" }), MAIN, ROOT],
  ["group", "top level", { ...mode("off"), ...byType({ group: "all" }) }, GROUP, ALL],
  ["group", "top level", { ...mode("all"), ...byType({ group: "off" }) }, GROUP, TOP],
  ["group", "top level", { ...mode("off"), ...byType({ direct: "all", channel: "all" }) }, GROUP, TOP],
  ["group", "in a thread", byType({ group: "off" }), ofRoot(GROUP), ROOT],
  ["channel", "top level", { ...mode("off"), ...byType({ channel: "all" }) }, ofMessage(ROOM), ALL],
  ["channel", "top level", { ...mode("all"), ...byType({ channel: "off" }) }, ROOM, TOP],
  ["channel", "top level", { ...mode("off"), ...byType({ channel: "first" }) }, ofMessage(ROOM), FIRST],
  ["channel", "top level", { ...mode("all"), ...byType({ channel: "batched" }) }, ofMessage(ROOM), FIRST],
  ["channel", "top level", { ...mode("off"), ...byType({ direct: "all", group: "all" }) }, ROOM, TOP],
  ["channel", "in a thread", byType({ channel: "off" }), ofRoot(ROOM), ROOT],
];

const BY_ROOM: readonly Row[] = [
  // The room's own mode is before both; direct messages and group DMs have none.
  ["channel", "top level", inRoom({ replyToMode: "all" }), ofMessage(ROOM), ALL],
  ["channel", "top level", { ...mode("all"), ...inRoom({ replyToMode: "off" }) }, ROOM, TOP],
  [
    "channel",
    "top level",
    { ...byType({ channel: "all" }), ...inRoom({ replyToMode: "first" }) },
    ofMessage(ROOM),
    FIRST,
  ],
  ["channel", "top level", { ...byType({ channel: "first" }), ...inRoom({ replyToMode: "off" }) }, ROOM, TOP],
  ["channel", "top level", inAnyRoom({ replyToMode: "all" }), ofMessage(ROOM), ALL],
  ["channel", "top level", { ...mode("all"), ...inAnyRoom({}) }, ofMessage(ROOM), ALL],
  ["channel", "in a thread", inRoom({ replyToMode: "off" }), ofRoot(ROOM), ROOT],
  ["channel", "in a thread", inRoom({ replyToMode: "first" }), ofRoot(ROOM), ROOT],
  ["direct", "top level", inRoom({ replyToMode: "all" }), MAIN, TOP],
  ["direct", "top level", inAnyRoom({ replyToMode: "all" }), MAIN, TOP],
  ["group", "top level", inRoom({ replyToMode: "all" }), GROUP, TOP],
  ["group", "top level", inAnyRoom({ replyToMode: "all" }), GROUP, TOP],
  // The window of recent messages is no part of the session's key.
  [
    "channel",
    "in a thread",
    { thread: { ...accountSettings().thread, historyScope: "channel" } },
    ofRoot(ROOM),
    ROOT,
  ],
  [
    "group",
    "in a thread",
    { thread: { ...accountSettings().thread, inheritParent: true } },
    ofRoot(GROUP),
    ROOT,
  ],
];

describe.each([
  ["by the account's mode", TOP_LEVEL],
  ["in threads", IN_THREADS],
  ["by the chat type's mode", BY_CHAT_TYPE],
  ["by the room's mode", BY_ROOM],
])("session and reply place %s", (_, rows) => {
  it.each(rows)("%s, %s, %j: session %s, replies %j", async (chatType, place, changes, session, places) => {
    const { route, plan } = turn(chatType, place, changes);
    expect(route.turnSessionKey).toBe(session);
    expect(await placesOf(plan, [final, final])).toEqual(places);
  });
});

describe("a top-level message of a room", () => {
  it.each([
    ["mentioned", true, {}, ofMessage(ROOM)],
    ["not mentioned, as a command", false, {}, ROOM],
    ["not mentioned where no mention is needed", false, inRoom({ requireMention: false }), ofMessage(ROOM)],
    [
      "not mentioned, in a room that says off",
      false,
      inRoom({ requireMention: false, replyToMode: "off" }),
      ROOM,
    ],
  ] as const)("%s seeds its thread's session: %s, %j", (_, mentioned, changes, session) => {
    const { route } = turn("channel", "top level", { ...mode("all"), ...changes }, { mentioned });
    expect(route.turnSessionKey).toBe(session);
  });

  it("is of the same session as the follow-up in its thread", () => {
    const question = turn("channel", "top level", mode("all")).route.turnSessionKey;
    const followUp = { ...message("Message1"), id: "Message2" };
    const input = {
      message: followUp,
      room: roomFacts({ id: "Room1" }),
      text: "",
      wasMentioned: false,
      implicitMentions: [],
    };
    const route = resolveRoute({
      cfg: {},
      accountId: "default",
      settings: accountSettings(mode("all")),
      input,
    });
    expect(route.turnSessionKey).toBe(question);
  });
});

describe("a thread's parent", () => {
  const inherit = { thread: { ...accountSettings().thread, inheritParent: true } };
  it.each([
    ["channel", {}, undefined],
    ["channel", inherit, ROOM],
    ["group", inherit, GROUP],
    ["direct", inherit, undefined],
  ] as const)("%s, %j: %s", (chatType, changes, parent) => {
    expect(turn(chatType, "in a thread", changes).route.parentSessionKey).toBe(parent);
  });
});

describe("tags of the agent", () => {
  const current: PlacedReply = {
    kind: "final",
    replyToId: "Message1",
    replyToTag: true,
    replyToCurrent: true,
  };
  const named = (id: string): PlacedReply => ({ kind: "final", replyToId: id, replyToTag: true });
  it.each<[Place, ReplyToMode, readonly PlacedReply[], readonly string[]]>([
    ["top level", "off", [current], ["top"]],
    ["top level", "off", [named("here1")], ["top"]],
    ["top level", "first", [current, final], ["Message1", "top"]],
    ["top level", "all", [named("here1"), final], ["root of here1", "Message1"]],
    ["top level", "first", [named("here1"), final], ["root of here1", "top"]],
    ["top level", "all", [named("elsewhere")], ["Message1"]],
    ["in a thread", "off", [current, named("here1")], ROOT],
    ["in a thread", "all", [named("here1"), final], ROOT],
  ])("%s, %s: %j goes to %j", async (place, replyToMode, replies, places) => {
    const { plan } = turn("channel", place, mode(replyToMode));
    expect(await placesOf(plan, replies)).toEqual(places);
  });

  it("loses no reply for what cannot be looked up, and tells of it", async () => {
    const { plan, unknown } = turn("channel", "top level", mode("first"));
    expect(await placesOf(plan, [named("away")])).toEqual(["Message1"]);
    expect(unknown).toEqual([new Error("the server is away")]);
  });

  it("keeps the blocks of one answer together", async () => {
    const { plan } = turn("channel", "top level", mode("first"));
    const block: PlacedReply = { kind: "block" };
    expect(await placesOf(plan, [block, block, final])).toEqual(["Message1", "Message1", "top"]);
  });

  it("counts what the message tool sent before as the first reply", async () => {
    const hasReplied = { value: true };
    const plan = planReplies({
      message: message(),
      mode: "first",
      threadId: undefined,
      hasReplied,
      findRoot: async () => undefined,
      onUnknownRoot: () => {},
    });
    expect(await placesOf(plan, [final])).toEqual(["top"]);
  });
});

describe("bindings", () => {
  interface Match {
    accountId: string;
    peer?: { kind: ChatType; id: string };
  }
  const binding = (agentId: string, match: Match) => ({
    agentId,
    match: { channel: "rocketchat", ...match },
  });
  // Assigned, since under exact optional properties the SDK's type of a binding knows no routes.
  const bound = (match: Match): OpenClawConfig =>
    Object.assign<OpenClawConfig, object>(
      {},
      {
        agents: { list: [{ id: "main" }, { id: "ops" }] },
        bindings: [binding("main", { accountId: "*" }), binding("ops", match)],
      },
    );
  it.each([
    ["an account", { accountId: "default" }, "channel", "agent:ops:rocketchat:channel:room1"],
    ["another account", { accountId: "second" }, "channel", ROOM],
    [
      "a room",
      { accountId: "*", peer: { kind: "channel", id: "Room1" } },
      "channel",
      "agent:ops:rocketchat:channel:room1",
    ],
    ["another room", { accountId: "*", peer: { kind: "channel", id: "Room2" } }, "channel", ROOM],
    [
      "a group DM",
      { accountId: "*", peer: { kind: "group", id: "Room1" } },
      "group",
      "agent:ops:rocketchat:group:room1",
    ],
    ["a user", { accountId: "*", peer: { kind: "direct", id: "Alice" } }, "direct", "agent:ops:main"],
    ["another user", { accountId: "*", peer: { kind: "direct", id: "Bob" } }, "direct", MAIN],
  ] as const)("by %s", (_, match, chatType, session) => {
    expect(turn(chatType, "top level", {}, { cfg: bound(match) }).route.turnSessionKey).toBe(session);
  });
});
