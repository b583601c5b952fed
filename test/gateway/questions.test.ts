import { afterAll, beforeAll, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT = { timeoutMs: 60_000 };
const QUESTION = { id: "color", header: "Color", question: "Which color?" };
const OPTIONS = [{ label: "Red" }, { label: "Blue" }];

let stack: Stack;
const rooms: Record<string, string> = {};

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      rooms.town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
      rooms.direct = control.direct(["alice", "openclaw-bot"]);
      return { groupPolicy: "open", allowFrom: [userIds.alice] };
    },
    { config: { messages: { queue: { mode: "followup" } } } },
  );
});
afterAll(() => stack?.stop());

it.each(["town", "direct"])(
  "what the agent asks in %s is answered by the next message there",
  async (name) => {
    const rid = rooms[name] ?? "";
    const { control } = stack.emulator;
    const say = (msg: string) => control.post({ as: "alice", rid, msg: `@openclaw-bot ${msg}` });
    const saidBy = (pattern: RegExp) =>
      control.waitForMessage(
        (said) => said.u._id === stack.bot.userId && said.rid === rid && pattern.test(said.msg),
        TIMEOUT,
      );
    const args = { id: "ask_user", args: { questions: [{ ...QUESTION, options: OPTIONS }] } };
    stack.model.script(`paint ${name}`, { tool: { name: "tool_call", args } });
    say(`paint ${name}`);
    await saidBy(/Which color\?[\s\S]*Red[\s\S]*Blue/);
    say("Blue");
    await saidBy(/answered[\s\S]*Blue/);
  },
);
