import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let rooms: Record<
  "town" | "all" | "first" | "batched" | "open" | "guarded" | "plaza" | "plan" | "harbour",
  string
>;
let dm: string;
let group: string;
let bots: { main: string; second: string };
let guests: { dora: string; erin: string; frank: string };

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds, account }) => {
      const second = control.addUser({ username: "second-bot", roles: ["user", "bot"] }).userId;
      const pat = control.personalAccessToken("second-bot");
      const room = (name: string, type: "c" | "p", others: string[]) =>
        control.addRoom({ name, type, members: ["alice", "bob", ...others] });
      guests = {
        dora: control.addUser({ username: "dora" }).userId,
        erin: control.addUser({ username: "erin" }).userId,
        frank: control.addUser({ username: "frank" }).userId,
      };
      const both = ["openclaw-bot", "second-bot"];
      const town = room("town", "c", both);
      rooms = {
        town,
        all: room("all", "p", ["openclaw-bot"]),
        first: room("first", "p", ["openclaw-bot"]),
        batched: room("batched", "c", ["openclaw-bot"]),
        open: room("open", "c", ["openclaw-bot"]),
        guarded: room("guarded", "p", ["openclaw-bot", "second-bot"]),
        plaza: room("plaza", "c", []),
        harbour: room("harbour", "c", ["openclaw-bot", "dora", "erin", "frank"]),
        plan: control.discuss({ as: "alice", rid: town, title: "The plan", users: ["bob", "openclaw-bot"] }),
      };
      control.describe({ as: "alice", rid: town, field: "topic", value: "Everything about the town" });
      dm = control.direct(["alice", "openclaw-bot"]);
      group = control.direct(["alice", "bob", "openclaw-bot"]);
      bots = { main: userIds["openclaw-bot"] ?? "", second };
      const alice = userIds.alice ?? "";
      return {
        dmPolicy: "allowlist",
        allowFrom: [alice],
        dm: { groupEnabled: true },
        presenceEvents: { mode: "auto" },
        replyToModeByChatType: { direct: "first", group: "all" },
        rooms: {
          [town]: {},
          [rooms.all]: { replyToMode: "all" },
          [rooms.first]: { replyToMode: "first" },
          [rooms.batched]: { replyToMode: "batched" },
          [rooms.open]: { replyToMode: "all", requireMention: false },
          [rooms.guarded]: { users: [alice] },
          [rooms.harbour]: { users: Object.values(guests) },
        },
        accounts: {
          default: {},
          second: { ...account, userId: second, username: "second-bot", pat, contextVisibility: "allowlist" },
        },
      };
    },
    {
      agents: { entries: { main: {}, ops: {} } },
      bindings: [
        { agentId: "main", match: { channel: "rocketchat", accountId: "default" } },
        { agentId: "ops", match: { channel: "rocketchat", accountId: "second" } },
      ],
    },
  );
  await stack.gateway.waitForOutput(/\[second\] connected/);
});
afterAll(() => stack?.stop());

const control = () => stack.emulator.control;
const post = (as: string, rid: string, msg: string, tmid?: string) =>
  control().post({ as, rid, msg, ...(tmid && { tmid }) });

const spoken = (text: string, bot = bots.main) =>
  control().waitForMessage(({ u, msg }) => u._id === bot && msg.includes(text), { timeoutMs: 60_000 });

/** Lets somebody write, and answers with where the bot's answer stands and which session the agent had. */
async function ask(rid: string, text: string, where: { as?: string; tmid?: string; bot?: string } = {}) {
  const from = stack.gateway.mark();
  const question = post(where.as ?? "alice", rid, text, where.tmid);
  const word = /\[say ([^\]]*)\]/.exec(text)?.[1] ?? "";
  const answer = await spoken(word, where.bot);
  const line = await stack.gateway.waitForOutput(new RegExp(`turn started message=${question._id} .*`), {
    from,
  });
  const session = /session=(\S+)/.exec(line)?.[1];
  return { question: question._id, place: answer.tmid, rid: answer.rid, text: answer.msg, session };
}

/** What the model was given with the message that holds a word. */
const givenWith = async (word: string) => (await stack.model.waitForRequest(word)).prompt;

const PRESENCE = "stream-notify-logged user-status";
/** Less is no absence. */
const ABSENCE_MS = 61_000;
let leftAt: number;
let talk: string;

describe("somebody who talks with the agent", () => {
  it("is followed from then on", async () => {
    const follows = () =>
      control()
        .connections()
        .flatMap(({ subs }) => subs)
        .filter((sub) => sub === PRESENCE);
    expect(follows()).toEqual([]);
    talk = post("dora", rooms.harbour, "a thread to talk in")._id;
    for (const as of Object.keys(guests))
      await ask(rooms.harbour, `@openclaw-bot [say hello ${as}]`, { as, tmid: talk });
    await expect.poll(follows, { timeout: 60_000 }).toEqual([PRESENCE]);
    for (const username of Object.keys(guests)) control().setStatus({ username, status: "away" });
    leftAt = Date.now();
  });
});

describe("sessions and the place of replies", () => {
  const key = (base: string, thread?: string) =>
    `agent:${base}${thread === undefined ? "" : `:thread:${thread}`}`.toLowerCase();
  const ofRoom = (rid: string, thread?: string) => key(`main:rocketchat:channel:${rid}`, thread);

  it("answers a mention at top level in the room's session", async () => {
    const { place, session } = await ask(rooms.town, "@openclaw-bot [say top of town]");
    expect({ place, session }).toEqual({ place: undefined, session: ofRoom(rooms.town) });
  });

  it("answers in a thread there, whatever the mode, in the thread's session", async () => {
    for (const room of ["town", "first", "batched", "all"] as const) {
      const root = post("bob", rooms[room], "a thread begins")._id;
      const { place, session } = await ask(rooms[room], `@openclaw-bot [say in a thread of ${room}]`, {
        tmid: root,
      });
      expect({ room, place, session }).toEqual({ room, place: root, session: ofRoom(rooms[room], root) });
    }
  });

  it("answers a mention under it where the room says so, and the follow-up in the same session", async () => {
    for (const room of ["all", "first", "batched"] as const) {
      const { place, session, question } = await ask(rooms[room], `@openclaw-bot [say under ${room}]`);
      expect({ room, place, session }).toEqual({
        room,
        place: question,
        session: ofRoom(rooms[room], question),
      });
      const follow = await ask(rooms[room], `@openclaw-bot [say further under ${room}]`, { tmid: question });
      expect({ room, place: follow.place, session: follow.session }).toEqual({
        room,
        place: question,
        session,
      });
    }
  });

  it("seeds a thread where no mention is needed", async () => {
    const { place, session, question } = await ask(rooms.open, "[say unasked]");
    expect({ place, session }).toEqual({ place: question, session: ofRoom(rooms.open, question) });
  });

  it("keeps direct messages and their threads in one session", async () => {
    const top = await ask(dm, "[say direct]");
    expect({ place: top.place, session: top.session }).toEqual({
      place: top.question,
      session: "agent:main:main",
    });
    const root = post("alice", dm, "[say a root]")._id;
    await spoken("a root");
    const inThread = await ask(dm, "[say direct in a thread]", { tmid: root });
    expect({ place: inThread.place, session: inThread.session }).toEqual({
      place: root,
      session: "agent:main:main",
    });
  });

  it("gives a group DM a session, and its threads sessions of their own", async () => {
    const base = `main:rocketchat:group:${group}`;
    const top = await ask(group, "@openclaw-bot [say to the group]");
    expect({ place: top.place, session: top.session }).toEqual({ place: top.question, session: key(base) });
    const inThread = await ask(group, "@openclaw-bot [say again to the group]", { tmid: top.question });
    expect({ place: inThread.place, session: inThread.session }).toEqual({
      place: top.question,
      session: key(base, top.question),
    });
  });

  it("follows the agent's tags where replies may be threaded, and drops them where not", async () => {
    const earlier = post("bob", rooms.all, "an earlier remark")._id;
    stack.model.script("[tagged]", { text: `[[reply_to:${earlier}]] about the remark` });
    post("alice", rooms.all, "@openclaw-bot [tagged]");
    expect(await spoken("about the remark")).toMatchObject({ tmid: earlier, msg: "about the remark" });
    stack.model.script("[tagged off]", { text: "[[reply_to_current]] not under it" });
    post("alice", rooms.town, "@openclaw-bot [tagged off]");
    const answer = await spoken("not under it");
    expect({ tmid: answer.tmid, msg: answer.msg }).toEqual({ tmid: undefined, msg: "not under it" });
  });

  it("waits for a server that cannot tell at once what the agent's tag names", async () => {
    const earlier = post("bob", rooms.all, "another earlier remark")._id;
    stack.model.script("[tagged away]", { text: `[[reply_to:${earlier}]] about the other remark` });
    stack.emulator.faults.rest({ path: "chat.getMessage", times: 1, status: 503 });
    post("alice", rooms.all, "@openclaw-bot [tagged away]");
    expect(await spoken("about the other remark")).toMatchObject({ tmid: earlier });
  });

  it("answers at top level where the question that a thread was to hang on is deleted meanwhile", async () => {
    await ask(rooms.all, "@openclaw-bot [say this before]");
    const heard = () =>
      control()
        .connections()
        .flatMap(({ subs }) => subs);
    await vi.waitUntil(() => heard().includes(`stream-notify-room ${rooms.all}/deleteMessage`), 60_000);
    const script = stack.model.script("[slowly]", { text: "nevertheless", hold: true });
    const question = post("alice", rooms.all, "@openclaw-bot [slowly]")._id;
    await stack.model.waitForRequest("[slowly]");
    control().delete({ as: "alice", messageId: question });
    await vi.waitUntil(
      () =>
        !control()
          .messages(rooms.all)
          .some(({ _id }) => _id === question),
      10_000,
    );
    // The news is on its way behind whatever is written now.
    await ask(rooms.town, "@openclaw-bot [say this after]");
    script.release();
    expect((await spoken("nevertheless")).tmid).toBeUndefined();
  });

  it("lets two bots of one room each answer their own mentions in their own sessions", async () => {
    const own = await ask(rooms.guarded, "@openclaw-bot [say the main one]");
    const other = await ask(rooms.guarded, "@second-bot [say the other one]", { bot: bots.second });
    expect([own.session, other.session]).toEqual([
      ofRoom(rooms.guarded),
      key(`ops:rocketchat:channel:${rooms.guarded}`),
    ]);
    const saidBy = (bot: string) =>
      control()
        .messages(rooms.guarded)
        .flatMap(({ u, msg }) => (u._id === bot ? [msg] : []));
    expect([saidBy(bots.main), saidBy(bots.second)]).toEqual([["the main one"], ["the other one"]]);
  });
});

describe("what the agent is shown", () => {
  it("shows the earlier messages of a thread that it is called into, as they are now", async () => {
    const root = post("alice", rooms.town, "the barn is to be painted")._id;
    const edited = post("bob", rooms.town, "paint it grey", root)._id;
    const deleted = post("bob", rooms.town, "forget the secret word", root)._id;
    post("bob", rooms.town, "on Friday then", root);
    control().edit({ as: "bob", messageId: edited, text: "paint it ultramarine" });
    control().delete({ as: "bob", messageId: deleted });
    await ask(rooms.town, "@openclaw-bot what color? [say noted]", { tmid: root });
    const given = await givenWith("what color?");
    for (const text of ["the barn is to be painted", "paint it ultramarine", "on Friday then"])
      expect(given).toContain(text);
    for (const text of ["paint it grey", "the secret word"]) expect(given).not.toContain(text);
  });

  it("shows what was said in the room before, and its topic", async () => {
    post("bob", rooms.town, "the ferry leaves at nine");
    await ask(rooms.town, "@openclaw-bot when? [say at nine]");
    const given = await givenWith("when?");
    expect(given).toContain("the ferry leaves at nine");
    expect(given).toContain("Everything about the town");
  });

  it("shows who said what in a quote", async () => {
    const quoted = post("bob", rooms.plan, "we meet at the mill");
    await ask(rooms.plan, "@openclaw-bot where is that? [say plan quoted]");
    const link = `[ ](${stack.emulator.url}/channel/plan?msg=${quoted._id})`;
    post("alice", rooms.plan, `${link} @openclaw-bot and this? [say quote seen]`);
    await spoken("quote seen");
    const given = await givenWith("and this?");
    expect(given).toContain("we meet at the mill");
    expect(given).toContain("Discussion in town");
    expect(given).not.toContain("?msg=");
  });

  it("hides people outside the allowlist", async () => {
    post("bob", rooms.guarded, "a stranger's remark");
    post("alice", rooms.guarded, "a friend's remark");
    await ask(rooms.guarded, "@second-bot well? [say guarded]", { bot: bots.second });
    const given = await givenWith("well?");
    expect(given).toContain("a friend's remark");
    expect(given).not.toContain("a stranger's remark");
  });

  it("reads nothing for a message that is not admitted", async () => {
    const earlier = await ask(rooms.town, "@openclaw-bot [say before the count]");
    await stack.gateway.waitForOutput(new RegExp(`turn ended message=${earlier.question} `));
    const before = control().requests().length;
    post("bob", rooms.town, "nobody is asked");
    post("bob", rooms.guarded, "@second-bot [say not for him]");
    const later = await ask(rooms.town, "@openclaw-bot [say after the count]");
    await stack.gateway.waitForOutput(new RegExp(`turn ended message=${later.question} `));
    const asked = control()
      .requests()
      .slice(before)
      .filter(({ userId }) => userId === bots.main || userId === bots.second)
      .map(({ path }) => path.split("/").at(-1))
      // The token is checked from time to time.
      .filter((path) => path !== "me");
    expect(asked.toSorted()).toEqual(["channels.history", "chat.react", "chat.sendMessage"]);
  });
});

describe("targets", () => {
  /** Has the agent call its message tool, and answers with what the tool said. */
  async function tool(rid: string, args: object, tmid?: string): Promise<string> {
    const word = `[call ${stack.model.requests().length}]`;
    const call = { name: "tool_call", args: { id: "message", args: { action: "send", ...args } } };
    stack.model.script(word, { tool: call, text: `called ${word}` });
    post("alice", rid, `@openclaw-bot ${word}`, tmid);
    await spoken(`called ${word}`);
    const requests = stack.model.requests().filter(({ text }) => text.includes(word));
    return requests.flatMap(({ toolResults }) => toolResults).join("\n");
  }

  it("are rooms and people by name, and threads", async () => {
    await tool(rooms.town, { target: "#all", message: "by the room's name" });
    expect((await spoken("by the room's name")).rid).toBe(rooms.all);
    await tool(rooms.town, { target: "@alice", message: "by her name" });
    expect((await spoken("by her name")).rid).toBe(dm);
    const root = post("bob", rooms.all, "a root elsewhere")._id;
    await tool(rooms.town, { target: `room:${rooms.all}`, threadId: root, message: "into a thread" });
    expect(await spoken("into a thread")).toMatchObject({ rid: rooms.all, tmid: root });
  });

  it("are refused with words where there is nothing, or nothing to be joined", async () => {
    expect(await tool(rooms.town, { target: "#nowhere", message: "lost" })).toContain("no room #nowhere");
    expect(await tool(rooms.town, { target: "#plaza", message: "lost" })).toContain("joinPublicRooms");
    expect(control().messages(rooms.plaza)).toEqual([]);
  });

  it("are the thread at hand, the room above it, or both", async () => {
    const root = post("bob", rooms.town, "a root for the tool")._id;
    const here = { target: `room:${rooms.town}` };
    await tool(rooms.town, { ...here, message: "stays in the thread" }, root);
    expect((await spoken("stays in the thread")).tmid).toBe(root);
    await tool(rooms.town, { ...here, message: "rises to the top", topLevel: true }, root);
    expect((await spoken("rises to the top")).tmid).toBeUndefined();
    await tool(rooms.town, { ...here, message: "in both", threadId: root, replyBroadcast: true }, root);
    expect(await spoken("in both")).toMatchObject({ tmid: root, tshow: true });
  });
});

describe("a reply by the message tool", () => {
  /** Has the agent send something with its tool, and end with other words; answers with all that the bot then said. */
  async function sendAndEnd(rid: string, send: object, end: string) {
    const word = `[send ${stack.model.requests().length}]`;
    const from = stack.gateway.mark();
    const call = { name: "tool_call", args: { id: "message", args: { action: "send", ...send } } };
    stack.model.script(word, { tool: call, text: end });
    const { _id } = post("alice", rid, `@openclaw-bot ${word}`);
    await stack.gateway.waitForOutput(new RegExp(`turn ended message=${_id} `), { from });
    const messages = control().messages(rid);
    const since = messages.slice(messages.findIndex((message) => message._id === _id));
    const said = since.filter(({ u }) => u._id === bots.main);
    return { question: _id, said: said.map(({ msg, tmid }) => ({ msg, tmid })) };
  }

  it.each([
    ["town", "nothing", {}],
    ["town", "its id", { target: "room:<rid>" }],
    ["town", "its name", { target: "#town" }],
    ["all", "nothing", {}],
    ["all", "its name", { target: "#all" }],
    ["direct", "nothing", {}],
    ["direct", "her name", { target: "@alice" }],
  ] as const)("in %s with %s as target is the turn's answer", async (room, _, named) => {
    const rid = room === "direct" ? dm : rooms[room];
    const target = "target" in named ? { target: named.target.replace("<rid>", rid) } : {};
    for (const end of ["NO_REPLY", `sent to ${room}`]) {
      const { question, said } = await sendAndEnd(rid, { ...target, message: `sent to ${room}` }, end);
      expect(said).toEqual([{ msg: `sent to ${room}`, tmid: room === "town" ? undefined : question }]);
    }
  });

  it("is the first reply where only that goes under the question", async () => {
    const { question, said } = await sendAndEnd(rooms.first, { message: "under it" }, "above it");
    expect(said).toEqual([
      { msg: "under it", tmid: question },
      { msg: "above it", tmid: undefined },
    ]);
  });
});

describe("somebody who talks with the agent and comes back", () => {
  it("is greeted where the talk was, once, and only who may still speak there", async () => {
    const isEvent = (request: object): boolean =>
      JSON.stringify(request).includes("Rocket.Chat presence event");
    stack.model.script(isEvent, { text: "Welcome back." });
    const from = stack.gateway.mark();
    await stack.changeSection(({ rooms: entries, ...section }) => ({
      ...section,
      rooms: { ...Object(entries), [rooms.harbour]: { users: [guests.dora, guests.frank] } },
    }));
    await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat/, { from });
    control().kick({ as: "alice", rid: rooms.harbour, username: "frank" });
    await wait(Math.max(0, leftAt + ABSENCE_MS - Date.now()));
    for (const status of ["online", "away", "online"] as const)
      for (const username of ["erin", "frank", "dora"]) control().setStatus({ username, status });
    expect((await spoken("Welcome back.")).tmid).toBe(talk);
    await ask(rooms.harbour, "@openclaw-bot [say after the greeting]", { as: "dora" });
    const greetings = control()
      .messages(rooms.harbour)
      .filter(({ msg }) => msg === "Welcome back.");
    expect(greetings).toHaveLength(1);
    const events = stack.model
      .requests()
      .filter(isEvent)
      .map((request) => JSON.stringify(request));
    const told = (userId: string) =>
      events.filter((event) => event.includes(`user_id=\\\\\\"${userId}`)).length;
    expect([guests.dora, guests.erin, guests.frank].map(told)).toEqual([events.length, 0, 0]);
  });
});

it("an answer with a file that is too large for OpenClaw's queue arrives with its words", async () => {
  const folder = join(stack.gateway.folder, "state", "media", "tool-film");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "film.txt");
  writeFileSync(path, Buffer.alloc(6 * 1024 * 1024, "x"));
  const script = stack.model.script("make a film", { text: `Here is the film.\nMEDIA:${path}` });
  stack.emulator.control.post({ as: "alice", rid: dm, msg: "make a film" });
  const { file } = await stack.emulator.control.waitForMessage(
    ({ msg }) => msg.includes("Here is the film."),
    {
      timeoutMs: 60_000,
    },
  );
  script.remove();
  expect(file?.name).toBe("film.txt");
}, 120_000);
