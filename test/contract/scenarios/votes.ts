// Owns the scenario about approval by reactions.
import type { Actor } from "../actor.ts";
import { png } from "../made-files.ts";
import { at, isObject, textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

export const reactionApproval: Scenario = {
  name: "reaction-approval",
  about:
    "The bot asks, several react and take back in quick order: aliases, custom emoji, threads, read-only",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice, bob, mallory, admin } = stage;
    await stage.phase("setup");
    const { id: roomId } = await stage.createRoom({ members: [bot, bob], name: "approval" });
    const direct = await stage.openDirect(bob, bot);
    await bot.listen({ rooms: [roomId] });
    await alice.listen({ rooms: [roomId], user: ["notification"] });
    const ask = (text: string, extra = {}) => bot.write(roomId, text, extra);
    const react = (who: Actor, { id: messageId }: { id: string }, emoji: string, shouldReact?: boolean) =>
      who.post("chat.react", { messageId, emoji, ...(shouldReact !== undefined && { shouldReact }) });
    const look = ({ id: msgId }: { id: string }) => bot.get("chat.getMessage", { msgId });
    const [yes, no] = [":white_check_mark:", ":x:"];
    const question = await ask("Run `make deploy`? :white_check_mark: yes, :x: no");
    await stage.parts({
      "bot offers both": async () => {
        await react(bot, question, yes);
        await react(bot, question, no);
      },
      "alice agrees": () => react(alice, question, yes),
      "bob objects": () => react(bob, question, no),
      "bob changes his mind": async () => {
        await react(bob, question, no, false);
        await stage.settle();
        await react(bob, question, yes, true);
      },
      "an outsider tries": () => react(mallory, question, yes),
      counted: () => look(question),
      "bot takes its offers away": async () => {
        await react(bot, question, no, false);
        await stage.settle();
        await react(bot, question, yes, false);
      },
    });
    await stage.phase("aliases: which name is kept");
    const aliases = await ask("aliases");
    const votes: [Actor, string][] = [
      [bot, ":thumbsup:"],
      [alice, ":+1:"],
      [bob, "👍"],
      [bot, ":heavy_check_mark:"],
      [alice, "✅"],
      [alice, ":thumbsup::skin-tone-3:"],
      [alice, ":+1_tone3:"],
      [bob, ":woman_technologist:"],
      [bob, ":de:"],
      [bob, ":flag_de:"],
      [bob, "THUMBSUP"],
      [bob, " thumbsdown "],
    ];
    for (const [who, emoji] of votes) {
      await react(who, aliases, emoji);
      await stage.settle();
    }
    await look(aliases);
    await stage.phase("text of a reaction is no reaction");
    await alice.say(roomId, "+:thumbsup:");
    await alice.say(roomId, ":thumbsup:", { tmid: question.id });
    await stage.phase("custom emoji made");
    const custom = stage.name("ok").replace(/-/g, "_");
    await admin.rest("POST", "emoji-custom.create", {
      form: [
        { name: "emoji", ...png(32, 32, "ok.png") },
        { name: "name", value: custom },
        { name: "aliases", value: `${custom}_alias` },
      ],
    });
    await stage.settle();
    const listed = at((await admin.get("emoji-custom.list", undefined, { quiet: true })).body, "emojis");
    const all = at(listed, "update");
    const made = (Array.isArray(all) ? all.filter(isObject) : []).find(({ name }) => name === custom);
    const emojiId = textAt(made, "_id");
    if (emojiId !== undefined)
      stage.afterwards(() => admin.post("emoji-custom.delete", { emojiId }, { quiet: true }));
    await stage.parts({
      "custom emoji used": async () => {
        await react(alice, aliases, `:${custom}:`);
        await stage.settle();
        await react(bob, aliases, `:${custom}_alias:`);
        await stage.settle();
        await look(aliases);
      },
      "custom emoji deleted": async () => {
        if (emojiId !== undefined) await admin.post("emoji-custom.delete", { emojiId });
        await stage.settle();
        await react(alice, aliases, `:${custom}:`, false);
        await react(bob, aliases, `:${custom}:`);
        await look(aliases);
      },
    });
    await stage.phase("one after the other, no waiting between");
    const fast = await ask("fast");
    await stage.settle();
    for (const who of [alice, bob, bot]) await react(who, fast, ":eyes:");
    await stage.parts({
      "state after that": () => look(fast),
      "on and off and on": async () => {
        for (const on of [false, true, false, true, false]) await react(alice, fast, ":eyes:", on);
      },
      "state after on and off": () => look(fast),
      "toggled by one user four times": async () => {
        for (let i = 0; i < 4; i++) await react(bob, fast, ":rocket:");
      },
      "state after the toggles": () => look(fast),
    });
    await stage.phase("at the same moment");
    const parallel = await ask("parallel");
    await stage.settle();
    await Promise.all([alice, bob, bot].map((who) => react(who, parallel, ":tada:")));
    await stage.phase("in a thread");
    const inThread = await ask("asked in a thread", { tmid: question.id });
    await stage.settle();
    await react(alice, inThread, yes);
    await stage.phase("in a direct message");
    const inDirect = await bot.write(direct, "asked in private");
    await stage.settle();
    await react(bob, inDirect, yes);
    await stage.settle();
    await react(alice, inDirect, yes);
    await stage.parts({
      "the question edited after the votes": () => bot.edit(roomId, question.id, "approved by 2"),
      "on a system message": async () => {
        await alice.post("groups.setTopic", { roomId, topic: "approvals" });
        await stage.settle();
        const answer = await bot.get("groups.history", { roomId, count: 50 }, { loose: true });
        const messages = at(answer.body, "messages");
        const notice = (Array.isArray(messages) ? messages.filter(isObject) : []).find(({ t }) => t);
        const id = textAt(notice, "_id");
        if (id !== undefined) await react(alice, { id }, ":eyes:");
      },
      "on a deleted message": async () => {
        await bot.erase(roomId, parallel.id);
        await stage.settle();
        await react(alice, parallel, ":eyes:");
      },
      "bob leaves: do his votes stay": async () => {
        await bob.post("groups.leave", { roomId });
        await stage.settle();
        await look(question);
        await react(bob, question, no);
      },
      "read-only room": async () => {
        await alice.post("groups.setReadOnly", { roomId, readOnly: true });
        await stage.settle();
        await react(bot, question, ":eyes:");
        await react(alice, question, ":eyes:");
        await alice.post("groups.setReadOnly", { roomId, readOnly: false });
        await bot.erase(direct, inDirect.id);
      },
    });
  },
};
