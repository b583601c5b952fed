// Owns the scenario about a message that grows by edits, as a preview of an answer does.
import type { Actor } from "../actor.ts";
import { muting, sendFile, withSetting } from "../errands.ts";
import { note, png } from "../made-files.ts";
import type { Json, JsonObject } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

/** Whole minutes count, and one more is needed to be over the limit of one. Milliseconds. */
export const OVER_ONE_MINUTE_MS = 122_000;

export const editPreview: Scenario = {
  name: "edit-preview",
  about:
    "A preview that grows by edits: counters, mentions, threads, files, odd texts, limits, muted, archived",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "preview" });
    const roomId = room.id;
    const direct = await stage.openDirect(alice, bot);
    await bot.listen({ rooms: [roomId] });
    await alice.listen({ rooms: [roomId], user: ["notification"] });
    const born = Date.now();
    const mute = muting(stage, room);
    const edit = (who: Actor, { id: msgId }: { id: string }, text?: Json, extra: JsonObject = {}) =>
      who.post("chat.update", { roomId, msgId, ...(text !== undefined && { text }), ...extra });
    const editInTurn = async (...edits: [{ id: string }, Json?, JsonObject?][]) => {
      for (const [message, text, extra] of edits) {
        await edit(bot, message, text, extra);
        await stage.settle();
      }
    };
    const counters = (rid = roomId) => alice.get("subscriptions.getOne", { roomId: rid });
    const old = await bot.write(roomId, "bot: an old one");
    const hers = await alice.say(roomId, "alice: an old one");
    await stage.phase("counters before");
    for (const rid of [roomId, direct]) await alice.post("subscriptions.read", { rid });
    await stage.settle();
    await counters();
    await stage.phase("bot posts");
    const preview = await bot.write(roomId, "preview 0");
    await stage.parts({
      "counters after the post": counters,
      "ten edits, one each 300 ms": async () => {
        for (let length = 1; length <= 10; length++) {
          const begun = Date.now();
          await edit(bot, preview, `preview ${"1234567890".slice(0, length)}`);
          await stage.wait(Math.max(0, 300 - (Date.now() - begun)));
        }
      },
      "counters after the edits": counters,
      "last edit with a mention": () => edit(bot, preview, "done, @alice: see *this* and @bob"),
      "counters after the mention": async () => {
        await counters();
        for (const who of [bot, alice]) await who.get("chat.getMentionedMessages", { roomId });
      },
      "the mention edited away": async () => {
        await editInTurn([preview, "done, alice: see *this*"]);
        await counters();
      },
      "four edits without waiting for answers": () =>
        Promise.all([1, 2, 3, 4].map((i) => edit(bot, preview, `burst ${i}`))),
    });
    await stage.phase("in a direct message");
    const inDirect = await bot.write(direct, "preview");
    await stage.settle();
    await counters(direct);
    for (const i of [1, 2]) {
      await bot.edit(direct, inDirect.id, `preview ${i}`);
      await stage.settle();
    }
    await counters(direct);
    await stage.phase("in a thread");
    const parent = await alice.say(roomId, "a question for the thread");
    await stage.settle();
    const reply = await bot.write(roomId, "thinking 0", { tmid: parent.id });
    const card = { title: "Title", text: "body", fields: [{ title: "a", value: "b", short: true }] };
    await stage.parts({
      "edits in the thread": async () => {
        for (const i of [1, 2, 3]) {
          await edit(bot, reply, `thinking ${i}`);
          await stage.wait(300);
        }
      },
      "mention in the thread by an edit": async () => {
        await editInTurn([reply, "the answer, @alice"]);
        await counters();
        await bot.get("chat.getMessage", { msgId: parent.id });
      },
      "edit shown in the room afterwards": () => edit(bot, reply, "the answer, @alice", { tshow: true }),
    });
    const editedFile = async (file: ReturnType<typeof note>, fields: JsonObject, text: string) => {
      const sent = await sendFile(bot, roomId, file, fields);
      await stage.settle();
      if (sent) await edit(bot, sent, text);
    };
    await stage.parts({
      "a file with text: edited": () =>
        editedFile(note("x"), { msg: "text of the file" }, "new text of the file"),
      "a file with description: edited": () => {
        const words = { msg: "the text", description: "the description" };
        return editedFile(png(64, 48), words, "new words for @alice");
      },
      "a file without either: edited": () => editedFile(note("x"), {}, "words added"),
    });
    await stage.phase("attachments of one's own: edited");
    const withCard = await bot.write(roomId, "card", { attachments: [card] });
    await stage.settle();
    await edit(bot, withCard, "card, edited");
    const long = "word ".repeat(999);
    await stage.parts({
      "an edit that brings attachments, customFields, alias": () =>
        editInTurn(
          [preview, "with attachments", { attachments: [{ text: "y" }] }],
          [preview, "with fields", { customFields: { step: 1 } }],
          [preview, "with alias", { alias: "Robot" }],
          [preview, "with link http://127.0.0.1:9/x", { previewUrls: [] }],
        ),
      "same text": () => editInTurn([preview, "the same"], [preview, "the same"]),
      "empty text, blanks, no text, no string": () =>
        editInTurn([preview, ""], [preview, "   "], [preview], [preview, 5]),
      "empty text where there are attachments": () => edit(bot, withCard, ""),
      "as long as allowed, and one more": () =>
        editInTurn([preview, `${long}12345`], [preview, `${long}123456`]),
      "code block open and closed": () =>
        editInTurn(
          [preview, "so far:\n```js\nlet a = 1;"],
          [preview, "so far:\n```js\nlet a = 1;\n```\nend"],
        ),
    });
    await stage.phase("by DDP");
    const ddp = await bot.ddp();
    const byDdp = { _id: preview.id, rid: roomId, msg: "by DDP" };
    await ddp.call("updateMessage", byDdp);
    await stage.settle();
    await ddp.call("updateMessage", { ...byDdp, tmid: parent.id });
    let restore = async () => {};
    await stage.parts({
      "by chat.sendMessage with the id of the old one": () =>
        bot.post("chat.sendMessage", { message: { _id: preview.id, rid: roomId, msg: "sent again" } }),
      "edits while reacted to and pinned": async () => {
        await alice.post("chat.react", { messageId: preview.id, emoji: ":eyes:" });
        await stage.settle();
        await alice.post("chat.pinMessage", { messageId: preview.id });
        await stage.settle();
        await edit(bot, preview, "edited with a reaction and pinned");
      },
      "after the delete": async () => {
        await bot.erase(roomId, preview.id);
        await stage.settle();
        await edit(bot, preview, "gone");
      },
      "editing limited to one minute": async () => {
        restore = await withSetting(stage, "Message_AllowEditing_BlockEditInMinutes", 1);
      },
      "edits of messages older and younger than that": async () => {
        await stage.wait(Math.max(0, OVER_ONE_MINUTE_MS - (Date.now() - born)));
        await edit(bot, old, "bot edits late");
        await stage.settle();
        await edit(alice, hers, "alice edits late");
        await stage.settle();
        const young = await alice.say(roomId, "young");
        await stage.settle();
        await edit(alice, young, "young, edited");
      },
      "limit taken away": () => restore(),
      "editing off": async () => {
        restore = await withSetting(stage, "Message_AllowEditing", false);
      },
      "edits while it is off": async () => {
        await edit(bot, old, "bot edits");
        await stage.settle();
        await edit(alice, hers, "alice edits");
      },
      "editing on": () => restore(),
      muted: async () => {
        await mute("labbot");
        await stage.settle();
        await edit(bot, old, "muted");
        await stage.settle();
        await mute("labbot", false);
      },
      archived: async () => {
        await alice.post("groups.archive", { roomId });
        await stage.settle();
        await edit(bot, old, "archived");
        await alice.post("groups.unarchive", { roomId });
        await bot.erase(direct, inDirect.id);
        await alice.post("subscriptions.read", { rid: direct });
      },
    });
  },
};
