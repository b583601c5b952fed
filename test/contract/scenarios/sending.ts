// Owns the scenarios about the way into a room: mentions, addresses in texts, refused messages, ids used twice.
import { type Actor, MISSING } from "../actor.ts";
import { type Json, type JsonObject, textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

const MENTIONS = [
  ["@labbot", "@labbot hello", "hello @labbot", "(@labbot)", "@labbot.", "@labbot, hello", "@labbot: hello"],
  [
    "@labbot!",
    "@labbot?",
    "@labbot's",
    "@labbot-x",
    "@labbot_x",
    "@labbotx",
    "@LABBOT",
    "@Labbot hi",
    "labbot hi",
  ],
  [
    "mail@labbot",
    "a@labbot.example",
    "`@labbot`",
    "```\n@labbot\n```",
    "> @labbot",
    "**@labbot**",
    "_@labbot_",
  ],
  ["[@labbot](https://example.test)", "@labbot @labbot", "@labbot @alice", "@alice", "@nobody.here"],
  [
    "@all",
    "@here",
    "@ALL",
    "\n@labbot",
    "/@labbot",
    '"@labbot"',
    "x\u00a0@labbot",
    "，@labbot",
    "@@labbot",
    "\\@labbot",
  ],
].flat();

export const mentionForms: Scenario = {
  name: "mention-forms",
  about: "Which spellings count as a mention",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot], name: "mention" });
    for (const text of MENTIONS) {
      await stage.phase(JSON.stringify(text));
      await alice.say(room.id, text);
    }
    await stage.phase("bot mentions itself");
    await bot.write(room.id, "I am @labbot");
    await stage.phase("the mention comes by an edit");
    const { id } = await alice.say(room.id, "no mention yet");
    await stage.settle();
    await alice.edit(room.id, id, "now @labbot");
  },
};

export const mentionOutside: Scenario = {
  name: "mention-outside",
  about: "Mentions of a bot that has not joined, and posts by those who have not",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen({ user: ["subscriptions-changed", "rooms-changed", "message", "notification"] });
    const room = await stage.createRoom({ type: "c", name: "outside" });
    await stage.parts({
      "mention in a public channel not joined": () => alice.say(room.id, "hey @labbot"),
      "a second message there": () => alice.say(room.id, "no mention"),
      "is the bot a member now": async () => {
        await bot.get("subscriptions.getOne", { roomId: room.id });
        await alice.get("channels.members", { roomId: room.id });
      },
      "mention in a private group it is not in": async () => {
        const group = await stage.createRoom({ name: "outside-p" });
        await alice.say(group.id, "hey @labbot");
      },
      "bot posts in a public channel it has not joined": async () => {
        const other = await stage.createRoom({ type: "c", name: "outside-q" });
        await bot.write(other.id, "from outside");
        await bob.say(other.id, "from outside, bob");
        await bot.get("subscriptions.getOne", { roomId: other.id });
      },
    });
  },
};

export const teamMention: Scenario = {
  name: "team-mention",
  about: "A team, its main room, and a mention of it",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    await bot.listen({ user: ["subscriptions-changed"] });
    const name = stage.name("team");
    await stage.phase("alice makes a team with the bot");
    const { body } = await alice.post("teams.create", { name, type: 1, members: [bot.userId] });
    const teamId = textAt(body, "team", "_id") ?? MISSING;
    const roomId = textAt(body, "team", "roomId") ?? MISSING;
    stage.afterwards(() => alice.post("teams.delete", { teamId }, { quiet: true }));
    await stage.parts({
      "alice speaks in the main room": () => alice.say(roomId, "in the team room"),
      "alice mentions the team in another room": async () => {
        const room = await stage.createRoom({ members: [bot], name: "team-other" });
        await alice.say(room.id, `hello @${name}`);
      },
      lookup: async () => {
        await bot.get("rooms.info", { roomId });
        await bot.get("teams.info", { teamId });
      },
      "delete the team": () => alice.post("teams.delete", { teamId }),
    });
  },
};

const ADDRESSES = [
  "see https://example.test/page?a=1&b=2",
  "[text](https://example.test/md)",
  "www.example.test",
  "two https://example.test/1 and http://example.test/2",
  "`https://example.test/code`",
  "<https://example.test/angle>",
  "mail bob@example.test",
  "https://example.test/pic.png",
  "https://example.test/page.",
];

export const urlMessage: Scenario = {
  name: "url-message",
  about: "Addresses in texts, and the message sent again once their previews are there",
  async play(stage) {
    const { bot, alice, base } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot], name: "urls" });
    const url = "https://example.test";
    await stage.parts({
      ...Object.fromEntries(ADDRESSES.map((text) => [text, () => alice.say(room.id, text)])),
      "own server": () => alice.say(room.id, `${base}/api/info`),
      "parseUrls false": () => bot.write(room.id, `${url}/not-parsed`, { parseUrls: false }),
      "postMessage with a url": async () => {
        await bot.write(room.id, `${url}/parsed`);
        await stage.settle();
      },
    });
  },
};

const LIMIT_LESS_FIVE = "word ".repeat(999);
const TOO_LONG = "word ".repeat(1100);

export const sendErrors: Scenario = {
  name: "send-errors",
  about: "Messages that are refused, and some that are not though one would think so",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "errors" });
    const channel = await stage.createRoom({ type: "c", name: "errors-c" });
    const b = await bot.listen({ user: ["message"] });
    const nowhere = "nosuchroom2345678";
    const [rid, roomId] = [room.id, room.id];
    const post = (body: JsonObject, who: Actor = bot) => who.post("chat.postMessage", body);
    const send = (message: Json, who: Actor = bot) => who.post("chat.sendMessage", { message });
    const byDdp = (to: string, msg: string) => b.call("sendMessage", { _id: stage.newId(), rid: to, msg });
    await stage.parts({
      "unknown room": async () => {
        await post({ roomId: nowhere, text: "x" });
        await post({ channel: "#no-such-channel", text: "x" });
        await post({ channel: "@no.such.user", text: "x" });
        await send({ rid: nowhere, msg: "x" });
        await byDdp(nowhere, "x");
      },
      "no room": async () => {
        await post({ text: "x" });
        await send({ msg: "x" });
      },
      "no member": async () => {
        await post({ roomId, text: "x" }, mallory);
        await send({ rid, msg: "x" }, mallory);
      },
      "no member of a public channel": () => send({ rid: channel.id, msg: "from outside" }, bob),
      "too long": async () => {
        await post({ roomId, text: TOO_LONG });
        await send({ rid, msg: TOO_LONG });
        await byDdp(rid, TOO_LONG);
      },
      "exactly the limit and one more": async () => {
        await send({ rid, msg: `${LIMIT_LESS_FIVE}12345` });
        await send({ rid, msg: `${LIMIT_LESS_FIVE}123456` });
      },
      "empty text": async () => {
        await post({ roomId, text: "" });
        await post({ roomId });
        await send({ rid, msg: "" });
        await send({ rid });
        await send({ rid, msg: "   " });
      },
      "text of another type": async () => {
        await post({ roomId, text: 5 });
        await send({ rid, msg: 5 });
        await send({ rid, msg: null });
      },
      "bad tmid": async () => {
        for (const tmid of ["nosuchmessage2345", null, ""]) await post({ roomId, text: "x", tmid });
        await send({ rid, msg: "x", tmid: "nosuchmessage2345" });
        await send({ rid, msg: "x", tshow: true });
      },
      "extra keys": async () => {
        await post({ roomId, text: "x", bogus: 1 });
        await post({ roomId, text: "x", tshow: true });
        await post({ roomId, channel: `#${room.name}`, text: "x" });
        await send({ rid, msg: "x", bogus: 1 });
        await bot.post("chat.sendMessage", { message: { rid, msg: "x" }, bogus: 1 });
      },
      "no message key": async () => {
        await bot.post("chat.sendMessage", {});
        await send("x");
      },
      "ts and u of one's own": async () => {
        await send({ rid, msg: "old", ts: "2020-01-01T00:00:00.000Z" });
        await send({ rid, msg: "as alice", u: { _id: alice.userId, username: "alice" } });
      },
      "@all by the bot": async () => {
        await post({ roomId, text: "@all hello" });
        await send({ rid, msg: "@here hello" });
        await byDdp(rid, "@all by DDP");
      },
    });
    await stage.phase("muted");
    const owner = await alice.ddp();
    // 6.5 has no such endpoint, only the methods
    const orByDdp = async (endpoint: string, method: string) => {
      const { status } = await alice.post(endpoint, { roomId, username: "labbot" });
      if (status >= 404) await owner.call(method, { rid, username: "labbot" });
    };
    await orByDdp("rooms.muteUser", "muteUserInRoom");
    await stage.settle();
    await post({ roomId, text: "muted?" });
    await send({ rid, msg: "muted?" });
    await byDdp(rid, "muted by DDP?");
    await orByDdp("rooms.unmuteUser", "unmuteUserInRoom");
    await stage.parts({
      "read-only": async () => {
        await alice.post("groups.setReadOnly", { roomId, readOnly: true });
        await stage.settle();
        await post({ roomId, text: "read-only?" });
        await send({ rid, msg: "read-only?" });
        await send({ rid, msg: "read-only?" }, bob);
        await alice.post("groups.setReadOnly", { roomId, readOnly: false });
      },
      archived: async () => {
        const old = await stage.createRoom({ members: [bot], name: "errors-old" });
        await alice.post("groups.archive", { roomId: old.id });
        await stage.settle();
        await post({ roomId: old.id, text: "archived?" });
        await send({ rid: old.id, msg: "archived?" });
        await bot.get("rooms.info", { roomId: old.id });
        await alice.post("groups.unarchive", { roomId: old.id });
      },
      "to several at once": () => post({ roomId: [room.id, channel.id], text: "both" }),
      "deleted room": async () => {
        const gone = await stage.createRoom({ members: [bot], name: "errors-gone" });
        await alice.post("groups.delete", { roomId: gone.id });
        await post({ roomId: gone.id, text: "gone?" });
        await send({ rid: gone.id, msg: "gone?" });
      },
    });
  },
};

export const sendIdempotency: Scenario = {
  name: "send-idempotency",
  about: "One client-made id used again: in turn, at once, elsewhere, by another, after edit and delete",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot], name: "idem" });
    const other = await stage.createRoom({ members: [bot], name: "idem-other" });
    const [_id, twin, third] = [stage.newId(), stage.newId(), stage.newId()];
    const send = (id: Json, msg: string, rid = room.id, who: Actor = bot) =>
      who.post("chat.sendMessage", { message: { _id: id, rid, msg } });
    await stage.parts({
      first: () => send(_id, "once"),
      "second, the same": () => send(_id, "once"),
      "third, other text": () => send(_id, "something else"),
      "other room": () => send(_id, "elsewhere", other.id),
      "other user": () => send(_id, "by alice", room.id, alice),
      "what is stored": () => bot.get("chat.getMessage", { msgId: _id }),
      "after an edit": async () => {
        await bot.edit(room.id, _id, "edited");
        await send(_id, "once");
      },
      "after a delete": async () => {
        await bot.erase(room.id, _id);
        await send(_id, "once, after the delete");
      },
      "two at once": () => Promise.all([send(twin, "twin"), send(twin, "twin")]),
      "postMessage with _id": () => bot.write(room.id, "with _id", { _id: stage.newId() }),
      "odd ids": async () => {
        await send("x", "short id", other.id);
        await bot.erase(other.id, "x");
        await send(17, "number id", other.id);
      },
      "DDP, the same id twice": async () => {
        const d = await bot.ddp();
        const message = { _id: third, rid: room.id, msg: "once by DDP" };
        await d.call("sendMessage", message);
        await d.call("sendMessage", message);
      },
      history: () => bot.get("groups.history", { roomId: room.id, count: 20 }),
    });
  },
};
