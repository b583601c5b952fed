// Owns the scenarios about a message once it is there: echo, edit, delete, pin, quote, reaction, thread.
import type { Actor } from "../actor.ts";
import { isObject, type JsonObject, textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

export const publicMessage: Scenario = {
  name: "public-message",
  about: "Messages in a public channel: markup, emoji, lines, by each way of posting, in disguise",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ type: "c", members: [bot, bob], name: "public" });
    const markup =
      "**bold** *also* _italic_ ~~gone~~ `code` [link](https://example.test/a)\n- one\n- two\n> quoted\n1. first";
    const card = {
      title: "T",
      text: "tx",
      color: "#ff0000",
      fields: [{ title: "f", value: "v", short: true }],
    };
    const alicePosts = (text: string) => () => alice.say(room.id, text);
    await stage.parts({
      "alice: plain": alicePosts("good morning"),
      "bob: markdown": () => bob.say(room.id, markup),
      "alice: code block": alicePosts("```js\nconst a = 1;\n```"),
      "alice: emoji": alicePosts("great :tada: 🎉 😀"),
      "alice: white space around": alicePosts("  spaces around \n"),
      "alice: HTML and special characters": alicePosts('<b>x</b> & "quotes" \\ back \u0000nul é 漢字'),
      "alice: by postMessage": () => alice.write(room.id, "by postMessage"),
      "alice: by postMessage, channel name": () =>
        alice.post("chat.postMessage", { channel: `#${room.name}`, text: "by #name" }),
      "alice: by DDP": async () => {
        const ddp = await alice.ddp();
        await ddp.call("sendMessage", { _id: stage.newId(), rid: room.id, msg: "by DDP" });
      },
      "alice: channel mention": () => alice.say(room.id, `see #${room.name} and #no-such-channel`),
      "bot: postMessage": () => bot.write(room.id, "the bot speaks"),
      "bot: sendMessage": () => bot.say(room.id, "the bot speaks again"),
      "bot: attachments": () => bot.write(room.id, "with attachment", { attachments: [card] }),
      "bot: alias, avatar, emoji": () =>
        bot.write(room.id, "in disguise", { alias: "Ghost", emoji: ":ghost:" }),
      "alice: alias": () => alice.write(room.id, "in disguise", { alias: "Ghost" }),
      "bot reads it back": () => bot.get("channels.history", { roomId: room.id, count: 3 }),
    });
  },
};

export const privateMessage: Scenario = {
  name: "private-message",
  about: "A private group: a member speaks, the bot answers, an outsider hears and reads nothing",
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    await bot.listen();
    await mallory.listen();
    const room = await stage.createRoom({ members: [bot], name: "private" });
    await stage.parts({
      "alice speaks": () => alice.say(room.id, "only for us"),
      "alice mentions the bot": () => alice.say(room.id, "@labbot are you there?"),
      "bot answers": () => bot.write(room.id, "I am"),
      "bot answers by name": () =>
        bot.post("chat.postMessage", { channel: room.name, text: "I am, by name" }),
      "outsider reads": async () => {
        for (const endpoint of ["groups.history", "rooms.info", "groups.info"]) {
          await mallory.get(endpoint, { roomId: room.id });
        }
      },
    });
  },
};

export const ownEcho: Scenario = {
  name: "own-echo",
  about: "What the bot does comes back on each of its sockets",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot], name: "echo" });
    const direct = await stage.openDirect(bot, alice);
    await bot.listen();
    const second = await bot.listen();
    await stage.phase("REST postMessage");
    const { id } = await bot.write(room.id, "by postMessage");
    await stage.parts({
      "REST sendMessage with own id": () => bot.say(room.id, "by sendMessage", { _id: stage.newId() }),
      "DDP sendMessage": () =>
        second.call("sendMessage", { _id: stage.newId(), rid: room.id, msg: "by DDP" }),
      "into the direct message": () => bot.write(direct, "direct"),
      edit: () => bot.edit(room.id, id, "edited"),
      "DDP updateMessage": () =>
        second.call("updateMessage", { _id: id, rid: room.id, msg: "edited by DDP" }),
      "reaction by the bot itself": () => bot.post("chat.react", { messageId: id, emoji: ":eyes:" }),
      "DDP deleteMessage": () => second.call("deleteMessage", { _id: id }),
    });
  },
};

const TOO_LONG = "word ".repeat(1100);

export const edit: Scenario = {
  name: "edit",
  about: "Edits of one's own message, of another's, forbidden and malformed ones",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot, bob], name: "edit" });
    const other = await stage.createRoom({ members: [bot], name: "edit-other" });
    const hers = (await alice.say(room.id, "before")).id;
    const its = (await bot.write(room.id, "bot before")).id;
    await stage.parts({
      "alice edits hers": () => alice.edit(room.id, hers, "after"),
      "alice edits hers to the same text": () => alice.edit(room.id, hers, "after"),
      "bot edits its own": () => bot.edit(room.id, its, "bot after"),
      // apart, because a frame carries the newest text and not the one of its own edit
      "bot edits its own again, 1": () => bot.edit(room.id, its, "bot after x"),
      "bot edits its own again, 2": () => bot.edit(room.id, its, "bot after xx"),
      "bot edits its own again, 3": () => bot.edit(room.id, its, "bot after xxx"),
      "bot edits alice's": () => bot.edit(room.id, hers, "x"),
      "bob edits the bot's": () => bob.edit(room.id, its, "x"),
      "owner of the room edits the bot's": () => alice.edit(room.id, its, "by the owner"),
      "wrong room": () => bot.edit(other.id, its, "x"),
      "unknown message": () => bot.edit(room.id, "nosuchmessage2345", "x"),
      "empty text": () => bot.edit(room.id, its, ""),
      "no text": () => bot.post("chat.update", { roomId: room.id, msgId: its }),
      "extra key": () => bot.post("chat.update", { roomId: room.id, msgId: its, text: "y", bogus: 1 }),
      "too long": () => bot.edit(room.id, its, TOO_LONG),
      "edit a deleted message": async () => {
        await bot.erase(room.id, its);
        await bot.edit(room.id, its, "gone");
      },
      "edit a system message": async () => {
        const { body } = await bot.get("groups.history", { roomId: room.id, count: 20 });
        const id = firstSystemMessage(body);
        if (id !== undefined) await alice.edit(room.id, id, "x");
      },
    });
  },
};

export const deleteMessage: Scenario = {
  name: "delete",
  about: "Deletes of one's own message, of another's, forbidden ones, and what the stream tells",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "delete" });
    await bot.listen({ rooms: [room.id], events: ["deleteMessage", "deleteMessageBulk"] });
    const hers = (await alice.say(room.id, "delete me")).id;
    const kept = (await alice.say(room.id, "keep me")).id;
    const its = (await bot.write(room.id, "bot: delete me")).id;
    const years = { latest: "2035-01-01T00:00:00.000Z", oldest: "2020-01-01T00:00:00.000Z" };
    await stage.parts({
      "alice deletes hers": () => alice.erase(room.id, hers),
      again: () => alice.erase(room.id, hers),
      "bot deletes its own": () => bot.erase(room.id, its),
      "bot deletes alice's": () => bot.erase(room.id, kept),
      "bob deletes alice's": () => bob.erase(room.id, kept),
      "bot deletes alice's as asUser": () =>
        bot.post("chat.delete", { roomId: room.id, msgId: kept, asUser: true }),
      "wrong room id": () => alice.erase("nosuchroom2345678", kept),
      "missing msgId": () => alice.post("chat.delete", { roomId: room.id }),
      "owner deletes another's": async () => alice.erase(room.id, (await bob.say(room.id, "of bob")).id),
      "reading deleted messages": async () => {
        await bot.get("chat.getMessage", { msgId: hers });
        await bot.get("groups.history", { roomId: room.id, count: 10 });
      },
      "prune by the owner": () => alice.post("rooms.cleanHistory", { roomId: room.id, ...years }),
    });
  },
};

export const pinStar: Scenario = {
  name: "pin-star",
  about: "What of pins, stars and follows reaches the bot",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot, bob], name: "pin" });
    const { id: messageId } = await alice.say(room.id, "pin me @labbot");
    const mark = (who: Actor, verb: string) => () => who.post(`chat.${verb}Message`, { messageId });
    await stage.parts({
      "alice pins": mark(alice, "pin"),
      "bob, no owner, pins": mark(bob, "pin"),
      "alice unpins": mark(alice, "unPin"),
      "alice stars": mark(alice, "star"),
      "bot stars": mark(bot, "star"),
      "alice unstars": mark(alice, "unStar"),
      "alice follows and unfollows": async () => {
        await alice.post("chat.followMessage", { mid: messageId });
        await alice.post("chat.unfollowMessage", { mid: messageId });
      },
      "pin an unknown message": () => alice.post("chat.pinMessage", { messageId: "nosuchmessage2345" }),
    });
  },
};

export const quote: Scenario = {
  name: "quote",
  about: "Quotes by a message's address, of the same room and of another",
  async play(stage) {
    const { bot, alice, base } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot], name: "quote" });
    const channel = await stage.createRoom({ type: "c", members: [bot], name: "quote-c" });
    const here = (await alice.say(room.id, "quote me @labbot")).id;
    const there = (await alice.say(channel.id, "quote me from the channel")).id;
    const link = (id: string) => `[ ](${base}/group/${room.name}?msg=${id})`;
    const channelLink = `[ ](${base}/channel/${channel.name}?msg=${there})`;
    await stage.parts({
      "same room": () => alice.say(room.id, `${link(here)} my comment`),
      "another room": () => alice.say(room.id, `${channelLink} from the channel`),
      "quote without own text": () => alice.say(room.id, link(here)),
      "bot quotes": () => bot.write(room.id, `${link(here)} I quote`),
      "unknown message": () => alice.say(room.id, `${link("nosuchmessage2345")} what`),
      "quoted message is edited afterwards": async () => {
        await alice.edit(room.id, here, "quote me, edited");
        await stage.settle();
      },
    });
  },
};

export const reactions: Scenario = {
  name: "reactions",
  about: "Reactions: added, toggled, forced, in every form of the emoji's name, refused",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot, bob], name: "react" });
    const { id: messageId } = await alice.say(room.id, "react to me");
    const react = (who: Actor, body: JsonObject) => () => who.post("chat.react", { messageId, ...body });
    const rocket = (shouldReact: boolean | string) => react(bot, { emoji: "rocket", shouldReact });
    await stage.parts({
      "bot adds": react(bot, { emoji: ":eyes:" }),
      "bob adds the same": react(bob, { emoji: ":eyes:" }),
      "bob adds another": react(bob, { emoji: "thumbsup" }),
      "alias of the same emoji": react(alice, { emoji: "+1" }),
      "bot takes it away by toggling": react(bot, { emoji: ":eyes:" }),
      "shouldReact true": rocket(true),
      "shouldReact true again": rocket(true),
      "shouldReact false": rocket(false),
      "shouldReact false again": rocket(false),
      "shouldReact as text": rocket("true"),
      "reaction key in place of emoji": react(bot, { reaction: ":heart:" }),
      "unknown emoji": react(bot, { emoji: ":not_an_emoji_x:" }),
      "Unicode emoji": react(bot, { emoji: "👍" }),
      "empty emoji": react(bot, { emoji: "" }),
      "no emoji": react(bot, {}),
      "emoji with a skin tone": react(bot, { emoji: ":thumbsup_tone3:" }),
      "last reaction taken away": react(bob, { emoji: ":eyes:", shouldReact: false }),
      "unknown message": react(bot, { messageId: "nosuchmessage2345", emoji: ":eyes:" }),
      "no message": () => bot.post("chat.react", { emoji: ":eyes:" }),
      outsider: react(mallory, { emoji: ":eyes:" }),
      "by DDP": async () => (await bot.ddp()).call("setReaction", ":wave:", messageId),
      "reading it back": () => bot.get("chat.getMessage", { msgId: messageId }),
    });
  },
};

export const thread: Scenario = {
  name: "thread",
  about: "Replies by everybody, shown in the room or not; the parent sent again; reading threads",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    await bot.listen();
    const room = await stage.createRoom({ members: [bot, bob], name: "thread" });
    const tmid = (await alice.say(room.id, "the parent")).id;
    let reply = "";
    await stage.parts({
      "bob replies": async () => {
        reply = (await bob.say(room.id, "first reply", { tmid })).id;
      },
      "alice replies, shown in the room": () => alice.say(room.id, "second reply", { tmid, tshow: true }),
      "bot replies by postMessage": () => bot.write(room.id, "third reply", { tmid }),
      "bot replies by sendMessage, shown in the room": () =>
        bot.say(room.id, "fourth reply", { tmid, tshow: true }),
      "alice mentions the bot in the thread": () => alice.say(room.id, "@labbot fifth", { tmid }),
      "reply to a reply": () => bob.say(room.id, "to the reply", { tmid: reply }),
      "edit a reply": () => bob.edit(room.id, reply, "first reply, edited"),
      "delete a reply": () => bob.erase(room.id, reply),
      "bot reads the thread": async () => {
        await bot.get("chat.getThreadMessages", { tmid });
        await bot.get("chat.getThreadMessages", { tmid, count: 2, offset: 1 });
        await bot.get("chat.getThreadsList", { rid: room.id });
        await bot.get("chat.syncThreadMessages", { tmid, updatedSince: "2020-01-01T00:00:00.000Z" });
        await bot.get("chat.getMessage", { msgId: tmid });
      },
      "unknown thread": () => bot.get("chat.getThreadMessages", { tmid: "nosuchmessage2345" }),
      "the parent is deleted": () => alice.erase(room.id, tmid),
      "reply to the deleted parent": async () => {
        await bot.write(room.id, "too late", { tmid });
        await bot.get("chat.getThreadMessages", { tmid });
      },
    });
  },
};

function firstSystemMessage(body: unknown): string | undefined {
  const list = isObject(body) && Array.isArray(body.messages) ? body.messages : [];
  const found = list.find((message) => textAt(message, "t") !== undefined);
  return textAt(found, "_id");
}
