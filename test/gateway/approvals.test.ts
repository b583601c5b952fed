import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT = { timeoutMs: 120_000 };
const QUESTION = { id: "color", header: "Color", question: "Which color?" };
const OPTIONS = [{ label: "Red" }, { label: "Blue" }];
/** More than OpenClaw looks at for one claim. */
const WAITING = 150;
const DISCUSSIONS = 14;
const ID = /Reply with: !approve ([\w-]+)/;

let stack: Stack;
const rooms: Record<string, string> = {};
let discussions: string[];

/** Alice is an operator, bob may speak; every command that the agent wants to run is asked about. */
beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      const members = ["alice", "bob", "openclaw-bot"];
      for (const name of ["town", "plaza", "hall", "busy", "lodge", "porch"])
        rooms[name] = control.addRoom({ name, type: "c", members });
      rooms.direct = control.direct(["alice", "openclaw-bot"]);
      const cellar = control.addRoom({ name: "cellar", type: "c", members });
      discussions = Array.from({ length: DISCUSSIONS }, (_, index) =>
        control.discuss({
          as: "alice",
          rid: cellar,
          title: `talk ${index}`,
          users: ["bob", "openclaw-bot"],
        }),
      );
      return {
        rooms: servedRooms(),
        allowFrom: [userIds.alice],
        commandAllowFrom: [userIds.alice],
        // A session's key has no capitals.
        execApprovals: { enabled: "auto", sessionFilter: [(rooms.lodge ?? "").toLowerCase()] },
      };
    },
    {
      plugins: { asking: join(import.meta.dirname, "asking-plugin") },
      config: {
        tools: { exec: { host: "gateway", security: "full", ask: "always" } },
        messages: { queue: { mode: "followup" }, groupChat: { unmentionedInbound: "room_event" } },
        approvals: {
          exec: { enabled: true, mode: "session" },
          plugin: { enabled: true, mode: "session" },
        },
      },
    },
  );
});
afterAll(() => stack?.stop());

const servedRooms = (town = {}) => ({
  [rooms.town ?? ""]: town,
  [rooms.plaza ?? ""]: {},
  [rooms.busy ?? ""]: {},
  [rooms.lodge ?? ""]: {},
  [rooms.porch ?? ""]: {},
  [rooms.hall ?? ""]: { requireMention: false, systemPrompt: "Speak of the sea.", skills: [] },
});

const write = (as: string, room: string, msg: string) =>
  stack.emulator.control.post({ as, rid: rooms[room] ?? "", msg });

const waitFor = (room: string, pattern: RegExp) =>
  stack.emulator.control.waitForMessage(
    (said) => said.u._id === stack.bot.userId && said.rid === rooms[room] && pattern.test(said.msg),
    TIMEOUT,
  );

/** Has the agent want to run a command that prints `word`; answers with the id that the question names. */
async function want(room: string, word: string): Promise<string> {
  stack.model.script(`run ${word}`, { tool: { name: "exec", args: { command: `echo ${word}` } } });
  write("alice", room, `@openclaw-bot run ${word}`);
  const { msg } = await waitFor(room, new RegExp(`approval required[\\s\\S]*${word}`));
  expect(msg).not.toMatch(/\/approve|^- /m);
  return ID.exec(msg)?.[1] ?? "";
}

it.each(["town", "direct"])(
  "what the agent asks for in %s goes on when an operator approves it",
  async (room) => {
    const id = await want(room, `lantern-${room}`);
    write("alice", room, `!approve ${id} allow-once`);
    await waitFor(room, new RegExp(`allowed once\\. Resolved by .* ID: ${id}`));
    await waitFor(room, new RegExp(`The tool answered: lantern-${room}`));
  },
);

it("is refused by an operator, and nothing runs", async () => {
  const id = await want("town", "anchor");
  write("alice", "town", `!deny ${id}`);
  await waitFor("town", new RegExp(`approval denied\\. Resolved by .* ID: ${id}`));
  const { msg } = await waitFor("town", /The tool answered: (?!lantern)/);
  expect(msg).not.toMatch(/answered: anchor/);
});

it("is approved by an operator's reaction to the question, and by nobody else's", async () => {
  const id = await want("town", "beacon");
  const { _id: messageId } = await waitFor(
    "town",
    new RegExp(`!approve ${id} [\\s\\S]*react to this message`),
  );
  const from = stack.gateway.mark();
  stack.emulator.control.react({ as: "bob", messageId, emoji: ":thumbsup:" });
  await stack.gateway.waitForOutput(/message dropped reason=sender-not-allowed detail="?no operator/, {
    from,
  });
  stack.emulator.control.react({ as: "alice", messageId, emoji: ":thumbsup:" });
  await waitFor("town", new RegExp(`allowed once\\. Resolved by .* ID: ${id}`));
  await waitFor("town", /The tool answered: beacon/);
});

it("is asked in the operators' direct messages instead, where `execApprovals` says so, and closed there", async () => {
  stack.model.script("run ember", { tool: { name: "exec", args: { command: "echo ember" } } });
  write("bob", "lodge", "@openclaw-bot run ember");
  const { _id: messageId } = await waitFor("direct", /Exec approval required[\s\S]*ember[\s\S]*!approve/);
  await waitFor("lodge", /sent the approval request to Rocket\.Chat DMs/);
  stack.emulator.control.react({ as: "alice", messageId, emoji: ":thumbsup:" });
  await waitFor("lodge", /The tool answered: ember/);
  await stack.emulator.control.waitForMessage(
    ({ _id, msg }) => _id === messageId && /required[\s\S]*ember[\s\S]*approval allow-once/.test(msg),
    TIMEOUT,
  );
  const messages = stack.emulator.control.messages(rooms.lodge ?? "");
  expect(messages.filter(({ msg }) => /echo ember|!approve/.test(msg))).toEqual([]);
});

it("is asked by a plugin as well, and goes on when an operator approves it", async () => {
  stack.model.script("look around", { tool: { name: "ls", args: { path: "." } } });
  write("alice", "porch", "@openclaw-bot look around");
  const { msg } = await waitFor("porch", /Plugin approval required[\s\S]*List a folder/);
  const id = /Reply with: !approve ([\w:-]+)/.exec(msg)?.[1] ?? "";
  expect(stack.emulator.control.messages(rooms.porch ?? "").some((said) => /answered/.test(said.msg))).toBe(
    false,
  );
  write("bob", "porch", `!approve ${id} allow-once`);
  await waitFor("porch", /`!approve` is for the command operators/);
  write("alice", "porch", `!approve ${id} allow-once`);
  await waitFor("porch", new RegExp(`allowed once\\. Resolved by .* ID: ${id}`));
  await waitFor("porch", /The tool answered:/);
  const again = stack.emulator.control.messages(rooms.porch ?? "").filter(({ msg }) => /^Approved/.test(msg));
  expect(again).toEqual([]);
});

it("is decided by nobody else, and by nobody twice", async () => {
  const id = await want("town", "compass");
  write("bob", "town", `!approve ${id} allow-once`);
  await waitFor("town", /`!approve` is for the command operators/);
  write("alice", "town", `!approve ${id.slice(0, 8)}`);
  await waitFor("town", /The tool answered: compass/);
  write("alice", "town", `!approve ${"0".repeat(8)}`);
  await waitFor("town", /Nothing with the id `00000000` waits for approval/);
});

async function changeOperators(change: Parameters<Stack["changeSection"]>[0]): Promise<void> {
  const from = stack.gateway.mark();
  await stack.changeSection(change);
  await stack.gateway.waitForOutput(/\[reload\] config .*commandAllowFrom/, { from });
}

it("is decided in a direct message, without a list of operators, only about what was asked there", async () => {
  await changeOperators(({ commandAllowFrom: _, ...section }) => section);
  const elsewhere = await want("town", "sextant");
  // The question stands in the room before the bot knows that it does.
  stack.emulator.faults.rest({ path: "chat.sendMessage", mentioning: "astrolabe", times: 1, lost: true });
  const here = await want("direct", "astrolabe");
  write("alice", "direct", `!approve ${elsewhere}`);
  await waitFor("direct", new RegExp(`Nothing with the id \`${elsewhere}\``));
  write("alice", "direct", `!approve ${here.slice(0, 8)}`);
  await waitFor("direct", /The tool answered: astrolabe/);
  await changeOperators((section) => ({ ...section, commandAllowFrom: [stack.userIds.alice] }));
  write("alice", "direct", `!deny ${elsewhere.slice(0, 8)}`);
  await waitFor("direct", new RegExp(`Denied: \`${elsewhere.slice(0, 8)}\``));
});

it("the status tells how long the account has been connected", async () => {
  write("alice", "town", "!status");
  const { msg } = await waitFor("town", /connected since/);
  expect(msg).not.toMatch(/connected since .*\(0 s\)/);
});

it.each(["plaza", "direct"])(
  "what the agent asks in %s is answered by the next message there",
  async (room) => {
    const args = { id: "ask_user", args: { questions: [{ ...QUESTION, options: OPTIONS }] } };
    stack.model.script(`paint ${room}`, { tool: { name: "tool_call", args } });
    write("alice", room, `@openclaw-bot paint ${room}`);
    await waitFor(room, /Which color\?[\s\S]*Red[\s\S]*Blue/);
    write("alice", room, "@openclaw-bot Blue");
    await waitFor(room, /answered[\s\S]*Blue/);
    await stack.emulator.control.waitForMessage(
      ({ rid, msg, editedAt }) =>
        rid === rooms[room] && /Which color\?[\s\S]*Blue$/.test(msg) && Boolean(editedAt),
      TIMEOUT,
    );
  },
);

it("what is said in a room without naming the agent is heard, and answered by nobody", async () => {
  write("alice", "hall", "it rains");
  await stack.model.waitForRequest("it rains");
  write("alice", "hall", "@openclaw-bot and now? [say sunshine]");
  await waitFor("hall", /sunshine/);
  const messages = stack.emulator.control.messages(rooms.hall ?? "");
  const said = messages.filter(({ u }) => u._id === stack.bot.userId).map(({ msg }) => msg);
  expect(said).toEqual(["sunshine"]);
  // She calls herself Alice, as anybody may.
  expect(JSON.stringify(requestWith("it rains"))).toContain(" alice: it rains");
});

const requestWith = (text: string) =>
  stack.model.requests().findLast((request) => JSON.stringify(request).includes(text));

it("a room has its own words to the agent, and its own skills", () => {
  const [inHall, inPlaza] = ["and now?", "paint plaza"].map((text) => JSON.stringify(requestWith(text)));
  expect(inHall).toContain("Speak of the sea.");
  expect(inPlaza).not.toContain("Speak of the sea.");
  expect(inPlaza).toContain("available_skills");
  expect(inHall).not.toContain("available_skills");
});

const isBot = ({ u }: { u: { _id: string } }): boolean => u._id === stack.bot.userId;
const ask = (rid: string, text: string, as = "alice") =>
  stack.emulator.control.post({ as, rid, msg: `@openclaw-bot ${text}` });
const answer = (rid: string, text: string) =>
  stack.emulator.control.waitForMessage(
    (message) => isBot(message) && message.rid === rid && message.msg.includes(text),
    TIMEOUT,
  );

async function askAndWait(rid: string, text: string): Promise<void> {
  ask(rid, `[say ${text}]`);
  await answer(rid, text);
}

function countRows(where: string): number {
  const file = join(stack.gateway.folder, "state", "rocketchat", "ingress-default.sqlite");
  const db = new DatabaseSync(file, { readOnly: true });
  const row = db.prepare(`SELECT count(*) AS count FROM event WHERE ${where}`).get();
  db.close();
  return Number(row?.count);
}

describe("one lane's trouble is its own", () => {
  let busy: string;
  let town: string;
  let plaza: string;
  beforeAll(() => {
    ({ busy = "", town = "", plaza = "" } = rooms);
  });

  it("150 messages that wait in one room hold up no question and no command elsewhere", async () => {
    const held = stack.model.script("hold the room", { text: "held", hold: true });
    ask(busy, "hold the room");
    await stack.model.waitForRequest("hold the room");
    for (let index = 0; index < WAITING; index += 1) ask(busy, `[say waited ${index}]`);
    await vi.waitFor(
      () => expect(countRows(`status = 'pending' AND lane = 'room:${busy}'`)).toBeGreaterThan(100),
      60_000,
    );
    await askAndWait(town, "meanwhile in town");
    stack.emulator.control.post({ as: "alice", rid: plaza, msg: "!status" });
    await answer(plaza, "Agent");
    stack.emulator.control.post({ as: "alice", rid: plaza, msg: "!stop" });
    await answer(plaza, "Nothing is running here.");
    // What waits is over with one command.
    stack.emulator.control.post({ as: "alice", rid: busy, msg: "!stop" });
    await answer(busy, "Stopped the answer to alice");
    held.release();
    held.remove();
    await askAndWait(busy, "after the stop");
    expect(
      stack.emulator.control.messages(busy).filter((one) => isBot(one) && one.msg.includes("waited")),
    ).toEqual([]);
  });

  it("discussions of rooms that are not served cost one question each, no row, and nobody's time", async () => {
    const { control, faults } = stack.emulator;
    const [quiet = "", ...slow] = discussions;
    const questions = (from: number) =>
      control
        .requests()
        .slice(from)
        .filter(({ path }) => path.endsWith("rooms.info")).length;
    const before = control.requests().length;
    for (let index = 0; index < 20; index += 1) ask(quiet, `talk of nobody's concern ${index}`);
    await vi.waitFor(() => expect(questions(before)).toBe(1), 60_000);
    ask(quiet, "and more of it");
    await askAndWait(town, "after the talk");
    expect([questions(before), countRows(`lane LIKE '%${quiet}%'`)]).toEqual([1, 0]);
    // None of these is answered before the question.
    faults.rest({ path: "rooms.info", delayMs: 60_000 });
    const meanwhile = control.requests().length;
    for (const rid of slow) ask(rid, "talk in a room that is looked up slowly");
    await askAndWait(town, "beside the look-ups");
    expect(questions(meanwhile)).toBe(0);
    faults.clear();
  });

  it("a person who is taken off the list is not run, though the message waited when that happened", async () => {
    const held = stack.model.script("take your time", { text: "taken", hold: true });
    ask(town, "take your time");
    await stack.model.waitForRequest("take your time");
    const waiting = ask(town, "[say to bob]", "bob");
    await stack.waitForStoredEvent(waiting._id, { status: "claimed" });
    const from = stack.gateway.mark();
    await stack.changeSection((section) => ({
      ...section,
      rooms: servedRooms({ users: [stack.userIds.alice] }),
    }));
    await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat\.rooms/, { from });
    held.release();
    await answer(town, "taken");
    held.remove();
    await stack.gateway.waitForOutput(new RegExp(`message dropped .*sender-not-allowed.*${waiting._id}`), {
      from,
    });
    await askAndWait(town, "to alice");
    expect(
      stack.model.requests().some(({ text }) => text.includes("to bob") && !text.includes("to alice")),
    ).toBe(false);
    expect(stack.emulator.control.messages(town).filter((one) => isBot(one) && one.msg === "to bob")).toEqual(
      [],
    );
  });
});

describe("what OpenClaw's own configuration says of a room", () => {
  beforeAll(async () => {
    const from = stack.gateway.mark();
    const { hall = "" } = rooms;
    await stack.gateway.updateConfig(({ messages, channels, ...config }) => ({
      ...config,
      messages: { ...(messages as object), groupChat: { visibleReplies: "message_tool" } },
      channels: { ...(channels as object), modelByChannel: { rocketchat: { [hall]: "demo/scripted-two" } } },
    }));
    // OpenClaw starts its channels anew for a change of the models.
    await stack.gateway.waitForOutput(/\[default\] connected/, { from });
  });

  it("is its model, which the bot names", async () => {
    write("alice", "hall", "@openclaw-bot which one?");
    await stack.model.waitForRequest("which one?");
    expect(requestWith("which one?")).toMatchObject({ model: "scripted-two" });
    write("alice", "hall", "!status");
    await waitFor("hall", /model `demo\/scripted-two`/);
    write("alice", "hall", "!model");
    await waitFor("hall", /scripted-two[\s\S]*scripted/);
  });

  it("is that only what the agent sends by its tool is seen", async () => {
    const args = { action: "send", message: "said by the tool" };
    stack.model.script("whisper now", { tool: { name: "tool_call", args: { id: "message", args } } });
    write("alice", "plaza", "@openclaw-bot whisper now");
    await waitFor("plaza", /said by the tool/);
    write("alice", "direct", "[say after the whisper]");
    await waitFor("direct", /after the whisper/);
    const messages = stack.emulator.control.messages(rooms.plaza ?? "").map(({ msg }) => msg);
    const asked = "@openclaw-bot whisper now";
    expect(messages.slice(messages.indexOf(asked))).toEqual([asked, "said by the tool"]);
  });
});
