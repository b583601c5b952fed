import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openListener } from "../support/listener.ts";
import { type Stack, startStack } from "./stack.ts";

const BOT = "openclaw-bot";
const WAIT = { timeoutMs: 60_000 };
const WAIT_FOR_SUBS = { timeout: 60_000 };

const STATUS_REACTIONS = { config: { messages: { statusReactions: { enabled: true } } } };

let stack: Stack;
let town: string;
let quiet: string;
let noted: string;
let annex: string;
let typed: Awaited<ReturnType<typeof openListener>>;

beforeAll(async () => {
  stack = await startStack(({ control, userIds }) => {
    for (const username of ["mallory", "carol"]) control.addUser({ username });
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "bob", "mallory", BOT] });
    quiet = control.addRoom({ name: "quiet", type: "c", members: ["alice", BOT] });
    annex = control.addRoom({ name: "annex", type: "c", members: ["alice"] });
    control.addEmoji("busy_bee", ["bee_at_work"]);
    return {
      rooms: { [town]: { users: [userIds.alice, userIds.bob] }, [annex]: {} },
      commandAllowFrom: [userIds.alice],
      typingReaction: "busy_bee",
      removeAckAfterReply: true,
      reactionTriggers: { memo: "[say minutes taken]" },
    };
  }, STATUS_REACTIONS);
  typed = await openListener(stack.emulator, { username: "alice", rooms: [town] });
});
afterAll(async () => {
  await stack?.stop();
  await typed?.close();
});

const mention = (msg: string, as = "alice", tmid?: string) =>
  stack.emulator.control.post({ as, rid: town, msg: `@${BOT} ${msg}`, ...(tmid && { tmid }) });

const answer = (text: string) =>
  stack.emulator.control.waitForMessage(
    ({ rid, u, msg }) => rid === town && u._id === stack.bot.userId && msg.includes(text),
    WAIT,
  );

const reactionsOn = (id: string): string[] =>
  Object.keys(stack.emulator.control.messages(town).find(({ _id }) => _id === id)?.reactions ?? {});

/** What the model was told in the latest request that has `text` in it. */
const promptWith = (text: string): string =>
  stack.model
    .requests()
    .map((request) => JSON.stringify(request))
    .findLast((request) => request.includes(text)) ?? "";

/** Resolves when no reaction is left on a message. */
const bare = (id: string) =>
  stack.emulator.control.waitForMessage(
    ({ _id, reactions = {} }) => _id === id && Object.keys(reactions).length === 0,
    WAIT,
  );

const requestsOfBot = (from: number): string[] =>
  stack.emulator.control
    .requests()
    .slice(from)
    .filter(({ userId }) => userId === stack.bot.userId)
    .map(({ path }) => path.replace(/^.*\/api\/v1\//, ""));

describe("what the agent is told", () => {
  it("are reactions to its own messages by people who may write to it, and what else they do, in the next turn", async () => {
    const { control } = stack.emulator;
    mention("[say first words]");
    const first = await answer("first words");
    const others = control.post({ as: "bob", rid: town, msg: "not for the bot" });
    const doomed = control.post({ as: "bob", rid: town, msg: "soon gone" });
    control.react({ as: "alice", messageId: first._id, emoji: ":tada:" });
    control.react({ as: "alice", messageId: others._id, emoji: ":rocket:" });
    control.react({ as: "mallory", messageId: first._id, emoji: ":skull:" });
    control.edit({ as: "bob", messageId: others._id, text: "changed" });
    control.delete({ as: "bob", messageId: doomed._id });
    control.pin({ as: "alice", messageId: first._id });
    control.describe({ as: "alice", rid: town, field: "topic", value: "obey me" });
    control.invite({ as: "alice", rid: town, username: "carol" });
    await stack.gateway.waitForOutput(/message dropped reason=sender-not-allowed/);
    mention("[say second words]");
    await answer("second words");
    const prompt = promptWith("second words");
    expect(prompt).toContain(`reaction added: :tada: by alice in #town msg ${first._id} from ${BOT}`);
    expect(prompt).toContain(`message edited in #town: msg ${others._id} from bob`);
    expect(prompt).toContain(`message deleted in #town: msg ${doomed._id} from bob`);
    expect(prompt).toContain("alice pinned a message in #town");
    expect(prompt).toContain("alice changed the topic of #town");
    expect(prompt).toContain("alice added carol to #town");
    expect(prompt).not.toContain(":rocket:");
    expect(prompt).not.toContain(":skull:");
  });

  it("is how many messages of whom are gone when a room is pruned", async () => {
    const { control } = stack.emulator;
    await expect
      .poll(() => control.connections().flatMap(({ subs }) => subs), WAIT_FOR_SUBS)
      .toContain(`stream-notify-room ${town}/deleteMessageBulk`);
    const oldest = new Date(control.post({ as: "bob", rid: town, msg: "to be pruned" }).ts);
    for (const as of ["bob", "bob", "alice"]) control.post({ as, rid: town, msg: "to be pruned, too" });
    expect(control.prune({ rid: town, oldest })).toBe(4);
    // What is gone is found out beside the room's questions: the first of them may be too early.
    for (const text of ["after the prune", "long after the prune"]) {
      mention(`[say ${text}]`);
      await answer(text);
    }
    const prompts = stack.model.requests().map((request) => JSON.stringify(request));
    const told = prompts.filter((prompt) => prompt.includes("messages deleted in #town: 3 from bob"));
    expect(told.length).toBeGreaterThan(0);
    expect(told.at(-1)).toMatch(/message deleted in #town: msg \w+ from alice/);
  });

  it("is a request when an edit adds the mention, once", async () => {
    const { control } = stack.emulator;
    const { _id } = control.post({ as: "alice", rid: town, msg: "[say late words]" });
    control.edit({ as: "alice", messageId: _id, text: `@${BOT} [say late words]` });
    await answer("late words");
    control.edit({ as: "alice", messageId: _id, text: `@${BOT} [say late words] again` });
    mention("[say after the edits]");
    await answer("after the edits");
    expect(
      control.messages(town).filter(({ u, msg }) => u.username === BOT && msg.includes("late words")),
    ).toHaveLength(1);
  });
});

describe("a room that the bot is added to", () => {
  it("is greeted once, by what can be read there", async () => {
    const { control } = stack.emulator;
    control.post({ as: "alice", rid: annex, msg: "the old piano is here" });
    stack.model.script("You were just invited", { text: "I could tune the piano." });
    for (const times of ["once", "twice"]) {
      const from = stack.gateway.mark();
      if (times === "twice") control.kick({ as: "alice", rid: annex, username: BOT });
      control.invite({ as: "alice", rid: annex, username: BOT });
      await stack.gateway.waitForOutput(/\[join-intro\] channel room join introduction settled/, { from });
    }
    expect(promptWith("You were just invited")).toMatch(
      /Room name: #annex.*Invited by: alice.*the old piano is here/,
    );
    const said = control.messages(annex).filter(({ u, t }) => u.username === BOT && !t);
    expect(said.map(({ msg }) => msg)).toEqual(["I could tune the piano."]);
  });
});

describe("a reaction that asks for something", () => {
  it("is answered once, about its message, for those who may speak", async () => {
    const { control } = stack.emulator;
    const { _id } = control.post({ as: "alice", rid: town, msg: "we meet at noon" });
    const from = stack.gateway.mark();
    control.react({ as: "mallory", messageId: _id, emoji: ":memo:" });
    await stack.gateway.waitForOutput(/message dropped reason=sender-not-allowed/, { from });
    control.react({ as: "alice", messageId: _id, emoji: ":memo:" });
    await answer("minutes taken");
    const prompt = promptWith("minutes taken");
    expect(prompt).toContain("we meet at noon");
    expect(prompt).toContain(`the reaction :memo: to the quoted message.`);
    noted = _id;
  });
});

describe("what the agent does", () => {
  it("adds a reaction, leaves it on a second call, and removes it", async () => {
    const { control } = stack.emulator;
    const { _id } = control.post({ as: "bob", rid: town, msg: "please react" });
    const reactWith = async (say: string, more = "", emoji = "👀"): Promise<void> => {
      const args = `{"action": "react", "channel": "rocketchat", "target": "room:${town}", "messageId": "${_id}", "emoji": "${emoji}"${more}}`;
      mention(`[say ${say}] [tool tool_call {"id": "message", "args": ${args}}]`);
      await answer(say);
    };
    await reactWith("reacted once");
    expect(reactionsOn(_id)).toEqual([":eyes:"]);
    await reactWith("reacted twice");
    expect(reactionsOn(_id)).toEqual([":eyes:"]);
    await reactWith("took it back", ', "remove": true');
    expect(reactionsOn(_id)).toEqual([]);
    await reactWith("reacted with our own", "", ":bee_at_work:");
    expect(reactionsOn(_id)).toEqual([":bee_at_work:"]);
    await reactWith("could not", "", "busy_be");
    expect(promptWith("could not")).toContain("Near names: :busy_bee:");
  });
});

describe("what people see of a turn", () => {
  it("is an acknowledgement before the model is asked, typing while it works, and neither after the reply", async () => {
    typed.forget();
    const script = stack.model.script("held words", { text: "held words", hold: true });
    const { _id } = mention("held words please");
    await stack.model.waitForRequest("held words");
    expect(reactionsOn(_id)).toContain(":eyes:");
    await typed.until(town, ["user-typing"]);
    await stack.emulator.control.waitForMessage(
      (message) => message._id === _id && ":busy_bee:" in (message.reactions ?? {}),
      WAIT,
    );
    script.release();
    await answer("held words");
    await typed.until(town, []);
    await bare(_id);
  });

  it("is typing before the room is read for the agent", async () => {
    const { control, faults } = stack.emulator;
    typed.forget();
    faults.rest({ path: "channels.history", times: 1, delayMs: 2_000 });
    const before = control.requests().length;
    mention("[say read and written]");
    await typed.until(town, ["user-typing"]);
    expect(requestsOfBot(before)).not.toContain("channels.history");
    await answer("read and written");
    await typed.until(town, []);
    expect(requestsOfBot(before)).toContain("channels.history");
  });

  it("is a failure for a moment, and then the acknowledgement again", async () => {
    const { control } = stack.emulator;
    const { _id } = control.post({ as: "alice", rid: town, msg: "a thread of its own" });
    typed.forget();
    const question = mention("[fail 400] broken", "alice", _id);
    const shows = (isRight: (emoji: string[]) => boolean) =>
      control.waitForMessage(
        ({ _id: id, reactions = {} }) => id === question._id && isRight(Object.keys(reactions)),
        WAIT,
      );
    await typed.until(town, ["user-typing"], _id);
    await shows((emoji) => emoji.includes(":x:"));
    await typed.until(town, [], _id);
    await shows((emoji) => emoji.join() === ":eyes:");
  });

  it("costs nothing in a room that is not served", async () => {
    const { control } = stack.emulator;
    const before = control.requests().length;
    const { _id } = control.post({ as: "alice", rid: quiet, msg: `@${BOT} hello` });
    control.react({ as: "alice", messageId: _id, emoji: ":tada:" });
    control.edit({ as: "alice", messageId: _id, text: "hello" });
    control.post({ as: BOT, rid: quiet, msg: "by hand" });
    mention("[say after the quiet room]");
    await answer("after the quiet room");
    const foreign = requestsOfBot(before).filter((path) => !/^chat\.(sendMessage|react)/.test(path));
    // The window of the room whose question was admitted; who asked there may be looked up anew, and the token checked.
    expect(foreign.filter((path) => path !== "me" && path !== "users.info")).toEqual(["channels.history"]);
  });

  it("ends with a stop, too", async () => {
    typed.forget();
    const script = stack.model.script("endless words", { text: "endless words", hold: true });
    mention("endless words please");
    await typed.until(town, ["user-typing"]);
    stack.emulator.control.post({ as: "alice", rid: town, msg: "!stop" });
    await typed.until(town, []);
    script.release();
    // What is written before a stop is over counts as stopped.
    await answer("Stopped the answer to alice");
  });

  it("ends with the gateway", async () => {
    typed.forget();
    const script = stack.model.script("unfinished words", { text: "unfinished words", hold: true });
    mention("unfinished words please");
    await typed.until(town, ["user-typing"]);
    const ended = stack.gateway.end();
    // OpenClaw waits for a run that has begun.
    script.release();
    await Promise.all([typed.until(town, []), ended]);
  });
});

describe("what the agent is told after a restart", () => {
  it("is what happened meanwhile, and the first reaction to a message from before, each once", async () => {
    const { control } = stack.emulator;
    const own = control.messages(town).filter(({ u }) => u.username === BOT);
    const [first, second] = own.map(({ _id }) => _id);
    const [edited, gone] = control.messages(town).filter(({ u, t }) => u.username === "bob" && !t);
    if (!first || !second || !edited || !gone) throw new Error("the tests above have posted nothing");
    control.react({ as: "bob", messageId: first, emoji: ":balloon:" });
    control.edit({ as: "bob", messageId: edited._id, text: "changed again" });
    control.delete({ as: "bob", messageId: gone._id });
    const from = stack.gateway.mark();
    await stack.gateway.start();
    await stack.gateway.waitForOutput(/recent messages learned/, { from });
    control.react({ as: "alice", messageId: second, emoji: ":sunny:" });
    control.react({ as: "bob", messageId: noted, emoji: ":memo:" });
    mention("[say back again]");
    await answer("back again");
    const prompt = promptWith("back again");
    const times = (text: string): number => prompt.split(text).length - 1;
    expect(times(`reaction added: :balloon: by bob in #town msg ${first}`)).toBe(1);
    expect(times(`reaction added: :sunny: by alice in #town msg ${second}`)).toBe(1);
    expect(times(`message edited in #town: msg ${edited._id} from bob`)).toBe(1);
    expect(times(`message deleted in #town: msg ${gone._id} from bob`)).toBe(1);
    expect(control.messages(town).filter(({ msg }) => msg === "minutes taken")).toHaveLength(1);
  });
});

describe("a reaction that asks for something once more", () => {
  it("is answered, too, on a message that the agent was asked by, and with each emoji", async () => {
    const { control } = stack.emulator;
    const taken = () => control.messages(town).filter(({ msg }) => msg.includes("minutes taken")).length;
    const before = taken();
    const { _id } = mention("[say asked in words]");
    await answer("asked in words");
    control.react({ as: "bob", messageId: _id, emoji: ":memo:" });
    await expect.poll(taken, WAIT_FOR_SUBS).toBe(before + 1);
  });
});
