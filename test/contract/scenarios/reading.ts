// Owns the scenarios about reading what was said: history with its bounds, threads, marks, search; pins and lists.
import type { Actor, CallOptions, Message } from "../actor.ts";
import { at, isObject, textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

type Query = CallOptions["query"];
/** So much apart, so that no two messages have one time. Milliseconds. */
const APART_MS = 15;

export const historyRead: Scenario = {
  name: "history-read",
  about: "History and messages with bounds and paging, threads, around a message, counters, marks, search",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    const channel = await stage.createRoom({ type: "c", members: [bot, bob], name: "read-c" });
    const group = await stage.createRoom({ members: [bot, bob], name: "read-g" });
    const direct = await stage.openDirect(bob, bot);
    await bot.post("subscriptions.read", { rid: direct });
    await stage.settle();
    const roomId = channel.id;
    const needles: Message[] = [];
    for (let i = 0; i < 5; i++) {
      needles.push(await alice.say(roomId, `needle ${i} in the channel`));
      await stage.wait(APART_MS);
    }
    const idOf = (i: number) => needles[i]?.id ?? "missing";
    const timeOf = (i: number) => needles[i]?.ts ?? "";
    await bob.say(roomId, "reply a", { tmid: idOf(1) });
    await stage.settle();
    await bob.say(roomId, "reply b", { tmid: idOf(1) });
    await stage.settle();
    await bot.write(roomId, "reply c", { tmid: idOf(3) });
    const inDirect: Message[] = [];
    for (let i = 0; i < 3; i++) {
      await bob.say(group.id, `needle ${i} in the group`);
      inDirect.push(await bob.say(direct, `direct ${i}`));
      await stage.wait(APART_MS);
    }
    const inTurn = async (endpoint: string, queries: Query[], options?: CallOptions) => {
      for (const query of queries) await bot.get(endpoint, query, options);
    };
    const history = (...queries: NonNullable<Query>[]) =>
      inTurn(
        "channels.history",
        queries.map((query) => ({ roomId, ...query })),
      );
    await stage.parts({
      "bounds, exclusive and inclusive": () =>
        history(
          { oldest: timeOf(1), latest: timeOf(3) },
          { oldest: timeOf(1), latest: timeOf(3), inclusive: "true" },
          { oldest: timeOf(1), latest: timeOf(3), inclusive: "false", count: 1 },
          { oldest: timeOf(3), latest: timeOf(1) },
          { oldest: timeOf(0), count: 1, offset: 1 },
          { latest: timeOf(2), unreads: "true", count: 2 },
          { oldest: "x" },
          { offset: 100 },
        ),
      "paging by latest": async () => {
        let latest: string | undefined;
        for (let page = 0; page < 3; page++) {
          const from = latest === undefined ? {} : { latest };
          const query = { roomId, count: 2, ...from, showThreadMessages: "false" };
          const messages = at((await bot.get("channels.history", query)).body, "messages");
          latest = Array.isArray(messages) ? textAt(messages.at(-1), "ts") : undefined;
        }
      },
      "group and direct message": async () => {
        const { id, name } = group;
        await inTurn("groups.history", [
          { roomId: id, count: 2 },
          { roomName: name, count: 1 },
        ]);
        await inTurn("im.history", [
          { roomId: direct, count: 2 },
          { roomId: direct, count: 1, offset: 1, inclusive: "true" },
          { username: "bob", count: 1 },
        ]);
      },
      messages: async () => {
        await inTurn("channels.messages", [
          { roomId, count: 3, offset: 1 },
          { roomName: channel.name, count: 1 },
          { roomId, count: 2, sort: '{"ts":1}' },
        ]);
        await bot.get("groups.messages", { roomId: group.id, count: 2 });
        await bot.get("im.messages", { roomId: direct, count: 2 }, { loose: true });
        const counts = [0, 101].map((count) => ({ roomId, count }));
        await inTurn("channels.messages", counts, { loose: true });
      },
      "messages, narrowed": () =>
        inTurn("channels.messages", [
          { roomId, query: '{"msg":"x"}' },
          { roomId, mentionIds: bot.userId },
          { roomId, starredIds: bot.userId },
          { roomId, pinned: "true" },
        ]),
      refused: async () => {
        for (const kind of ["history", "messages"]) {
          await mallory.get(`channels.${kind}`, { roomId, count: 1 });
          await mallory.get(`groups.${kind}`, { roomId: group.id, count: 1 });
          await mallory.get(`im.${kind}`, { roomId: direct, count: 1 });
          await bot.get(`channels.${kind}`, { roomId: group.id, count: 1 });
          await bot.get(`groups.${kind}`, { roomId, count: 1 });
          await bot.get(`channels.${kind}`, {});
          await bot.get(`channels.${kind}`, { roomId, count: 1 }, { login: "none" });
        }
      },
      threads: async () => {
        const rid = roomId;
        await inTurn("chat.getThreadsList", [
          { rid },
          { rid, count: 1, offset: 1 },
          { rid, type: "following" },
          { rid, type: "unread" },
        ]);
        await bot.get("chat.getThreadsList", { rid, text: "needle 1" }, { loose: true });
        await inTurn("chat.getThreadsList", [{ rid, type: "none such" }, {}]);
        await mallory.get("chat.getThreadsList", { rid: group.id });
        const tmid = idOf(1);
        await inTurn("chat.getThreadMessages", [
          { tmid },
          { tmid, count: 1, offset: 1 },
          { tmid, sort: '{"ts":-1}' },
          { tmid: idOf(0) },
          {},
        ]);
      },
      "one message": async () => {
        await inTurn("chat.getMessage", [{ msgId: idOf(1) }, { msgId: "nosuchmessage2345" }, {}]);
        await mallory.get("chat.getMessage", { msgId: idOf(1) });
      },
      "around a message": async () => {
        const ddp = await bot.ddp();
        await ddp.call("loadSurroundingMessages", { _id: idOf(2), rid: roomId }, 3);
        await ddp.call("loadNextMessages", roomId, { $date: Date.parse(timeOf(2)) }, 2);
        await ddp.call("getSingleMessage", idOf(1));
      },
      "counters, marks": async () => {
        await bot.get("channels.counters", { roomId });
        await bot.get("groups.counters", { roomId: group.id });
        await bot.get("im.counters", { roomId: direct });
        const mine = () => bot.get("subscriptions.getOne", { roomId });
        await mine();
        await bot.post("subscriptions.read", { rid: roomId });
        await bot.post("subscriptions.read", { rid: roomId, readThreads: true });
        await stage.settle();
        await mine();
        await bot.post("subscriptions.unread", { firstUnreadMessage: { _id: idOf(4) } });
        await stage.settle();
        await mine();
        await bot.post("subscriptions.unread", { roomId });
        await bot.post("subscriptions.unread", {});
        await bot.post("subscriptions.read", {});
        await bot.post("subscriptions.read", { rid: "nosuchroom2345678" });
      },
      "search by pattern": () =>
        inTurn("chat.search", [
          { roomId, searchText: "/needle [12]/" },
          { roomId, searchText: "/needle/", count: 2, offset: 1 },
          ...["from:me", "from:bob", "/no such/"].map((searchText) => ({ roomId, searchText })),
        ]),
      "search refused": async () => {
        await inTurn("chat.search", [{ roomId, searchText: "" }, { roomId }, { searchText: "/needle/" }]);
        await mallory.get("chat.search", { roomId: group.id, searchText: "/needle/" });
        await bot.get("chat.search", { roomId: "nosuchroom2345678", searchText: "/needle/" });
        for (const { id } of inDirect) await bob.erase(direct, id);
      },
    });
  },
};

export const pinsAndLists: Scenario = {
  name: "pins-and-lists",
  about:
    "Pins by all kinds of members, lists with paging, the notice, threads, starred and mentioned lists, refusals",
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    const { id: roomId } = await stage.createRoom({ members: [bot, bob], name: "pins" });
    const direct = await stage.openDirect(bob, bot);
    await bot.listen({ rooms: [roomId] });
    await bob.listen({ rooms: [roomId] });
    const pin = (who: Actor, { id }: { id: string }) => who.post("chat.pinMessage", { messageId: id });
    const unpin = (who: Actor, { id }: { id: string }) => who.post("chat.unPinMessage", { messageId: id });
    const list = (who: Actor, query: Query = {}) => who.get("chat.getPinnedMessages", { roomId, ...query });
    const settled = async (made: Promise<unknown>) => {
      await made;
      await stage.settle();
    };
    const one = await bot.write(roomId, "plan one");
    const two = await alice.say(roomId, "plan *two* for @labbot");
    const three = await bob.say(roomId, "plan three");
    await stage.settle();
    const reply = await bob.say(roomId, "reply to three", { tmid: three.id });
    const starred = (who: Actor) => who.get("chat.getStarredMessages", { roomId });
    await stage.parts({
      "nothing pinned": () => list(bot),
      "owner pins the bot's": () => pin(alice, one),
      "list of one": () => list(bot),
      "bot, a plain member, pins and unpins": async () => {
        await pin(bot, two);
        await unpin(bot, one);
      },
      "bob, a plain member, pins his own": () => pin(bob, three),
      "bot becomes moderator": () => alice.post("groups.addModerator", { roomId, userId: bot.userId }),
      "bot pins as moderator": () => pin(bot, two),
      "pinned again by alice": () => pin(alice, two),
      "a reply in a thread pinned": () => pin(bot, reply),
      "a system message pinned": async () => {
        const messages = at((await bot.get("groups.history", { roomId, count: 20 })).body, "messages");
        const notices = Array.isArray(messages) ? messages.filter(isObject) : [];
        const notice = textAt(
          notices.find(({ t }) => t === "message_pinned"),
          "_id",
        );
        if (notice !== undefined) await pin(bot, { id: notice });
      },
      "list, paging, sorting": async () => {
        const pages = [{}, { count: 1 }, { count: 1, offset: 1 }, { count: 0 }, { sort: '{"ts":1}' }];
        for (const query of pages) await list(bot, query);
        await list(alice);
      },
      "list refused": async () => {
        await list(mallory);
        await list(bot, { roomId: "nosuchroom2345678" });
        await bot.get("chat.getPinnedMessages", {});
        await list(bot, { count: "many" });
      },
      "a pinned one edited": async () => {
        await settled(bot.edit(roomId, one.id, "plan one, edited"));
        await settled(alice.edit(roomId, two.id, "plan two, edited"));
        await list(bot);
      },
      unpinned: async () => {
        await settled(unpin(bot, one));
        await settled(unpin(bot, two));
      },
      "unpinned twice": () => unpin(bot, one),
      "list after that": () => list(bot),
      "starred and mentioned lists": async () => {
        await settled(bot.post("chat.starMessage", { messageId: two.id }));
        for (const who of [bot, alice]) await starred(who);
        await bot.get("chat.getMentionedMessages", { roomId });
        await settled(bot.post("chat.unStarMessage", { messageId: two.id }));
        await starred(bot);
      },
    });
    await stage.phase("in a direct message");
    const inDirect = await bot.write(direct, "direct plan");
    await stage.settle();
    await settled(pin(bot, inDirect));
    await list(bot, { roomId: direct, count: 1 });
    await pin(bob, inDirect);
    await stage.parts({
      "direct message unpinned": async () => {
        await unpin(bot, inDirect);
        await unpin(bob, inDirect);
      },
      refusals: async () => {
        await pin(mallory, three);
        await unpin(mallory, three);
        await pin(bot, { id: "nosuchmessage2345" });
        await unpin(bot, { id: stage.newId() });
        await bot.post("chat.pinMessage", {});
        await bot.post("chat.pinMessage", { messageId: three.id }, { login: "none" });
      },
      "deleted, then pinned": async () => {
        await settled(bot.erase(roomId, one.id));
        await pin(bot, one);
      },
      archived: async () => {
        await settled(alice.post("groups.archive", { roomId }));
        await settled(pin(bot, three));
        await list(bot);
        await alice.post("groups.unarchive", { roomId });
        await bot.erase(direct, inDirect.id);
      },
    });
  },
};
