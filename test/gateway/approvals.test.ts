import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT = { timeoutMs: 120_000 };
const QUESTION = { id: "color", header: "Color", question: "Which color?" };
const OPTIONS = [{ label: "Red" }, { label: "Blue" }];
const ID = /Reply with: !approve ([\w-]+)/;

let stack: Stack;
const rooms: Record<string, string> = {};

/** Alice is an operator, bob may speak; every command that the agent wants to run is asked about. */
beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      rooms.town = control.addRoom({ name: "town", type: "c", members: ["alice", "bob", "openclaw-bot"] });
      rooms.plaza = control.addRoom({ name: "plaza", type: "c", members: ["alice", "openclaw-bot"] });
      rooms.hall = control.addRoom({ name: "hall", type: "c", members: ["alice", "openclaw-bot"] });
      rooms.direct = control.direct(["alice", "openclaw-bot"]);
      return {
        groupPolicy: "open",
        rooms: { [rooms.hall]: { requireMention: false } },
        allowFrom: [userIds.alice],
        commandAllowFrom: [userIds.alice],
      };
    },
    {
      config: {
        tools: { exec: { host: "gateway", security: "full", ask: "always" } },
        messages: { queue: { mode: "followup" }, groupChat: { unmentionedInbound: "room_event" } },
        approvals: { exec: { enabled: true, mode: "session" } },
      },
    },
  );
});
afterAll(() => stack?.stop());

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
  expect(msg).not.toContain("/approve");
  return ID.exec(msg)?.[1] ?? "";
}

it.each(["town", "direct"])(
  "what the agent asks for in %s goes on when an operator approves it",
  async (room) => {
    const id = await want(room, `lantern-${room}`);
    write("alice", room, `!approve ${id} allow-once`);
    await waitFor(room, new RegExp(`Approved, this once: \`${id}\``));
    await waitFor(room, new RegExp(`The tool answered: lantern-${room}`));
  },
);

it("is refused by an operator, and nothing runs", async () => {
  const id = await want("town", "anchor");
  write("alice", "town", `!deny ${id}`);
  await waitFor("town", new RegExp(`Denied: \`${id}\``));
  const { msg } = await waitFor("town", /The tool answered: (?!lantern)/);
  expect(msg).not.toMatch(/answered: anchor/);
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
});
