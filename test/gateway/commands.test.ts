import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../../emulator/world/documents.ts";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT = { timeoutMs: 60_000 };
/** An answer of ten minutes in small pieces. */
const SLOW = { text: "a story without end", delayMs: 600_000, pieces: 6000 };
/** A command that somebody wrote; what the bot says of commands stands in backticks. */
const COMMAND = /(?<![`\w])!(?:help|status|model|stop|deploy|new)\b/;

let stack: Stack;
let second: string;
let connections: number;
const ids: Record<string, string> = {};
const rooms: Record<string, string> = {};

beforeAll(async () => {
  stack = await startStack(({ control, userIds, account }) => {
    Object.assign(ids, userIds);
    for (const username of ["carol", "mallory"]) ids[username] = control.addUser({ username }).userId;
    second = control.addUser({ username: "second-bot", roles: ["user", "bot"] }).userId;
    const pat = control.personalAccessToken("second-bot");
    const people = ["alice", "bob", "carol"];
    const members = [...people, "openclaw-bot"];
    rooms.town = control.addRoom({ name: "town", type: "c", members });
    rooms.locked = control.addRoom({ name: "locked", type: "p", members });
    rooms.chatty = control.addRoom({ name: "chatty", type: "c", members });
    rooms.plaza = control.addRoom({ name: "plaza", type: "c", members: [...members, "second-bot"] });
    rooms.group = control.direct(members);
    for (const person of [...people, "mallory"]) rooms[person] = control.direct([person, "openclaw-bot"]);
    return {
      accounts: { default: {}, second: { ...account, userId: second, username: "second-bot", pat } },
      allowFrom: [ids.alice, ids.carol],
      dm: { groupEnabled: true },
      rooms: {
        [rooms.town]: {},
        [rooms.plaza]: {},
        [rooms.chatty]: { requireMention: false },
        [rooms.locked]: { users: [ids.alice, ids.carol] },
      },
    };
  });
  await stack.gateway.waitForOutput(/\[second\] connected/);
  // As after a first approved pairing: OpenClaw has an owner, and it is none of these people.
  const from = stack.gateway.mark();
  await stack.gateway.updateConfig((config) => ({
    ...config,
    commands: { ownerAllowFrom: ["rocketchat:somebody"] },
  }));
  await stack.gateway.waitForOutput(/\[default\] connected/, { from });
  await stack.gateway.waitForOutput(/\[second\] connected/, { from });
  connections = connectionsMade();
});
afterAll(() => stack?.stop());

const connectionsMade = (): number => stack.gateway.output.split("] connected").length;
const rid = (room: string): string => rooms[room] ?? "";

/** What the bots said in a room and thread so far, oldest first. */
const said = (room: string, tmid?: string): string[] =>
  stack.emulator.control
    .messages(rid(room))
    .flatMap((message) =>
      [stack.bot.userId, second].includes(message.u._id) && message.tmid === tmid ? [message.msg] : [],
    );

function say(as: string, room: string, msg: string, tmid?: string): Message {
  return stack.emulator.control.post({ as, rid: rid(room), msg, ...(tmid !== undefined && { tmid }) });
}

/** Lets somebody write and resolves with the first thing that the bot says after it there. */
async function ask(as: string, room: string, msg: string, tmid?: string): Promise<string> {
  const before = new Set(stack.emulator.control.messages(rid(room)).map(({ _id }) => _id));
  say(as, room, msg, tmid);
  const isReply = (message: Message): boolean =>
    message.u._id === stack.bot.userId &&
    message.rid === rid(room) &&
    message.tmid === tmid &&
    !before.has(message._id);
  return (await stack.emulator.control.waitForMessage(isReply, TIMEOUT)).msg;
}

async function setCommands(change: object): Promise<void> {
  const from = stack.gateway.mark();
  await stack.changeSection((section) => ({ ...section, ...change }));
  await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat/, { from });
}

/** Who writes what where, and what the bot answers; `undefined` is silence. */
type Cell = readonly [who: string, room: string, text: string, answer: RegExp | undefined];

/** Plays the cells and compares the whole transcript of every room: each answer once, nothing beside. */
async function play(cells: readonly Cell[], tmid?: string): Promise<void> {
  const places = [...new Set(cells.map(([, room]) => room))];
  const before = new Map(places.map((room) => [room, said(room, tmid).length]));
  for (const [who, room, text, answer] of cells) {
    if (answer === undefined) say(who, room, text, tmid);
    else expect(await ask(who, room, text, tmid), `${who} in ${room}: ${text}`).toMatch(answer);
  }
  for (const room of places) {
    const answers = cells.flatMap(([, place, , answer]) => (place === room && answer ? [answer] : []));
    const transcript = said(room, tmid).slice(before.get(room));
    expect(transcript, room).toEqual(answers.map((answer) => expect.stringMatching(answer)));
  }
}

const STATUS =
  /^Agent main, model `demo\/scripted`\nSession: .*\nNow: idle, nothing waiting\nAccount default: connected since/;
const HELP = /^You may use these here:\n`!help`[^\n]*\n`!status`[^\n]*$/;
const OPERATORS_HELP =
  /^You may use these here:\n(?:`!(?:help|status|model|stop|approve|deny)` [^\n]+\n?){6}$/;
const MODEL =
  /^The model here is `demo\/scripted`\. You can choose `demo\/scripted`, `demo\/scripted-two`\.$/;
const NOTHING = /^Nothing is running here\.$/;
const HINT = /^There is no command `!deploy` here/;
const REFUSED_STOP = /^`!stop` is for [^\n]*operators[^\n]*$/;
const REFUSED_MODEL = /^`!model` is for [^\n]*operators[^\n]*$/;
const CODE = /pairing approve rocketchat/;

describe("the table of senders, places, commands and operators", () => {
  it("with commandAllowFrom unset", async () => {
    await play([
      ["bob", "locked", "!status", undefined],
      ["bob", "locked", "!stop", undefined],
      ["alice", "locked", "!status", STATUS],
      ["mallory", "mallory", "!stop", CODE],
      ["alice", "alice", "!status", STATUS],
      ["alice", "alice", "!help", OPERATORS_HELP],
      ["alice", "alice", "!model", MODEL],
      ["alice", "alice", "!stop", NOTHING],
      ["alice", "alice", "!deploy", HINT],
      ["bob", "town", "!deploy", undefined],
      ["bob", "town", "!status", STATUS],
      ["bob", "town", "!help", HELP],
      ["bob", "town", "!model", REFUSED_MODEL],
      ["carol", "town", "!stop", REFUSED_STOP],
      ["carol", "town", "@openclaw-bot !deploy", HINT],
      ["alice", "group", "!deploy", undefined],
      ["bob", "group", "!status", undefined],
      ["alice", "group", "!status", STATUS],
      ["alice", "group", "!stop", REFUSED_STOP],
    ]);
    const root = say("bob", "town", "a thread begins");
    await play(
      [
        ["bob", "town", "!status", STATUS],
        ["bob", "town", "!stop", REFUSED_STOP],
        ["bob", "town", "!deploy", undefined],
        ["bob", "town", "!help", HELP],
      ],
      root._id,
    );
  });

  it("with commandAllowFrom empty", async () => {
    await setCommands({ commandAllowFrom: [] });
    await play([
      ["carol", "carol", "!stop", NOTHING],
      ["carol", "town", "!model", REFUSED_MODEL],
    ]);
  });

  it("with an operator, by name", async () => {
    await setCommands({ commandAllowFrom: ["@carol"] });
    await play([
      ["carol", "town", "!help", OPERATORS_HELP],
      ["carol", "town", "!stop", NOTHING],
      [
        "carol",
        "town",
        "!model scripted-too",
        /^There is no model `scripted-too`\. Similar: `demo\/scripted-two`/,
      ],
      ["carol", "group", "!stop", NOTHING],
      ["carol", "carol", "!model", MODEL],
      ["alice", "alice", "!stop", REFUSED_STOP],
      ["bob", "town", "!model demo/scripted-two", REFUSED_MODEL],
      ["bob", "town", "!status", STATUS],
    ]);
    const root = say("bob", "town", "another thread begins");
    await play(
      [
        ["carol", "town", "!model", MODEL],
        ["bob", "town", "!stop", REFUSED_STOP],
      ],
      root._id,
    );
  });

  it("with another operator alone", async () => {
    await setCommands({ commandAllowFrom: [ids.bob] });
    await play([
      ["carol", "town", "!stop", REFUSED_STOP],
      ["carol", "carol", "!stop", REFUSED_STOP],
      ["bob", "town", "!stop", NOTHING],
    ]);
  });

  it("with direct messages open to all", async () => {
    await setCommands({ dmPolicy: "open", allowFrom: ["*", ids.alice], commandAllowFrom: [] });
    await play([
      ["mallory", "mallory", "!status", STATUS],
      ["mallory", "mallory", "!stop", REFUSED_STOP],
      ["alice", "alice", "!stop", NOTHING],
    ]);
  });

  it("with further commands on", async () => {
    await setCommands({ commandAllowFrom: [ids.carol], commands: { extra: true } });
    expect(await ask("carol", "carol", "!new")).toMatch(/^OpenClaw's own `commands\.ownerAllowFrom`/);
    expect(await ask("alice", "alice", "!new")).toMatch(/^`!new` is for/);
    expect(await ask("carol", "carol", "!restart")).toMatch(/^There is no command/);
  });

  it("over one connection, without asking the model anything", () => {
    expect(connectionsMade()).toBe(connections);
    expect(stack.model.requests()).toEqual([]);
  });
});

describe("a command among several bots", () => {
  const first = (): string => stack.bot.userId;
  async function answerers(msg: string, count: number): Promise<string[]> {
    const sent = say("bob", "plaza", msg);
    const after = (): Message[] => {
      const all = stack.emulator.control.messages(rid("plaza"));
      return all.slice(all.findIndex(({ _id }) => _id === sent._id) + 1);
    };
    await stack.emulator.control.waitForMessage(() => after().length >= count, TIMEOUT);
    return after().map(({ u }) => u._id);
  }

  it("is answered by all when it names nobody, and by the named one alone", async () => {
    expect((await answerers("!status", 2)).toSorted()).toEqual([first(), second].toSorted());
    expect(await answerers("@second-bot !status", 1)).toEqual([second]);
    expect(await answerers("!status @openclaw-bot", 1)).toEqual([first()]);
    expect((await answerers("@second-bot @openclaw-bot !help", 2)).toSorted()).toEqual(
      [first(), second].toSorted(),
    );
  });
});

describe("!model", () => {
  it("changes the model of the next turn of this conversation and of no other", async () => {
    const { control } = stack.emulator;
    const root = say("bob", "town", "a third thread begins");
    const modelOf = async (room: string, word: string, tmid?: string): Promise<string> => {
      await ask("carol", room, `@openclaw-bot [say ${word}]`, tmid);
      return (await stack.model.waitForRequest(`[say ${word}]`, TIMEOUT)).model;
    };
    expect(await modelOf("town", "before")).toBe("scripted");
    expect(await ask("carol", "town", "!model Scripted-Two")).toContain("scripted-two");
    expect(await modelOf("town", "after")).toBe("scripted-two");
    expect(await modelOf("town", "in a thread", root._id)).toBe("scripted");
    expect(await modelOf("chatty", "elsewhere")).toBe("scripted");
    expect(await ask("bob", "town", "!status")).toContain("model `demo/scripted-two`");
    await ask("carol", "town", "!model default");
    expect(await modelOf("town", "again")).toBe("scripted");
    expect(control.messages(rid("town")).filter(({ msg }) => msg === "after")).toHaveLength(1);
  });
});

describe("!stop", () => {
  it("closes the model's connection and ends the answer, and lets another thread's run go on", async () => {
    const root = say("bob", "town", "a fourth thread begins");
    const other = stack.model.script("in the thread", { text: "the thread goes on", hold: true });
    say("bob", "town", "@openclaw-bot answer in the thread", root._id);
    const threadRun = await stack.model.waitForRequest("in the thread", TIMEOUT);
    const slow = stack.model.script("a long story", SLOW);
    say("bob", "town", "@openclaw-bot a long story");
    const run = await stack.model.waitForRequest("a long story", TIMEOUT);
    say("alice", "town", "@openclaw-bot [say this waits behind it]");
    expect(await ask("bob", "town", "!status")).toMatch(/Now: answering bob for /);
    const before = said("town").length;
    expect(await ask("carol", "town", "!stop")).toMatch(
      /^Stopped the answer to bob(, and dropped 1 message waiting)?\.$/,
    );
    expect(await run.ended).toBe("aborted");
    slow.remove();
    other.release();
    await stack.emulator.control.waitForMessage(({ msg }) => msg === "the thread goes on", TIMEOUT);
    expect(await threadRun.ended).toBe("answered");
    expect(await ask("bob", "town", "@openclaw-bot [say afterwards]")).toBe("afterwards");
    expect(said("town").slice(before)).toEqual([expect.stringMatching(/^Stopped/), "afterwards"]);
  });

  it("lets a question begin that an edit makes after it", async () => {
    const asked = say("alice", "town", "[say asked by an edit]");
    expect(await ask("carol", "town", "!stop")).toMatch(/^Nothing|^Stopped/);
    const text = "@openclaw-bot [say asked by an edit]";
    stack.emulator.control.edit({ as: "alice", messageId: asked._id, text });
    const isAnswer = ({ msg, u }: Message): boolean =>
      msg === "asked by an edit" && u._id === stack.bot.userId;
    await stack.emulator.control.waitForMessage(isAnswer, TIMEOUT);
  });

  it("answers what waits in another's direct messages, which share the session", async () => {
    const slow = stack.model.script("a story for carol", SLOW);
    say("carol", "carol", "a story for carol");
    const run = await stack.model.waitForRequest("a story for carol", TIMEOUT);
    const waiting = ask("alice", "alice", "[say for alice]");
    expect(await ask("carol", "carol", "!stop")).toMatch(/^Stopped/);
    expect(await run.ended).toBe("aborted");
    slow.remove();
    expect(await waiting).toBe("for alice");
  });

  it("ends what was stored and not yet begun, right after a start", async () => {
    const from = stack.gateway.mark();
    await stack.gateway.restart();
    await stack.gateway.waitForOutput(/\[default\] connected/, { from });
    const before = said("town").length;
    const slow = stack.model.script("told too early", SLOW);
    const question = say("bob", "town", "@openclaw-bot told too early");
    say("bob", "town", "@openclaw-bot [say and this behind it]");
    await stack.waitForStoredEvent(question._id);
    expect(await ask("carol", "town", "!stop")).toMatch(/^Stopped|^Nothing was running; dropped/);
    slow.remove();
    expect(await ask("bob", "town", "@openclaw-bot [say the first answer]")).toBe("the first answer");
    expect(said("town").slice(before)).toHaveLength(2);
    const asked = stack.model.requests().filter(({ text }) => text.includes("told too early"));
    expect(await Promise.all(asked.map(({ ended }) => ended))).toEqual(asked.map(() => "aborted"));
  });

  it("ends a question for good whose room is still being read", async () => {
    const { control, faults } = stack.emulator;
    const before = control.requests().length;
    faults.rest({ path: "channels.history", delayMs: 15_000, times: 1 });
    const question = say("bob", "town", "@openclaw-bot [say never said]");
    await stack.waitForStoredEvent(question._id);
    expect(await ask("carol", "town", "!stop")).toMatch(/^Stopped|^Nothing was running; dropped/);
    await stack.waitForStoredEvent(question._id, { status: "completed" });
    const read = control.requests().slice(before);
    expect(read.filter(({ path }) => path.endsWith("channels.history"))).toEqual([]);
  });
});

it("lets no command reach the model, however it comes", async () => {
  const { control } = stack.emulator;
  const texts = [
    "!deploy",
    "!status",
    "[ ](https://chat.example.org/channel/chatty?msg=x) !deploy",
    "!@openclaw-bot,stop",
  ];
  for (const text of texts) say("bob", "chatty", text);
  const plain = say("bob", "chatty", "[say plain]");
  control.edit({ as: "bob", messageId: plain._id, text: "!status" });
  control.postFile({
    as: "bob",
    rid: rid("chatty"),
    name: "a.txt",
    type: "text/plain",
    bytes: Buffer.from("x"),
    msg: "!deploy",
  });
  say("bob", "bob", "!deploy");
  expect(await ask("bob", "chatty", "[say last]")).toBeDefined();
  await stack.model.waitForRequest("[say last]", TIMEOUT);
  await wait(0);
  const prompts = stack.model.requests().map(({ prompt }) => prompt);
  expect(prompts.length).toBeGreaterThan(5);
  expect(prompts.filter((prompt) => COMMAND.test(prompt))).toEqual([]);
});
