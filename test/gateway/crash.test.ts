import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
beforeAll(async () => {
  stack = await startStack(({ control }) => {
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
    return { rooms: { [town]: {} } };
  });
});
afterAll(() => stack?.stop());

it("answers a message once when the gateway was killed between receiving it and running the agent", async () => {
  const { control, faults } = stack.emulator;
  // The look-up of the room stands between the durable append and the agent; its answer never comes.
  faults.rest({ path: "rooms.info", delayMs: 600_000 });
  const question = control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say still here]" });
  await stack.waitForStoredEvent(question._id);
  await stack.gateway.kill("SIGKILL");
  expect(stack.model.requests()).toEqual([]);

  faults.clear();
  await stack.gateway.start();
  const isAnswer = (text: string) => (message: { u: { _id: string }; msg: string }) =>
    message.u._id === stack.bot.userId && message.msg.includes(text);
  await control.waitForMessage(isAnswer("still here"), { timeoutMs: 120_000 });

  control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say and a second]" });
  await control.waitForMessage(isAnswer("and a second"), { timeoutMs: 60_000 });
  const said = control
    .messages(town)
    .filter(({ u }) => u._id === stack.bot.userId)
    .map(({ msg }) => msg);
  expect(said).toEqual(["still here", "and a second"]);
});
