import fc from "fast-check";
import { expect, it } from "vitest";
import { RestError } from "../../src/errors.ts";
import type { RawMessageEvent } from "../../src/intake/receive.ts";
import type { RestClient } from "../../src/rest/client.ts";
import { openJudge } from "./judge.ts";
import { mayReachAgent, type PlainMessage, type PlainRoom, type PlainSection } from "./naive.ts";

const HEX = "6a0d1b2c3d4e5f60718293";
const idOf = (number: number): string => `${HEX}${number.toString(16).padStart(2, "0")}`;

/** The people by name; all but the names are ids of the server's form. */
const PEOPLE = { alice: idOf(1), bob: idOf(2), carol: idOf(3), sibling: idOf(4), secretBot: idOf(5) };
const ROOMS: readonly PlainRoom[] = [
  { id: idOf(16), kind: "direct", parent: undefined, joined: true },
  { id: idOf(17), kind: "group", parent: undefined, joined: true },
  { id: idOf(18), kind: "channel", parent: undefined, joined: true },
  { id: idOf(19), kind: "channel", parent: undefined, joined: true },
  { id: idOf(20), kind: "channel", parent: idOf(18), joined: true },
  { id: idOf(21), kind: "channel", parent: undefined, joined: false },
  { id: idOf(22), kind: "channel", parent: undefined, claimed: idOf(18), joined: true },
];
const BOTS = [PEOPLE.sibling, PEOPLE.secretBot];

const person = fc.constantFrom(...Object.values(PEOPLE));
const people = fc.uniqueArray(fc.oneof({ weight: 5, arbitrary: person }, fc.constantFrom("*", "@ghost")), {
  maxLength: 3,
});
const roomId = fc.constantFrom(...ROOMS.map(({ id }) => id));
const allowBots = fc.constantFrom<boolean | "mentions">(false, false, true, "mentions");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const entry = fc
  .record({
    enabled: maybe(fc.boolean()),
    requireMention: maybe(fc.boolean()),
    users: maybe(people),
    allowBots: maybe(allowBots),
    ignoreOtherMentions: maybe(fc.boolean()),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

const section: fc.Arbitrary<PlainSection> = fc.record({
  dm: fc.record({
    enabled: fc.constantFrom(true, true, false),
    groupEnabled: fc.boolean(),
    groupRooms: maybe(fc.uniqueArray(roomId, { maxLength: 2 })),
  }),
  dmPolicy: fc.constantFrom("pairing", "allowlist", "open", "disabled"),
  allowFrom: people,
  groupPolicy: fc.constantFrom("allowlist", "allowlist", "open", "disabled"),
  groupAllowFrom: maybe(people),
  rooms: fc.dictionary(fc.oneof(roomId, fc.constant("*")), entry, { maxKeys: 3 }),
  requireMention: fc.boolean(),
  allowBots,
  implicitMentions: fc.record({
    replyToBot: fc.boolean(),
    quotedBot: fc.boolean(),
    threadParticipation: fc.boolean(),
  }),
});

const message: fc.Arbitrary<PlainMessage> = fc.record({
  sender: fc.oneof({ weight: 9, arbitrary: person }, fc.constant("bot")),
  integration: fc.constantFrom(false, false, false, true),
  room: fc.constantFrom(...ROOMS),
  text: fc.constantFrom("", "@labbot", "`@labbot`", "@carol", "robot"),
  mentions: fc.uniqueArray(fc.constantFrom("bot", "carol", "all", "team-own", "team-foreign"), {
    maxLength: 2,
  }),
  thread: fc.constantFrom("none", "none", "author", "participant", "foreign"),
  quotesBot: fc.constantFrom(false, false, true),
});

const MENTIONS = {
  bot: { _id: "bot", username: "labbot", type: "user" },
  carol: { _id: PEOPLE.carol, username: "carol", type: "user" },
  all: { _id: "all", username: "all" },
  "team-own": { _id: "team-own", name: "own", type: "team" },
  "team-foreign": { _id: "team-foreign", name: "foreign", type: "team" },
};

function eventOf({
  sender,
  integration,
  room,
  text,
  mentions,
  thread,
  quotesBot,
}: PlainMessage): RawMessageEvent {
  const roomName = (room.parent ?? room.claimed) === undefined ? `name-of-${room.id}` : idOf(99);
  return {
    message: {
      _id: "m1",
      rid: room.id,
      msg: `${text} words`,
      ts: { $date: 1 },
      _updatedAt: { $date: 1 },
      u: { _id: sender, username: "labbot" },
      mentions: mentions.map((who) => MENTIONS[who]),
      ...(integration && { bot: { i: "hook" } }),
      ...(thread !== "none" && { tmid: thread }),
      ...(quotesBot && {
        attachments: [{ message_link: "https://x/?msg=1", author_icon: "/avatar/labbot" }],
      }),
    },
    room: {
      roomParticipant: room.joined,
      roomType: room.kind === "channel" ? "c" : "d",
      ...(room.kind === "channel" && { roomName }),
    },
  };
}

/** The server's answers about this world. */
const rest: RestClient = {
  async get(path, query = {}) {
    const room = ROOMS.find(({ id }) => id === query.roomId);
    if (path === "v1/rooms.info" && room !== undefined) {
      const uids = { direct: ["bot", "x"], group: ["bot", "x", "y"], channel: undefined }[room.kind];
      return {
        room: { _id: room.id, t: uids ? "d" : "c", uids, prid: room.parent ?? room.claimed, name: room.id },
      };
    }
    if (path === "v1/chat.getDiscussions") {
      const found = ROOMS.filter(({ parent }) => parent !== undefined && parent === query.roomId);
      return { messages: found.map(({ id, parent }) => ({ rid: parent, drid: id })), total: found.length };
    }
    if (path === "v1/subscriptions.get") return { update: [] };
    if (path === "v1/users.listTeams") return { teams: [{ _id: "team-own" }] };
    if (path === "v1/users.info" && query.username === undefined)
      return { user: { _id: query.userId, roles: query.userId === PEOPLE.secretBot ? ["bot"] : ["user"] } };
    throw new RestError("no such thing", { status: 400, endpoint: path, serverCode: "not-found" });
  },
  post: () => Promise.reject(new Error("nothing is posted")),
};

it("hands to the agent what the plain rules allow, and nothing else", async () => {
  let allowed = 0;
  await fc.assert(
    fc.asyncProperty(
      section,
      message,
      fc.uniqueArray(person, { maxLength: 2 }),
      async (keys, said, paired) => {
        const account = {
          serverUrl: "https://chat.example.org",
          userId: "bot",
          username: "labbot",
          pat: "x",
        };
        const messages = { groupChat: { mentionPatterns: ["\\brobot\\b"] } };
        const judge = await openJudge({
          cfg: { messages, channels: { rocketchat: { ...account, ...keys } } },
          botUserId: "bot",
          rest,
          threads: {
            role: (id) => (id === "author" || id === "participant" ? id : undefined),
            noteOwnMessage: () => {},
          },
          siblings: new Set([PEOPLE.sibling]),
          paired,
        });
        const verdict = await judge.judge(eventOf(said));
        const expected = mayReachAgent(said, keys, { bots: BOTS, paired });
        if (expected) allowed += 1;
        expect({ verdict, reached: verdict.startsWith("answered") }).toEqual({ verdict, reached: expected });
      },
    ),
    { numRuns: 1500 },
  );
  // The worlds are random: some 125 of them allow, give or take 11. This only asks that the rule was tried.
  expect(allowed).toBeGreaterThan(40);
});
