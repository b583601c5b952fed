import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { giveUpSending, ownQueue } from "../support/queues.ts";
import { type Stack, startStack } from "./stack.ts";

/**
 * Mallory owns the market and the guild and may edit what others write there; of the people alice alone may speak in
 * the one and carol alone in the other, by their names.
 */
let stack: Stack;
let section: Record<string, unknown>;
const rooms = { town: "", plaza: "", harbor: "", quay: "", market: "", guild: "" };
let dm: string;
beforeAll(async () => {
  stack = await startStack(({ control }) => {
    for (const name of ["mallory", "carol", "dave"])
      control.addUser({ username: name, name: `${name.charAt(0).toUpperCase()}${name.slice(1)}` });
    for (const name of ["town", "plaza", "harbor"] as const)
      rooms[name] = control.addRoom({ name, type: "c", members: ["alice", "openclaw-bot"] });
    rooms.quay = control.addRoom({ name: "quay", type: "c", members: ["alice", "bob", "openclaw-bot"] });
    dm = control.direct(["alice", "openclaw-bot"]);
    for (const name of ["market", "guild"] as const) {
      const members = ["mallory", "alice", "bob", "carol", "dave", "openclaw-bot"];
      rooms[name] = control.addRoom({ name, type: "p", members });
    }
    const named = { "#market": { users: ["@alice"] }, "#guild": { users: ["@carol"] } };
    const served = { [rooms.town]: {}, [rooms.harbor]: {}, [rooms.quay]: {}, ...named };
    section = { rooms: served, dmPolicy: "open", allowFrom: ["*"] };
    return section;
  });
});
afterAll(() => stack?.stop());
beforeEach(() => stack.emulator.faults.clear());

const post = (as: string, room: keyof typeof rooms, msg: string) =>
  stack.emulator.control.post({ as, rid: rooms[room], msg: `@openclaw-bot ${msg}` });

const said = (rid: string) =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));

const answer = (text: string) =>
  stack.emulator.control.waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg === text, {
    timeoutMs: 180_000,
  });

/** Changes the section for good and resolves when the gateway says so. */
async function change(more: Record<string, unknown>, told = /\[reload\] config .*channels\.rocketchat/) {
  const from = stack.gateway.mark();
  section = { ...section, ...more };
  await stack.changeSection((before) => ({ ...before, ...section }));
  await stack.gateway.waitForOutput(told, { from });
}

/** Asks in town and resolves when the model has the question and keeps its answer back. */
async function askAndHold(text: string): Promise<() => void> {
  const { release } = stack.model.script(text, { text, hold: true });
  post("alice", "town", text);
  await stack.model.waitForRequest(text);
  return release;
}

/** A question in the quay, where nothing may be lost or doubled. */
const ask = (text: string) =>
  stack.emulator.control.post({ as: "alice", rid: rooms.quay, msg: `@openclaw-bot ${text}` });
const heard = (text: string) =>
  stack.emulator.control.waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg.includes(text), {
    timeoutMs: 180_000,
  });
/** A question whose answer shows that everything before it was dealt with. */
async function settle(name: string): Promise<void> {
  ask(`[say settled ${name}]`);
  await heard(`settled ${name}`);
}
const times = (text: string): number => said(rooms.quay).filter((msg) => msg === text).length;
const connectedSince = (from: number) => stack.gateway.waitForOutput(/\[default\] connected/, { from });

/** The frame in which the stream tells of a message. */
const frameOf = (message: object): string =>
  JSON.stringify({
    msg: "changed",
    collection: "stream-room-messages",
    id: "id",
    fields: {
      eventName: "__my_messages__",
      args: [message, { roomParticipant: true, roomType: "c", roomName: "quay" }],
    },
  });
const onWire = (message: object): object =>
  JSON.parse(JSON.stringify(message), (key, value) =>
    ["ts", "_updatedAt"].includes(key) ? { $date: Date.parse(value) } : value,
  );

describe("an answer that is being written", () => {
  it("arrives once when the connection breaks in the middle", async () => {
    const release = await askAndHold("over a broken link");
    const from = stack.gateway.mark();
    stack.emulator.faults.cutSockets();
    await stack.gateway.waitForOutput(/\[default\] connected/, { from });
    release();
    await answer("over a broken link");
    expect(said(rooms.town)).toEqual(["over a broken link"]);
  });
});

it("a room is served as soon as the configuration lists it", async () => {
  const listed = { ...(section.rooms as object), [rooms.plaza]: {} };
  await change({ rooms: listed }, /\[reload\] config .*channels\.rocketchat\.rooms/);
  post("alice", "plaza", "[say a newly listed room]");
  await answer("a newly listed room");
});

it("an account whose connection is configured anew is restarted in time", async () => {
  const all = { ...(section.rooms as object), "*": {} };
  await change({ rooms: all, serverUrl: `${stack.emulator.url}/` }, /\[default\] connected/);
  post("alice", "town", "[say after the restart]");
  await answer("after the restart");
  expect(stack.gateway.output).not.toContain("channel stop exceeded");
});

it("an edit by another person never runs as the author's words, when it is seen", async () => {
  const { control } = stack.emulator;
  const seen = post("alice", "market", "[say as alice wrote it]");
  await answer("as alice wrote it");
  control.edit({ as: "mallory", messageId: seen._id, text: "@openclaw-bot [say put into her mouth]" });
  const plain = control.post({ as: "alice", rid: rooms.market, msg: "no request yet" });
  control.edit({ as: "mallory", messageId: plain._id, text: "@openclaw-bot [say made of no request]" });
});

it("a name means who bore it when it was first met", async () => {
  const carol = [...stack.emulator.world.users.values()].find(({ username }) => username === "carol");
  const shown = await stack.gateway.mustRun(["rocketchat", "names"]);
  expect(shown).toContain(`@alice means ${stack.userIds.alice} since`);
  expect(shown).toContain(`@carol means ${carol?._id} since`);
  expect(shown).toContain(`#guild means ${rooms.guild} since`);
});

describe("a message is answered once", () => {
  it("when its frame comes three times at once, and again after 1.5 s and 300 others", async () => {
    const message = ask("[say three frames]");
    const frame = frameOf(onWire(message));
    for (let count = 0; count < 3; count += 1) stack.emulator.faults.sendFrame(frame);
    await heard("three frames");
    stack.emulator.faults.sendFrame(frame);
    for (let count = 0; count < 300; count += 1)
      stack.emulator.control.post({ as: "bob", rid: rooms.quay, msg: `idle talk ${count}` });
    stack.emulator.faults.sendFrame(frame);
    await settle("frames");
    expect(times("three frames")).toBe(1);
  });

  it.each([1, 2])("when its answer meets the rate limit %i times", async (count) => {
    const headers = { date: new Date(0).toUTCString(), "x-ratelimit-reset": "200" };
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: count, status: 429, headers });
    ask(`[say limited ${count}]`);
    await heard(`limited ${count}`);
    expect(times(`limited ${count}`)).toBe(1);
  });

  it.each([
    ["the answer to its reply is lost", { effect: true, lost: true }],
    ["a proxy answers for the server", { effect: true, status: 502, body: "<html>" }],
    ["the server is busy", { status: 503 }],
  ])("when %s", async (name, fault) => {
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, ...fault });
    ask(`[say although ${name}]`);
    await heard(`although ${name}`);
    await settle(name);
    expect(times(`although ${name}`)).toBe(1);
  });

  it("with all of a 12,000-character answer, in order", async () => {
    const words = Array.from({ length: 1_400 }, (_, index) => `word${index}`);
    const { remove } = stack.model.script("everything", { text: words.join(" ") });
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true });
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true, lost: true });
    ask("everything");
    await heard("word1399");
    remove();
    const parts = said(rooms.quay).filter((msg) => msg.startsWith("word"));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join(" ").split(/\s+/)).toEqual(words);
  });

  it("in a direct message room that was made after the start", async () => {
    const rid = stack.emulator.control.direct(["dave", "openclaw-bot"]);
    stack.emulator.control.post({ as: "dave", rid, msg: "[say hello dave]" });
    await heard("hello dave");
    expect(said(rid)).toEqual(["hello dave"]);
  });
});

describe("a message that was sent meanwhile is answered once", () => {
  it("when the server was down, in rooms, threads and direct messages", async () => {
    const { control, faults } = stack.emulator;
    const root = control.post({ as: "alice", rid: rooms.quay, msg: "a thread begins" });
    const from = stack.gateway.mark();
    const back = faults.restart({ gapMs: 1_500 });
    ask("[say while down]");
    control.post({
      as: "bob",
      rid: rooms.quay,
      tmid: root._id,
      msg: "@openclaw-bot [say thread while down]",
    });
    control.post({ as: "alice", rid: dm, msg: "[say dm while down]" });
    await back;
    await connectedSince(from);
    await Promise.all([heard("while down"), heard("thread while down"), heard("dm while down")]);
    expect([times("while down"), said(dm).filter((msg) => msg === "dm while down").length]).toEqual([1, 1]);
  });

  it("when the connection drops four times", async () => {
    for (let drop = 1; drop <= 4; drop += 1) {
      const from = stack.gateway.mark();
      stack.emulator.faults.cutSockets();
      ask(`[say drop ${drop}]`);
      await connectedSince(from);
      await heard(`drop ${drop}`);
    }
    expect([1, 2, 3, 4].map((drop) => times(`drop ${drop}`))).toEqual([1, 1, 1, 1]);
  });
});

it("a reply that the server refuses ends once, with the reason in the log and in a direct message", async () => {
  const { control } = stack.emulator;
  const from = stack.gateway.mark();
  const before = control.requests().length;
  const held = stack.model.script("refused", { text: "refused", hold: true });
  ask("refused");
  await stack.model.waitForRequest("refused");
  control.setReadOnly({ as: "alice", rid: rooms.quay });
  held.release();
  await stack.gateway.waitForOutput(/reply could not be delivered .*chat\.sendMessage.*status 400/, { from });
  await heard("I could not answer you");
  expect(said(dm).at(-1)).toBe("I could not answer you in quay: the room is read-only for me.");
  held.remove();
  control.setReadOnly({ as: "alice", rid: rooms.quay, on: false });
  await settle("after it");
  const refused = control
    .requests()
    .slice(before)
    .filter(({ path, status }) => path.endsWith("chat.sendMessage") && status !== 200);
  expect(refused.map(({ status }) => status)).toEqual([400]);
  expect(said(rooms.quay)).not.toContainEqual(expect.stringMatching(/refused$|confirm/));
});

it("an event that cannot be read ends as failed, and the next one is answered", async () => {
  const db = new DatabaseSync(ownQueue(join(stack.gateway.folder, "state"), "default"));
  db.prepare(
    "INSERT INTO event (id, status, lane, payload, received_at, updated_at) VALUES (?, 'pending', ?, ?, 1, 1)",
  ).run("poison", `room:${rooms.quay}`, JSON.stringify({ version: 1, rawEvent: "{broken" }));
  await settle("poison");
  const row = db.prepare("SELECT status, reason FROM event WHERE id = 'poison'").get();
  db.close();
  expect(row).toMatchObject({ status: "failed", reason: "unreadable" });
});

describe("when the gateway was killed", () => {
  const files = ["one.txt", "two.txt", "three.txt"];
  const sent = () =>
    stack.emulator.control.messages(rooms.plaza).flatMap(({ u, msg, file }) => {
      const bytes = stack.emulator.world.uploads.get(file?._id ?? "")?.bytes;
      return u._id === stack.bot.userId && bytes ? [[msg, file?.name, Buffer.from(bytes).toString()]] : [];
    });
  let asked: number;

  beforeAll(async () => {
    const { faults } = stack.emulator;
    await postFirstFile();
    asked = stack.model.requests().length;
    // The look-up of the room stands between the durable append and the agent; its answer never comes.
    faults.rest({ path: "rooms.info", delayMs: 600_000 });
    const question = post("alice", "harbor", "[say still here]");
    await stack.waitForStoredEvent(question._id);
    await stack.gateway.kill("SIGKILL");
    asked = stack.model.requests().length - asked;
    faults.clear();
    giveUpSending(join(stack.gateway.folder, "state"));

    ask("[say after the kill]");
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "[say dm after the kill]" });
    const holder = new DatabaseSync(ownQueue(join(stack.gateway.folder, "state"), "default"));
    holder.exec("BEGIN EXCLUSIVE");
    const from = stack.gateway.mark();
    await stack.gateway.start();
    await stack.gateway.waitForOutput(/account cannot start yet .*Another process holds it/, { from });
    holder.close();
  });

  /** Resolves when the first of the files stands in the room, and the second is about to. */
  async function postFirstFile(): Promise<void> {
    const { faults, world } = stack.emulator;
    const workspace = join(stack.gateway.folder, "workspace");
    mkdirSync(workspace, { recursive: true });
    for (const name of files) writeFileSync(join(workspace, name), `in ${name}`);
    const media = files.map((name) => `MEDIA:${join(workspace, name)}`).join("\n");
    stack.model.script("three files", { text: `All three.\n${media}` });
    faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    faults.rest({ path: "rooms.mediaConfirm", delayMs: 600_000 });
    post("alice", "plaza", "three files");
    const uploads = () => [...world.uploads.values()].map(({ name }) => name);
    await vi.waitFor(() => expect(uploads()).toContain("two.txt"), { timeout: 60_000 });
  }

  it("answers once what a killed gateway left, though another process holds its queue at the next start", async () => {
    expect(asked).toBe(0);
    await Promise.all([answer("still here"), heard("after the kill"), heard("dm after the kill")]);
    await settle("kill");
    post("alice", "harbor", "[say and a second]");
    await answer("and a second");
    expect(said(rooms.harbor)).toEqual(["still here", "and a second"]);
    expect(times("after the kill")).toBe(1);
  });

  it("posts what is missing of an answer with several files, each once, in order, under its name", async () => {
    await vi.waitFor(() => expect(sent().length).toBeGreaterThanOrEqual(files.length), { timeout: 60_000 });
    expect(sent()).toEqual(files.map((name, index) => [index === 0 ? "All three." : "", name, `in ${name}`]));
  });
});

describe("when the gateway was stopped and started", () => {
  let taken: string;
  let saidInTown: number;

  beforeAll(async () => {
    const { control } = stack.emulator;
    const before = control.requests().length;
    post("alice", "town", "[say asked on the way out]");
    // The message is acknowledged before OpenClaw has it.
    const acknowledged = () =>
      control
        .requests()
        .slice(before)
        .some(({ path }) => path.endsWith("chat.react"));
    await vi.waitFor(() => expect(acknowledged()).toBe(true), { timeout: 60_000 });
    saidInTown = said(rooms.town).length;
    await stack.gateway.end();

    const unseen = post("alice", "market", "[say as alice meant it]");
    control.edit({ as: "mallory", messageId: unseen._id, text: "@openclaw-bot [say put in while away]" });
    const command = post("alice", "market", "hello");
    control.edit({ as: "alice", messageId: command._id, text: "@openclaw-bot !status" });

    control.renameUser({ username: "carol", to: "caroline" });
    control.renameUser({ username: "dave", to: "carol" });
    control.rename({ as: "mallory", rid: rooms.guild, name: "old-guild" });
    const members = ["mallory", "caroline", "carol", "openclaw-bot"];
    taken = control.addRoom({ name: "guild", type: "p", members });
    await stack.gateway.start();
  });

  it("a question that OpenClaw was being given is answered once", async () => {
    await answer("asked on the way out");
    expect(said(rooms.town).slice(saidInTown)).toEqual(["asked on the way out"]);
  });

  it("an edit by another person meanwhile does not run as the author's words", async () => {
    post("alice", "market", "what did I say? [say that was all]");
    await answer("that was all");
    expect(said(rooms.market)).toEqual(["as alice wrote it", "that was all"]);
    const asked = stack.model.requests().findLast(({ text }) => text.includes("[say that was all]"));
    expect(JSON.stringify(asked)).toMatch(/alice, edited by mallory.{0,200}put in while away/);
  });

  it("a name goes on to mean whom it meant, over a rename, until it is let go", async () => {
    post("carol", "guild", "[say to the taker of a name]");
    post("caroline", "guild", "[say to the same person]");
    await answer("to the same person");
    stack.emulator.control.post({
      as: "mallory",
      rid: taken,
      msg: "@openclaw-bot [say by the entry of every other room]",
    });
    await answer("by the entry of every other room");
    expect(said(rooms.guild)).not.toContain("to the taker of a name");

    await stack.gateway.mustRun(["rocketchat", "names", "--forget", "@carol"]);
    await change({ requireMention: true });
    post("carol", "guild", "[say to whom it means now]");
    await answer("to whom it means now");
  });
});
