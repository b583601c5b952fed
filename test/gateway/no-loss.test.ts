import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ownQueue } from "../support/queues.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
let dm: string;

beforeAll(async () => {
  stack = await startStack(({ control }) => {
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "bob", "openclaw-bot"] });
    dm = control.direct(["alice", "openclaw-bot"]);
    return { rooms: { [town]: {} }, dmPolicy: "open", allowFrom: ["*"] };
  });
});
afterAll(() => stack?.stop());
beforeEach(() => stack.emulator.faults.clear());

const said = (rid: string): string[] =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));
const answer = (text: string, timeoutMs = 90_000) =>
  stack.emulator.control.waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg.includes(text), {
    timeoutMs,
  });
const ask = (text: string) =>
  stack.emulator.control.post({ as: "alice", rid: town, msg: `@openclaw-bot ${text}` });
/** A question whose answer shows that everything before it was dealt with. */
async function settle(name: string): Promise<void> {
  ask(`[say settled ${name}]`);
  await answer(`settled ${name}`);
}
const times = (text: string): number => said(town).filter((msg) => msg === text).length;
const connectedSince = (from: number) => stack.gateway.waitForOutput(/\[default\] connected/, { from });

/** The frame in which the stream tells of a message. */
const frameOf = (message: object): string =>
  JSON.stringify({
    msg: "changed",
    collection: "stream-room-messages",
    id: "id",
    fields: {
      eventName: "__my_messages__",
      args: [message, { roomParticipant: true, roomType: "c", roomName: "town" }],
    },
  });
const onWire = (message: object): object =>
  JSON.parse(JSON.stringify(message), (key, value) =>
    ["ts", "_updatedAt"].includes(key) ? { $date: Date.parse(value) } : value,
  );

describe("a message is answered once", () => {
  it("when its frame comes three times at once, and again after 1.5 s and 300 others", async () => {
    const message = ask("[say three frames]");
    const frame = frameOf(onWire(message));
    for (let count = 0; count < 3; count += 1) stack.emulator.faults.sendFrame(frame);
    await answer("three frames");
    stack.emulator.faults.sendFrame(frame);
    for (let count = 0; count < 300; count += 1)
      stack.emulator.control.post({ as: "bob", rid: town, msg: `idle talk ${count}` });
    stack.emulator.faults.sendFrame(frame);
    await settle("frames");
    expect(times("three frames")).toBe(1);
  });

  it.each([1, 2])("when its answer meets the rate limit %i times", async (count) => {
    const headers = { date: new Date(0).toUTCString(), "x-ratelimit-reset": "200" };
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: count, status: 429, headers });
    ask(`[say limited ${count}]`);
    await answer(`limited ${count}`);
    expect(times(`limited ${count}`)).toBe(1);
  });

  it.each([
    ["the answer to its reply is lost", { effect: true, lost: true }],
    ["a proxy answers for the server", { effect: true, status: 502, body: "<html>" }],
    ["the server is busy", { status: 503 }],
  ])("when %s", async (name, fault) => {
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, ...fault });
    ask(`[say although ${name}]`);
    await answer(`although ${name}`);
    await settle(name);
    expect(times(`although ${name}`)).toBe(1);
  });

  it("with all of a 12,000-character answer, in order", async () => {
    const words = Array.from({ length: 1_400 }, (_, index) => `word${index}`);
    const { remove } = stack.model.script("everything", { text: words.join(" ") });
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true });
    stack.emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true, lost: true });
    ask("everything");
    await answer("word1399");
    remove();
    const parts = said(town).filter((msg) => msg.startsWith("word"));
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join(" ").split(/\s+/)).toEqual(words);
  });

  it("in a direct message room that was made after the start", async () => {
    stack.emulator.control.addUser({ username: "carol" });
    const rid = stack.emulator.control.direct(["carol", "openclaw-bot"]);
    stack.emulator.control.post({ as: "carol", rid, msg: "[say hello carol]" });
    await answer("hello carol");
    expect(said(rid)).toEqual(["hello carol"]);
  });
});

describe("a message that was sent meanwhile is answered once", () => {
  it("when the server was down, in rooms, threads and direct messages", async () => {
    const { control, faults } = stack.emulator;
    const root = control.post({ as: "alice", rid: town, msg: "a thread begins" });
    const from = stack.gateway.mark();
    const back = faults.restart({ gapMs: 1_500 });
    ask("[say while down]");
    control.post({ as: "bob", rid: town, tmid: root._id, msg: "@openclaw-bot [say thread while down]" });
    control.post({ as: "alice", rid: dm, msg: "[say dm while down]" });
    await back;
    await connectedSince(from);
    await Promise.all([answer("while down"), answer("thread while down"), answer("dm while down")]);
    expect([times("while down"), said(dm).filter((msg) => msg === "dm while down").length]).toEqual([1, 1]);
  });

  it("when the connection drops four times", async () => {
    for (let drop = 1; drop <= 4; drop += 1) {
      const from = stack.gateway.mark();
      stack.emulator.faults.cutSockets();
      ask(`[say drop ${drop}]`);
      await connectedSince(from);
      await answer(`drop ${drop}`);
    }
    expect([1, 2, 3, 4].map((drop) => times(`drop ${drop}`))).toEqual([1, 1, 1, 1]);
  });

  it("when the gateway was killed, and another process held its queue at the next start", async () => {
    await stack.gateway.kill("SIGKILL");
    ask("[say after the kill]");
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "[say dm after the kill]" });
    const holder = new DatabaseSync(ownQueue(join(stack.gateway.folder, "state"), "default"));
    holder.exec("BEGIN EXCLUSIVE");
    const from = stack.gateway.mark();
    await stack.gateway.start();
    await stack.gateway.waitForOutput(/account cannot start yet .*Another process holds it/, { from });
    holder.close();
    await Promise.all([answer("after the kill"), answer("dm after the kill")]);
    await settle("kill");
    expect(times("after the kill")).toBe(1);
  });
});

it("a reply that the server refuses ends once, with the reason in the log and in a direct message", async () => {
  const { control } = stack.emulator;
  const from = stack.gateway.mark();
  const before = control.requests().length;
  const held = stack.model.script("refused", { text: "refused", hold: true });
  ask("refused");
  await stack.model.waitForRequest("refused");
  control.setReadOnly({ as: "alice", rid: town });
  held.release();
  await stack.gateway.waitForOutput(/reply could not be delivered .*chat\.sendMessage.*status 400/, { from });
  await answer("I could not answer you");
  expect(said(dm).at(-1)).toBe("I could not answer you in town: the room is read-only for me.");
  held.remove();
  control.setReadOnly({ as: "alice", rid: town, on: false });
  await settle("after it");
  const refused = control
    .requests()
    .slice(before)
    .filter(({ path, status }) => path.endsWith("chat.sendMessage") && status !== 200);
  expect(refused.map(({ status }) => status)).toEqual([400]);
  expect(said(town)).not.toContainEqual(expect.stringMatching(/refused$|confirm/));
});

it("an event that cannot be read ends as failed, and the next one is answered", async () => {
  const db = new DatabaseSync(ownQueue(join(stack.gateway.folder, "state"), "default"));
  db.prepare(
    "INSERT INTO event (id, status, lane, payload, received_at, updated_at) VALUES (?, 'pending', ?, ?, 1, 1)",
  ).run("poison", `room:${town}`, JSON.stringify({ version: 1, rawEvent: "{broken" }));
  await settle("poison");
  const row = db.prepare("SELECT status, reason FROM event WHERE id = 'poison'").get();
  db.close();
  expect(row).toMatchObject({ status: "failed", reason: "unreadable" });
});
