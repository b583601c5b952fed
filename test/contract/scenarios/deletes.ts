// Owns the scenario about deleting around threads.
import type { Actor } from "../actor.ts";
import { sendFile, withSetting } from "../errands.ts";
import { note } from "../made-files.ts";
import type { Scenario } from "../scenario.ts";
import { OVER_ONE_MINUTE_MS } from "./previews.ts";

export const deleteWithReplies: Scenario = {
  name: "delete-with-replies",
  about:
    "Deletes around threads: replies, the parent, pinned, quoted, with a file, kept as removed, too late",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "del-thread" });
    const roomId = room.id;
    await bot.listen({ rooms: [roomId], events: ["deleteMessage", "deleteMessageBulk"] });
    await alice.listen({ rooms: [roomId], events: ["deleteMessage"] });
    const born = Date.now();
    const settled = async <T>(made: Promise<T>): Promise<T> => {
      const value = await made;
      await stage.settle();
      return value;
    };
    const post = (text: string, extra = {}) => bot.write(roomId, text, extra);
    const erase = (who: Actor, { id }: { id: string }) => who.erase(roomId, id);
    const read = ({ id: msgId }: { id: string }) => bot.get("chat.getMessage", { msgId });
    const threads = () => bot.get("chat.getThreadsList", { rid: roomId });
    const old = await bob.say(roomId, "an old one of bob");
    const oldBot = await settled(post("bot: an old one"));
    const parent = await settled(alice.say(roomId, "the parent, @labbot"));
    const tmid = parent.id;
    const one = await settled(post("reply one", { tmid }));
    const two = await settled(bob.say(roomId, "reply two", { tmid }));
    const three = await alice.say(roomId, "reply three", { tmid, tshow: true });
    await stage.parts({
      "a reply in the middle deleted": async () => {
        await settled(erase(bob, two));
        await read(parent);
      },
      "the newest reply deleted": async () => {
        await settled(erase(alice, three));
        await read(parent);
      },
      "the only reply left deleted": async () => {
        await settled(erase(bot, one));
        await read(parent);
        await threads();
      },
    });
    await stage.phase("a new reply in the emptied thread");
    const four = await settled(post("reply four", { tmid }));
    await read(parent);
    await stage.parts({
      "the bot deletes the parent, which is not its own": () => erase(bot, parent),
      "alice deletes the parent": () => erase(alice, parent),
      "what is left of the thread": async () => {
        await read(four);
        await bot.get("chat.getThreadMessages", { tmid });
        await threads();
        await bot.get("groups.history", { roomId, count: 5 });
      },
      "edit, react and reply to what is left": async () => {
        await settled(bot.edit(roomId, four.id, "reply four, edited"));
        await settled(bob.post("chat.react", { messageId: four.id, emoji: ":eyes:" }));
        await settled(post("reply five", { tmid }));
        await bob.say(roomId, "reply six", { tmid });
      },
      "the orphan deleted": () => erase(bot, four),
      "pinned, starred and reacted to, then deleted": async () => {
        const pinned = await settled(post("pinned one"));
        const messageId = pinned.id;
        await settled(alice.post("chat.pinMessage", { messageId }));
        await settled(bob.post("chat.react", { messageId, emoji: ":eyes:" }));
        await settled(bob.post("chat.starMessage", { messageId }));
        await settled(erase(bot, pinned));
        await bot.get("chat.getPinnedMessages", { roomId });
      },
      "quoted, then deleted": async () => {
        const quoted = await settled(post("quoted one"));
        const link = `[ ](${stage.base}/group/${room.name}?msg=${quoted.id})`;
        const quote = await settled(bob.say(roomId, `${link} so it is`));
        await settled(erase(bot, quoted));
        await read(quote);
      },
      "a file in a thread, then deleted with the parent": async () => {
        const thread = await settled(alice.say(roomId, "thread with a file"));
        const file = await settled(sendFile(bot, roomId, note("x"), { msg: "in it", tmid: thread.id }));
        await settled(erase(alice, thread));
        if (file) await bot.get(`/file-upload/${file.fileId}/note.txt`);
      },
      "by DDP, by another, twice": async () => {
        const ddp = await bot.ddp();
        const { id: _id } = await settled(post("by DDP"));
        await settled(ddp.call("deleteMessage", { _id }));
        await settled(ddp.call("deleteMessage", { _id }));
        await ddp.call("deleteMessage", { _id: old.id });
      },
    });
    await stage.phase("deleted messages stay as removed");
    let restore = await withSetting(stage, "Message_ShowDeletedStatus", true);
    await stage.phase("a parent with a reply, removed");
    const removed = await settled(post("stays as removed"));
    const itsReply = await settled(bob.say(roomId, "its reply", { tmid: removed.id }));
    await settled(erase(bot, removed));
    await read(removed);
    await stage.parts({
      "the removed one: edit, react, delete, reply": async () => {
        await settled(bot.edit(roomId, removed.id, "x"));
        await settled(bot.post("chat.react", { messageId: removed.id, emoji: ":eyes:" }));
        await settled(erase(bot, removed));
        await post("late reply", { tmid: removed.id });
      },
      "its reply, removed": async () => {
        await settled(erase(bob, itsReply));
        await bot.get("groups.history", { roomId, count: 3, showThreadMessages: "true" });
      },
      "deleted for good again": () => restore(),
      "deleting limited to one minute": async () => {
        restore = await withSetting(stage, "Message_AllowDeleting_BlockDeleteInMinutes", 1);
      },
      "too late for bob, for the owner, for the bot": async () => {
        await stage.wait(Math.max(0, OVER_ONE_MINUTE_MS - (Date.now() - born)));
        await settled(erase(bob, old));
        await settled(erase(alice, old));
        await erase(bot, oldBot);
      },
      "a young one while limited": async () => erase(bob, await settled(bob.say(roomId, "young"))),
      "limit taken away": () => restore(),
    });
  },
};
