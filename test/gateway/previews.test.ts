import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
let quiet: string;
let workspace: string;
let others: Record<"second" | "mute", string>;

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds, account }) => {
      const addBot = (username: string) => {
        const { userId } = control.addUser({ username, roles: ["user", "bot"] });
        return { ...account, userId, username, pat: control.personalAccessToken(username) };
      };
      const [second, mute] = [addBot("second-bot"), addBot("mute-bot")];
      others = { second: second.userId, mute: mute.userId };
      const members = ["alice", "bob", "openclaw-bot"];
      const room = (name: string): string => control.addRoom({ name, type: "c", members });
      [town, threads, steps, work] = [room("town"), room("threads"), room("steps"), room("work")];
      dm = control.direct(["alice", "openclaw-bot"]);
      group = control.direct(members);
      quiet = control.addRoom({ name: "quiet", type: "c", members: ["alice", "mute-bot"] });
      control.invite({ as: "alice", rid: town, username: "second-bot" });
      return {
        dmPolicy: "allowlist",
        allowFrom: [userIds.alice],
        dm: { groupEnabled: true },
        commandAllowFrom: [userIds.alice],
        commands: { extra: true },
        streaming: { mode: "partial", progress: { toolProgress: true } },
        rooms: {
          [town]: {},
          [threads]: { replyToMode: "all" },
          [steps]: { streamingMode: "block" },
          [work]: { streamingMode: "progress" },
          [quiet]: {},
        },
        accounts: { default: {}, second, mute },
      };
    },
    {
      config: {
        messages: { queue: { mode: "followup" } },
        tools: { exec: { host: "gateway", security: "full", ask: "always" } },
        approvals: { exec: { enabled: true, mode: "session" } },
        session: { sendPolicy: { rules: [{ action: "deny", match: { keyPrefix: "agent:mute:" } }] } },
      },
      agents: { entries: { main: {}, second: {}, mute: {} } },
      bindings: [
        { agentId: "main", match: { channel: "rocketchat", accountId: "default" } },
        { agentId: "second", match: { channel: "rocketchat", accountId: "second" } },
        { agentId: "mute", match: { channel: "rocketchat", accountId: "mute" } },
      ],
    },
  );
  await Promise.all(
    ["second", "mute"].map((id) => stack.gateway.waitForOutput(new RegExp(`\\[${id}\\] connected`))),
  );
  workspace = join(stack.gateway.folder, "workspace");
  mkdirSync(workspace, { recursive: true });
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
  const grown = await said(rid, `${name}: first **words of** an answer`);
  expect([grown._id, grown.msg.includes("end")]).toEqual([preview._id, false]);
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

const onlyStands = (rid: string, from: number, ids: readonly string[]) =>
  vi.waitFor(() => expect(spoken(rid, from).map(({ _id }) => _id)).toEqual(ids), 30_000);

it("goes when the answer has a file, which stands alone", async () => {
  const path = join(workspace, "plan.txt");
  writeFileSync(path, "the plan\n");
  const text = `${textOf("filed")}\nMEDIA:${path}`;
  const { from, preview, finish } = await begin(town, "filed", { text });
  const before = control().requests().length;
  finish();
  const answer = await control().waitForMessage(
    (one) => isBot(one) && one.file?.name === "plan.txt",
    TIMEOUT,
  );
  expect([answer.msg, answer._id === preview._id]).toEqual([textOf("filed"), false]);
  await onlyStands(town, from, [answer._id]);
  const asked = (): string[] =>
    control()
      .requests()
      .slice(before)
      .flatMap(({ path }) => /chat\.delete|rooms\.mediaConfirm/.exec(path)?.[0] ?? []);
  // Its words do not stand twice, not even for a moment.
  await vi.waitFor(() => expect(asked()).toEqual(["chat.delete", "rooms.mediaConfirm"]), 30_000);
});

it("goes when the agent answers with the message tool", async () => {
  const args = { id: "message", args: { action: "send", message: "tooled by the tool" } };
  const tool = { name: "tool_call", args };
  const { from, finish } = await begin(town, "tooled", { before: textOf("tooled"), tool, text: "NO_REPLY" });
  finish();
  const sent = await said(town, "tooled by the tool");
  await onlyStands(town, from, [sent._id]);
});

it("takes in a further message that joins the run, and each answer stands once", async () => {
  control().post({ as: "alice", rid: dm, msg: "!queue steer" });
  await said(dm, "steer");
  const { from, preview, finish } = await begin(dm, "joined");
  const joining = control().post({ as: "alice", rid: dm, msg: "[say taken in]" });
  await stack.gateway.waitForOutput(new RegExp(`turn started message=${joining._id} `));
  finish();
  await said(dm, "taken in");
  await vi.waitFor(
    () =>
      expect(spoken(dm, from).map(({ _id, msg }) => [_id === preview._id, msg])).toEqual([
        [true, textOf("joined")],
        [false, "taken in"],
      ]),
    30_000,
  );
  control().post({ as: "alice", rid: dm, msg: "!queue followup" });
  await said(dm, "followup");
});

it("shows nothing of an answer that may not be sent", async () => {
  const script = stack.model.script("keep it back", { text: textOf("kept back"), pieces: 20 });
  control().post({ as: "alice", rid: quiet, msg: "@mute-bot keep it back" });
  await (await stack.model.waitForRequest("keep it back", TIMEOUT)).ended;
  await stack.gateway.waitForOutput(/turn ended message=\S+ session=agent:mute:/);
  script.remove();
  const calls = control()
    .requests()
    .filter(({ userId }) => userId === others.mute);
  expect(calls.filter(({ path }) => /chat\.(sendMessage|update)$/.test(path))).toEqual([]);
});

it("grows beside that of another agent in the same room", async () => {
  const script = stack.model.script("question beside", { text: textOf("beside"), pieces: 20, holdAfter: 10 });
  const from = countIn(town);
  control().post({ as: "alice", rid: town, msg: "@openclaw-bot @second-bot question beside" });
  const ids = [stack.bot.userId, others.second];
  const standing = () =>
    control()
      .messages(town)
      .slice(from)
      .filter(({ u, t }) => ids.includes(u._id) && t === undefined);
  const inOrder = () => standing().toSorted((a, b) => ids.indexOf(a.u._id) - ids.indexOf(b.u._id));
  await vi.waitFor(() => expect(inOrder().map(({ u }) => u._id)).toEqual(ids), 60_000);
  const before = inOrder().map(({ _id }) => [_id, textOf("beside")]);
  script.release();
  await vi.waitFor(() => expect(inOrder().map(({ _id, msg }) => [_id, msg])).toEqual(before), 30_000);
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

it("goes when something else is sent below it, and the answer stands below that", async () => {
  const from = countIn(town);
  const asked = (results: number) => (request: ModelRequest) =>
    request.text.includes("look below") && Math.min(1, request.toolResults.length) === results;
  const tool = { name: "exec", args: { command: "echo lantern" } };
  const before = "It begins: I will look for you";
  const script = stack.model.script(asked(0), { tool, before, pieces: 4, holdAfter: 2 });
  stack.model.script(asked(1), { text: textOf("below") });
  ask(town, "look below");
  const preview = await said(town, "It begins");
  script.release();
  const { msg } = await said(town, "approval required");
  control().post({ as: "alice", rid: town, msg: `!approve ${/!approve ([\w-]+)/.exec(msg)?.[1]}` });
  await said(town, textOf("below"));
  await vi.waitFor(() => expect(spoken(town, from).map(({ _id }) => _id)).not.toContain(preview._id), 30_000);
  const texts = spoken(town, from).map((one) => one.msg);
  expect(texts[0]).toContain("approval required");
  expect(texts.filter((text) => text === textOf("below"))).toEqual([texts.at(-1)]);
});

it("goes, and the person is told, where the room has become read-only", async () => {
  const { from, finish } = await begin(town, "refused");
  control().setReadOnly({ as: "alice", rid: town });
  finish();
  await said(dm, "the room is read-only for me");
  await vi.waitFor(() => expect(spoken(town, from)).toEqual([]), 30_000);
});

// Last, so that nothing is asked of a model that has just failed.
it("becomes the error that the turn ends with", async () => {
  const from = countIn(work);
  const asked = (results: number) => (request: ModelRequest) =>
    request.text.includes("fail at it") && Math.min(1, request.toolResults.length) === results;
  const script = stack.model.script(asked(1), { hold: true, status: 400 });
  stack.model.script(asked(0), { tool: { name: "read", args: { path: "AGENTS.md" } } });
  ask(work, "fail at it");
  const preview = await said(work, "Read");
  script.release();
  await vi.waitFor(
    () =>
      expect(spoken(work, from).map(({ _id, msg }) => [_id, msg])).toEqual([
        [preview._id, expect.not.stringContaining("Read")],
      ]),
    60_000,
  );
});
