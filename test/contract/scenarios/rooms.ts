// Owns the scenarios about rooms: direct rooms, discussions, a room over its life, its past, what can be looked up.
import { type Actor, type Message, MISSING } from "../actor.ts";

import { type JsonObject, textAt } from "../recording/json.ts";
import type { Answer } from "../recording/recording.ts";
import type { Scenario } from "../scenario.ts";

const roomIn = ({ body }: Answer) => textAt(body, "room", "_id") ?? MISSING;

export const directMessage: Scenario = {
  name: "direct-message",
  about: "A direct room in both directions, and the bot's own with itself",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    await bot.listen({ user: ["notification"] });
    const roomId = await stage.openDirect(alice, bot);
    await stage.parts({
      "alice to bot": () => alice.say(roomId, "hello bot"),
      "alice mentions the bot in the direct message": () => alice.say(roomId, "@labbot hello"),
      "bot answers by room id": () => bot.write(roomId, "hello alice"),
      "bot answers by @name": () =>
        bot.post("chat.postMessage", { channel: "@alice", text: "hello by name" }),
      "bot to itself": () => bot.post("chat.postMessage", { channel: "@labbot", text: "to myself" }),
      "rooms.info of the direct message": async () => {
        await bot.get("rooms.info", { roomId });
        await bot.get("im.history", { roomId, count: 2 });
      },
    });
  },
};

export const groupDm: Scenario = {
  name: "group-dm",
  about: "A direct room of three",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    await bot.listen({ user: ["subscriptions-changed"] });
    await stage.phase("alice opens it");
    const roomId = await stage.openDirect(alice, bot, bob);
    stage.afterwards(() => stage.admin.post("im.delete", { roomId }, { quiet: true }));
    await stage.parts({
      "alice speaks": () => alice.say(roomId, "hello both"),
      "bob mentions the bot": () => bob.say(roomId, "@labbot and you?"),
      "bob mentions alice": () => bob.say(roomId, "@alice and you?"),
      "bot answers": () => bot.write(roomId, "fine"),
      "bot answers in a thread": async () => {
        const { id: tmid } = await bob.say(roomId, "a thread here");
        await bot.write(roomId, "threaded", { tmid });
      },
      lookups: async () => {
        await bot.get("rooms.info", { roomId });
        await bot.get("im.members", { roomId });
        await bot.get("im.history", { roomId, count: 2 });
      },
      "the same three again, other order": () => stage.openDirect(bob, alice, bot),
      "an outsider": async () => {
        await mallory.say(roomId, "let me in");
        await mallory.get("im.history", { roomId });
      },
    });
  },
};

export const dmLifecycle: Scenario = {
  name: "dm-lifecycle",
  about: "im.create in all its forms; a direct room closed, opened, blocked, deleted",
  needsAdmin: true,
  async play(stage) {
    const { bot, bob, admin } = stage;
    await stage.phase("setup");
    const other = await stage.createUser({ label: "dmuser" });
    const { username } = other;
    await bot.listen({ user: ["subscriptions-changed", "rooms-changed"] });
    const create = (body: JsonObject, who: Actor = bot) => who.post("im.create", body);
    const createFor = (...usernames: string[]) => create({ usernames: usernames.join(",") });
    const remove = (roomId: string) => admin.post("im.delete", { roomId });
    await stage.phase("new");
    const roomId = roomIn(await create({ username }));
    let pair = MISSING;
    let trio = MISSING;
    await stage.parts({
      existing: () => create({ username }),
      "existing, from the other side": () => create({ username: "labbot" }, other),
      "first message of the other": () => other.say(roomId, "hello"),
      "unknown user": () => create({ username: "no.such.user" }),
      "one unknown of two": async () => {
        pair = roomIn(await createFor(username, "no.such.user"));
      },
      oneself: () => create({ username: "labbot" }),
      "no user": () => create({}),
      several: async () => {
        trio = roomIn(await createFor(username, "alice"));
      },
      "several, existing, other order": () => createFor("alice", username),
      "several, the bot named too": () => createFor("alice", username, "labbot"),
      "extra keys": () => create({ username, excludeSelf: true }),
      "upper case": () => create({ username: "ALICE" }),
      "close and speak": async () => {
        await bot.post("im.close", { roomId });
        await stage.settle();
        await other.say(roomId, "are you gone?");
      },
      open: () => bot.post("im.open", { roomId }),
      "somebody else reads it": async () => {
        await bob.get("im.history", { roomId });
        await bob.get("rooms.info", { roomId });
      },
    });
    await stage.phase("block");
    const d = await other.ddp();
    await d.call("blockUser", { rid: roomId, blocked: bot.userId });
    await stage.parts({
      "bot writes to the one who blocked it": async () => {
        await bot.write(roomId, "blocked?");
        await d.call("unblockUser", { rid: roomId, blocked: bot.userId });
      },
      delete: async () => {
        await remove(roomId);
        await remove(trio);
        stage.afterwards(() => admin.post("im.delete", { roomId: pair }, { quiet: true }));
      },
      "after the delete": () => bot.write(roomId, "to nowhere"),
    });
  },
};

export const discussion: Scenario = {
  name: "discussion",
  about: "Discussions made from a room and from a message, with the bot and without it",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen({ user: ["subscriptions-changed"] });
    const room = await stage.createRoom({ members: [bot, bob], name: "disc" });
    const { id: pmid } = await alice.say(room.id, "discuss this");
    const create = async (body: JsonObject) => {
      const answer = await alice.post("rooms.createDiscussion", { prid: room.id, ...body });
      const roomId = textAt(answer.body, "discussion", "_id") ?? MISSING;
      stage.afterwards(() => alice.post("rooms.delete", { roomId }, { quiet: true }));
      return roomId;
    };
    let [first, second] = [MISSING, MISSING];
    await stage.parts({
      "alice makes a discussion with the bot": async () => {
        first = await create({ t_name: stage.name("disc-one"), users: ["labbot"], reply: "the first words" });
      },
      "alice speaks in it": () => alice.say(first, "in the discussion @labbot"),
      "bot answers in it": () => bot.write(first, "answer in the discussion"),
      lookup: async () => {
        await bot.get("rooms.info", { roomId: first });
        await bot.get("groups.history", { roomId: first, count: 3 });
      },
      "a discussion from a message, without the bot": async () => {
        second = await create({ pmid, t_name: stage.name("disc-two") });
      },
      "alice speaks in the second": () => alice.say(second, "the bot is not here"),
      "bot speaks in the second": () => bot.write(second, "may I?"),
      "alice mentions the bot in the second": () => alice.say(second, "come @labbot"),
      "delete the first": () => alice.post("rooms.delete", { roomId: first }),
    });
  },
};

export const roomLifecycle: Scenario = {
  name: "room-lifecycle",
  about: "A group and a channel from the invitation to the deletion, as the bot sees them",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const s = await bot.listen({ user: ["subscriptions-changed", "rooms-changed", "notification"] });
    const group = await stage.createRoom({ members: [bob], name: "life" });
    const act = (endpoint: string, body: JsonObject) =>
      alice.post(`groups.${endpoint}`, { roomId: group.id, ...body });
    const toBot = (endpoint: string) => () => act(endpoint, { userId: bot.userId });
    const speak = (text: string) => () => alice.say(group.id, text);
    await stage.parts({
      "message before the invitation": speak("the bot must not see this"),
      invite: toBot("invite"),
      message: speak("welcome @labbot"),
      "topic, announcement, description": async () => {
        await act("setTopic", { topic: "a topic" });
        await act("setAnnouncement", { announcement: "an announcement" });
        await act("setDescription", { description: "a description" });
      },
      rename: () => act("rename", { name: stage.name("life-renamed") }),
      "message after the rename": speak("new name"),
      "bot becomes moderator": toBot("addModerator"),
      kick: toBot("kick"),
      "message after the kick": speak("the bot must not see this either"),
      "bot posts after the kick": async () => {
        await bot.write(group.id, "still there?");
        await bot.get("groups.history", { roomId: group.id });
      },
      "re-invite": toBot("invite"),
      "message after the re-invitation": speak("welcome back"),
      "bot leaves": () => bot.post("groups.leave", { roomId: group.id }),
      "message after leaving": speak("gone again"),
    });
    await stage.phase("a public channel the bot has not joined");
    const channel = await stage.createRoom({ type: "c", name: "life-c" });
    const roomId = channel.id;
    const speakThere = (text: string) => () => alice.say(roomId, text);
    await stage.parts({
      "message in it": speakThere("seen from outside"),
      "bot joins": () => bot.post("channels.join", { roomId }),
      "message when joined": speakThere("seen from inside"),
      "kick from the channel": () => alice.post("channels.kick", { roomId, userId: bot.userId }),
      "message after the kick from the channel": speakThere("seen from outside again"),
      "channel becomes a group": async () => {
        await alice.post("channels.invite", { roomId, userId: bot.userId });
        await alice.post("channels.setType", { roomId, type: "p" });
      },
      "message in the converted room": speakThere("private now"),
      "hide and open": () => bot.post("rooms.hide", { roomId }),
      "message in the hidden room": speakThere("does it come back?"),
      "delete the room": () => alice.post("groups.delete", { roomId }),
      "lookup of the deleted room": async () => {
        await bot.get("rooms.info", { roomId });
        await s.call("rooms/get", { $date: Date.now() });
      },
    });
  },
};

const CLOCK_STEP_MS = 20;
/** Lets the clock move on, so that two dates differ. */
const tick = () => new Promise((resolve) => setTimeout(resolve, CLOCK_STEP_MS));
const now = async () => {
  await tick();
  const date = new Date().toISOString();
  await tick();
  return date;
};

export const history: Scenario = {
  name: "history",
  about: "Reading the past: histories, pages of them, threads in them, syncMessages, forbidden ones",
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    const c = await stage.createRoom({ type: "c", members: [bot], name: "hist-c" });
    const g = await stage.createRoom({ members: [bot], name: "hist-g" });
    const d = await stage.openDirect(alice, bot);
    const start = await now();
    const messages: Message[] = [];
    for (let i = 0; i < 6; i++) {
      messages.push(await alice.say(c.id, `message ${i}`));
      await tick();
    }
    const id = (index: number) => messages[index]?.id ?? MISSING;
    const ts = messages[3]?.ts;
    await alice.say(c.id, "reply", { tmid: id(1) });
    await alice.say(c.id, "reply shown", { tmid: id(1), tshow: true });
    await alice.say(g.id, "group 0");
    await alice.say(g.id, "group 1");
    const direct = await alice.say(d, "direct");
    const middle = await now();
    type Query = Record<string, string | number | undefined>;
    const read = (kind: string, roomId: string, query: Query = {}, who: Actor = bot) =>
      who.get(`${kind}.history`, { roomId, ...query });
    const sync = (query: Query, who: Actor = bot) => who.get("chat.syncMessages", query);
    await stage.parts({
      "channel, all": () => read("channels", c.id, { count: 50 }),
      "channel, with replies shown": () => read("channels", c.id, { count: 50, showThreadMessages: "true" }),
      "channel, without replies": () => read("channels", c.id, { count: 50, showThreadMessages: "false" }),
      "channel by name": () => bot.get("channels.history", { roomName: c.name, count: 1 }),
      paging: async () => {
        const pages: Query[] = [
          { count: 2 },
          { count: 2, offset: 2 },
          { count: 2, latest: ts },
          { count: 2, latest: ts, inclusive: "true" },
          { count: 2, oldest: ts },
          { count: 0 },
          { count: -1 },
          { count: "many" },
          { latest: "yesterday" },
          { count: 2, unreads: "true" },
        ];
        for (const page of pages) await read("channels", c.id, page);
      },
      "channels.messages": () => bot.get("channels.messages", { roomId: c.id, count: 2 }),
      group: () => read("groups", g.id, { count: 5 }),
      "direct message": async () => {
        await read("im", d, { count: 1 });
        await read("dm", d, { count: 1 });
      },
      "wrong kind": async () => {
        await read("groups", c.id);
        await read("channels", g.id);
        await read("im", g.id);
        await read("channels", d);
      },
      "forbidden and unknown": async () => {
        await read("groups", g.id, {}, mallory);
        await read("im", d, {}, mallory);
        await read("channels", c.id, { count: 1 }, mallory);
        await read("channels", "nosuchroom2345678");
        await bot.get("channels.history", {});
      },
      "syncMessages since the start": () => sync({ roomId: c.id, lastUpdate: start }),
      "edit, delete, react, then syncMessages": async () => {
        await alice.edit(c.id, id(0), "message 0, edited");
        await alice.erase(c.id, id(5));
        await alice.post("chat.react", { messageId: id(2), emoji: ":eyes:" });
        await sync({ roomId: c.id, lastUpdate: middle });
      },
      "syncMessages, errors": async () => {
        await sync({ roomId: c.id });
        await sync({ roomId: c.id, lastUpdate: "yesterday" });
        await sync({ lastUpdate: start });
        await sync({ roomId: g.id, lastUpdate: start }, mallory);
      },
      "DDP loadHistory and loadMissedMessages": async () => {
        const s = await bot.ddp();
        await s.call("loadHistory", c.id, null, 2, null);
        await s.call("loadMissedMessages", c.id, { $date: Date.parse(middle) });
        await s.call("loadHistory", "nosuchroom2345678", null, 2, null);
      },
      "mark as read": async () => {
        await bot.post("subscriptions.read", { rid: c.id });
        await alice.erase(d, direct.id);
      },
    });
  },
};

export const lookups: Scenario = {
  name: "lookups",
  about: "Everything a bot may look up; lists of the whole server by their keys only",
  alone: true,
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    const r = await stage.createRoom({
      type: "c",
      members: [bot],
      name: "look",
      extra: { extraData: { topic: "x" } },
    });
    const p = await stage.createRoom({ members: [bot], name: "look-p" });
    const loose = { loose: true };
    const anonymous = { login: "none" as const };
    const [inRoom, inGroup] = [{ roomId: r.id }, { roomId: p.id }];
    const future = "2034-01-01T00:00:00.000Z";
    type Lookup = [endpoint: string, query?: Record<string, string | number>];
    const look = async (...calls: Lookup[]) => {
      for (const [endpoint, query] of calls) await bot.get(endpoint, query);
    };
    const lookLoosely = async (...calls: Lookup[]) => {
      for (const [endpoint, query] of calls) await bot.get(endpoint, query, loose);
    };
    await stage.parts({
      info: async () => {
        await bot.get("/api/info", undefined, anonymous);
        await bot.get("info");
        await bot.get("info", undefined, anonymous);
        await bot.get("/api/v1", undefined, anonymous);
      },
      me: async () => {
        await bot.get("me");
        await alice.get("me");
      },
      "users.info": () =>
        look(
          ["users.info", { username: "alice" }],
          ["users.info", { userId: alice.userId }],
          ["users.info", { username: "labbot" }],
          ["users.info", { username: "no.such.user" }],
          ["users.info", { userId: "nosuchuser2345678" }],
          ["users.info"],
          ["users.info", { username: "ALICE" }],
        ),
      "users.list and others": async () => {
        await bot.get("users.list", { count: 2 }, loose);
        await alice.get("users.list", { count: 2 }, loose);
        await lookLoosely(
          ["users.autocomplete", { selector: JSON.stringify({ term: "ali" }) }],
          ["users.getAvatarSuggestion"],
          ["users.getPreferences"],
        );
        await look(
          ["users.getStatus", { username: "alice" }],
          ["users.getPresence", { userId: alice.userId }],
          ["users.presence", { ids: alice.userId }],
        );
      },
      "rooms.info": async () => {
        await look(["rooms.info", inRoom], ["rooms.info", { roomName: r.name }], ["rooms.info", inGroup]);
        await mallory.get("rooms.info", inGroup);
        await mallory.get("rooms.info", inRoom);
        await look(
          ["rooms.info", { roomId: "nosuchroom2345678" }],
          ["rooms.info", { roomName: "no-such-room" }],
          ["rooms.info"],
        );
      },
      "rooms.get, subscriptions.get": async () => {
        await lookLoosely(["rooms.get"]);
        await look(["rooms.get", { updatedSince: future }], ["rooms.get", { updatedSince: "yesterday" }]);
        await lookLoosely(["subscriptions.get"]);
        await look(["subscriptions.get", { updatedSince: future }], ["subscriptions.getOne", inRoom]);
        await mallory.get("subscriptions.getOne", inRoom);
      },
      "channels, groups, im": async () => {
        await look(
          ["channels.info", inRoom],
          ["channels.info", { roomName: "no-such-room" }],
          ["groups.info", inGroup],
          ["groups.info", inRoom],
        );
        for (const list of ["channels.list", "channels.list.joined", "groups.list", "im.list"]) {
          await lookLoosely([list, { count: 2 }]);
        }
      },
      members: async () => {
        await look(["channels.members", inRoom], ["groups.members", inGroup]);
        await mallory.get("groups.members", inGroup);
        await look(["channels.roles", inRoom], ["channels.moderators", inRoom]);
      },
      "settings.public": () =>
        lookLoosely(
          ["settings.public", { _id: "Message_MaxAllowedSize" }],
          ["settings.public", { query: JSON.stringify({ _id: "Message_MaxAllowedSize" }) }],
          ["settings.public", { _id: "no.such.setting" }],
        ),
      emoji: () => lookLoosely(["emoji-custom.list"]),
      "directory and spotlight": () =>
        lookLoosely(
          ["directory", { query: JSON.stringify({ text: "ali", type: "users" }) }],
          ["directory", { text: "look", type: "channels" }],
          ["spotlight", { query: "alice" }],
          ["spotlight", { query: "#rec-look" }],
          ["spotlight"],
        ),
      messages: async () => {
        const { id: msgId } = await alice.say(r.id, "find me");
        await look(
          ["chat.getMessage", { msgId }],
          ["chat.getMessage", { msgId: "nosuchmessage2345" }],
          ["chat.getMessage"],
        );
        await mallory.get("chat.getMessage", { msgId });
        await look(
          ["chat.search", { ...inRoom, searchText: "find" }],
          ["chat.getMentionedMessages", inRoom],
          ["chat.getDiscussions", inRoom],
        );
      },
      "permissions and commands": () =>
        lookLoosely(
          ["roles.list"],
          ["commands.get", { command: "me" }],
          [
            "rooms.autocomplete.channelAndPrivate",
            { selector: JSON.stringify({ name: stage.name("look") }) },
          ],
        ),
    });
  },
};
