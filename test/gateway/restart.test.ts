import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
let plaza: string;
beforeAll(async () => {
  stack = await startStack(({ control }) => {
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
    plaza = control.addRoom({ name: "plaza", type: "c", members: ["alice", "openclaw-bot"] });
    return { rooms: { [town]: {} } };
  });
});
afterAll(() => stack?.stop());

const said = (rid: string) =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));

const answer = (text: string) =>
  stack.emulator.control.waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg === text, {
    timeoutMs: 60_000,
  });

/** Asks in town and resolves when the model has the question and keeps its answer back. */
async function askAndHold(text: string): Promise<() => void> {
  const { release } = stack.model.script(text, { text, hold: true });
  stack.emulator.control.post({ as: "alice", rid: town, msg: `@openclaw-bot ${text}` });
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
    expect(said(town)).toEqual(["over a broken link"]);
  });
});

it("a room is served as soon as the configuration lists it", async () => {
  const from = stack.gateway.mark();
  await stack.changeSection((section) => ({ ...section, rooms: { [town]: {}, [plaza]: {} } }));
  await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat\.rooms/, { from });
  stack.emulator.control.post({ as: "alice", rid: plaza, msg: "@openclaw-bot [say a newly listed room]" });
  await answer("a newly listed room");
});

it("an account whose connection is configured anew is restarted in time", async () => {
  const from = stack.gateway.mark();
  const rooms = { [town]: {}, [plaza]: {} };
  await stack.changeSection((section) => ({ ...section, rooms, serverUrl: `${stack.emulator.url}/` }));
  await stack.gateway.waitForOutput(/\[default\] connected/, { from });
  stack.emulator.control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say after the restart]" });
  await answer("after the restart");
  expect(stack.gateway.output).not.toContain("channel stop exceeded");
});

it("a text longer than the server takes is sent in parts that join back", async () => {
  const long = Array.from({ length: 900 }, (_, index) => `word${index}`).join(" ");
  await stack.gateway.mustRun([
    "message",
    "send",
    "--channel",
    "rocketchat",
    "--target",
    `room:${plaza}`,
    "--message",
    long,
  ]);
  const parts = said(plaza).slice(-2);
  expect(parts.join(" ")).toBe(long);
});

it("a question that OpenClaw is being given when it stops is answered once, after its return", async () => {
  const { control } = stack.emulator;
  const before = control.requests().length;
  control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say asked on the way out]" });
  // The message is acknowledged before OpenClaw has it.
  const acknowledged = () =>
    control
      .requests()
      .slice(before)
      .some(({ path }) => path.endsWith("chat.react"));
  await vi.waitFor(() => expect(acknowledged()).toBe(true), { timeout: 60_000 });
  const from = said(town).length;
  await stack.gateway.restart();
  await answer("asked on the way out");
  expect(said(town).slice(from)).toEqual(["asked on the way out"]);
});
