import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Stack, startStack } from "./stack.ts";

/**
 * Mallory owns the market and the guild and may edit what others write there; of the people alice alone may speak in
 * the one and carol alone in the other, by their names.
 */
let stack: Stack;
let section: Record<string, unknown>;
const rooms = { town: "", plaza: "", harbor: "", market: "", guild: "" };
beforeAll(async () => {
  stack = await startStack(({ control }) => {
    for (const name of ["mallory", "carol", "dave"])
      control.addUser({ username: name, name: `${name.charAt(0).toUpperCase()}${name.slice(1)}` });
    for (const name of ["town", "plaza", "harbor"] as const)
      rooms[name] = control.addRoom({ name, type: "c", members: ["alice", "openclaw-bot"] });
    for (const name of ["market", "guild"] as const) {
      const members = ["mallory", "alice", "bob", "carol", "dave", "openclaw-bot"];
      rooms[name] = control.addRoom({ name, type: "p", members });
    }
    const named = { "#market": { users: ["@alice"] }, "#guild": { users: ["@carol"] } };
    section = { rooms: { [rooms.town]: {}, [rooms.harbor]: {}, ...named } };
    return section;
  });
});
afterAll(() => stack?.stop());

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

it("answers a message once when the gateway was killed between receiving it and running the agent", async () => {
  const { faults } = stack.emulator;
  const before = stack.model.requests().length;
  // The look-up of the room stands between the durable append and the agent; its answer never comes.
  faults.rest({ path: "rooms.info", delayMs: 600_000 });
  const question = post("alice", "harbor", "[say still here]");
  await stack.waitForStoredEvent(question._id);
  await stack.gateway.kill("SIGKILL");
  expect(stack.model.requests().slice(before)).toEqual([]);

  faults.clear();
  await stack.gateway.start();
  await answer("still here");
  post("alice", "harbor", "[say and a second]");
  await answer("and a second");
  expect(said(rooms.harbor)).toEqual(["still here", "and a second"]);
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
    expect(JSON.stringify(asked)).toMatch(/alice, edited by Mallory.{0,200}put in while away/i);
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
