import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Stack, startStack } from "./stack.ts";

/** More than OpenClaw looks at for one claim. */
const WAITING = 150;
const DISCUSSIONS = 14;

let stack: Stack;
let busy: string;
let town: string;
let plaza: string;
let discussions: string[];

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      const members = ["alice", "bob", "openclaw-bot"];
      const addRoom = (name: string): string => control.addRoom({ name, type: "c", members });
      busy = addRoom("busy");
      town = addRoom("town");
      plaza = addRoom("plaza");
      const cellar = addRoom("cellar");
      discussions = Array.from({ length: DISCUSSIONS }, (_, index) =>
        control.discuss({
          as: "alice",
          rid: cellar,
          title: `talk ${index}`,
          users: ["bob", "openclaw-bot"],
        }),
      );
      return { rooms: { [busy]: {}, [town]: {}, [plaza]: {} }, commandAllowFrom: [userIds.alice] };
    },
    { config: { messages: { queue: { mode: "followup" } } } },
  );
});
afterAll(() => stack?.stop());

const isBot = ({ u }: { u: { _id: string } }): boolean => u._id === stack.bot.userId;
const answer = (rid: string, text: string) =>
  stack.emulator.control.waitForMessage(
    (message) => isBot(message) && message.rid === rid && message.msg.includes(text),
    {
      timeoutMs: 90_000,
    },
  );
const ask = (rid: string, text: string, as = "alice") =>
  stack.emulator.control.post({ as, rid, msg: `@openclaw-bot ${text}` });

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
    rooms: { [busy]: {}, [town]: { users: [stack.userIds.alice] }, [plaza]: {} },
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
