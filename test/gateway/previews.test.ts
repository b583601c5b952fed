import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { ModelReply, ModelRequest } from "../../demo/scripted-model.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
let threads: string;
let steps: string;
let work: string;
let dm: string;
let group: string;

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      const members = ["alice", "bob", "openclaw-bot"];
      const room = (name: string): string => control.addRoom({ name, type: "c", members });
      [town, threads, steps, work] = [room("town"), room("threads"), room("steps"), room("work")];
      dm = control.direct(["alice", "openclaw-bot"]);
      group = control.direct(members);
      return {
        dmPolicy: "allowlist",
        allowFrom: [userIds.alice],
        dm: { groupEnabled: true },
        commandAllowFrom: [userIds.alice],
        streaming: { mode: "partial", progress: { toolProgress: true } },
        rooms: {
          [town]: {},
          [threads]: { replyToMode: "all" },
          [steps]: { streamingMode: "block" },
          [work]: { streamingMode: "progress" },
        },
      };
    },
    { config: { messages: { queue: { mode: "followup" } } } },
  );
});
afterAll(() => stack?.stop());

const TIMEOUT = { timeoutMs: 60_000 };
const control = () => stack.emulator.control;
const isBot = ({ u }: { u: { _id: string } }): boolean => u._id === stack.bot.userId;
const said = (rid: string, text: string) =>
  control().waitForMessage((one) => isBot(one) && one.rid === rid && one.msg.includes(text), TIMEOUT);
const ask = (rid: string, msg: string, tmid?: string) =>
  control().post({ as: "alice", rid, msg: `@openclaw-bot ${msg}`, ...(tmid && { tmid }) });
/** What the bot says in a room after a number of messages. */
const spoken = (rid: string, from = 0) =>
  control()
    .messages(rid)
    .slice(from)
    .filter((one) => isBot(one) && one.t === undefined);
const countIn = (rid: string): number => control().messages(rid).length;

/** The answer of a name. */
const textOf = (name: string): string =>
  `${name}: first **words of** an answer that goes on, for a while, until it comes to its end`;

/** Asks, and resolves when the beginning of the answer stands; `finish` lets it come to its end. */
async function begin(rid: string, name: string, reply: ModelReply = { text: textOf(name) }, tmid?: string) {
  const script = stack.model.script(`question ${name}`, { pieces: 20, holdAfter: 10, ...reply });
  const from = countIn(rid);
  const question = ask(rid, `question ${name}`, tmid);
  const preview = await said(rid, `${name}: first`);
  const finish = (): void => {
    script.release();
    script.remove();
  };
  return { from, question, preview, finish };
}

it.each([
  ["room", () => town],
  ["direct message", () => dm],
  ["group direct message", () => group],
])("grows in a %s and becomes the answer: one message", async (name, place) => {
  const rid = place();
  const { from, preview, finish } = await begin(rid, name);
  expect(preview.msg).not.toContain("end");
  finish();
  await said(rid, textOf(name));
  expect(spoken(rid, from).map(({ _id, msg }) => [_id, msg])).toEqual([[preview._id, textOf(name)]]);
});

it("grows in the thread under the question, which is not answered again for its edits", async () => {
  const { question, from, preview, finish } = await begin(threads, "thread");
  expect(preview.tmid).toBe(question._id);
  finish();
  await said(threads, textOf("thread"));
  const followUp = await begin(threads, "follow-up", undefined, question._id);
  followUp.finish();
  await said(threads, textOf("follow-up"));
  expect(spoken(threads, from).map(({ _id, tmid }) => [_id, tmid])).toEqual([
    [preview._id, question._id],
    [followUp.preview._id, question._id],
  ]);
});

it("goes on in further messages when it is long", async () => {
  const text = `long: first ${"word after word ".repeat(400)}end of it`;
  const { from, preview, finish } = await begin(town, "long", { text });
  finish();
  await said(town, "end of it");
  const parts = spoken(town, from);
  expect(parts).toHaveLength(2);
  expect(parts[0]?._id).toBe(preview._id);
  expect(parts.map(({ msg }) => msg.trim()).join(" ")).toBe(text);
});

it("is posted anew when it names somebody, and the preview goes", async () => {
  const { from, preview, finish } = await begin(town, "named", { text: `${textOf("named")}, <@bob>` });
  finish();
  const answer = await said(town, `${textOf("named")}, @bob`);
  expect(answer._id).not.toBe(preview._id);
  expect(answer.mentions?.map(({ username }) => username)).toEqual(["bob"]);
  await vi.waitFor(() => expect(spoken(town, from).map(({ _id }) => _id)).toEqual([answer._id]), 30_000);
});

const refusal = (errorType: string) => ({
  status: 400,
  body: { success: false, error: `No [${errorType}]`, errorType },
});

it("leaves a line where the bot may not delete the preview", async () => {
  stack.emulator.faults.rest({ path: "chat.delete", ...refusal("error-action-not-allowed") });
  const { from, preview, finish } = await begin(town, "kept", { text: `${textOf("kept")}, <@bob>` });
  finish();
  await said(town, "withdrawn");
  stack.emulator.faults.clear();
  expect(spoken(town, from).map(({ _id, msg }) => [_id === preview._id, msg])).toEqual([
    [true, "_The draft that stood here was withdrawn._"],
    [false, `${textOf("kept")}, @bob`],
  ]);
});

it("is posted anew when the server refuses the last edit, and the preview goes", async () => {
  const { from, preview, finish } = await begin(town, "edited");
  stack.emulator.faults.rest({ path: "chat.update", ...refusal("error-message-editing-blocked") });
  finish();
  const answer = await said(town, textOf("edited"));
  await vi.waitFor(() => expect(spoken(town, from).map(({ _id }) => _id)).toEqual([answer._id]), 30_000);
  stack.emulator.faults.clear();
  expect(answer._id).not.toBe(preview._id);
});

it("goes when the answer is stopped", async () => {
  const { from, finish } = await begin(town, "stopped");
  control().post({ as: "alice", rid: town, msg: "!stop" });
  const stopped = [expect.stringContaining("Stopped the answer to alice")];
  await vi.waitFor(() => expect(spoken(town, from).map(({ msg }) => msg)).toEqual(stopped), 60_000);
  finish();
});

it("shows nothing of an answer that is none", async () => {
  const from = countIn(town);
  const isAsked = ({ text }: ModelRequest): boolean =>
    text.includes("say nothing") && !text.includes("heard");
  stack.model.script(isAsked, { text: "NO_REPLY", pieces: 8, delayMs: 400 });
  ask(town, "say nothing");
  await (await stack.model.waitForRequest("say nothing", TIMEOUT)).ended;
  ask(town, "[say heard it]");
  await said(town, "heard it");
  expect(spoken(town, from).filter(({ msg }) => msg.startsWith("NO"))).toEqual([]);
});

it("grows in steps in mode block", async () => {
  const text = `block: first ${"sentence of some length. ".repeat(12)}\n\n${"And a second one. ".repeat(12)}`;
  const { from, preview, finish } = await begin(steps, "block", { text, holdAfter: 19 });
  expect(preview.msg).not.toContain("And a second");
  finish();
  await said(steps, "And a second one. And");
  expect(spoken(steps, from).map(({ _id }) => _id)).toEqual([preview._id]);
});

it("shows what the agent does in mode progress, and nothing of what it writes", async () => {
  const from = countIn(work);
  const asksFor = (results: number) => (request: ModelRequest) =>
    request.text.includes("work on it") && Math.min(1, request.toolResults.length) === results;
  const text = textOf("worked");
  const script = stack.model.script(asksFor(1), { text, pieces: 20, holdAfter: 10 });
  stack.model.script(asksFor(0), { tool: { name: "read", args: { path: "AGENTS.md" } } });
  ask(work, "work on it");
  const preview = await said(work, "");
  expect(preview.msg).toMatch(/Read/);
  script.release();
  await said(work, text);
  expect(spoken(work, from).map(({ _id, msg }) => [_id, msg])).toEqual([[preview._id, text]]);
});

it("goes, and the person is told, where the room has become read-only", async () => {
  const { from, finish } = await begin(town, "refused");
  control().setReadOnly({ as: "alice", rid: town });
  finish();
  await said(dm, "the room is read-only for me");
  await vi.waitFor(() => expect(spoken(town, from)).toEqual([]), 30_000);
});
