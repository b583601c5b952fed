// Owns the tests of the scripted model, over real HTTP and with requests in the shape OpenClaw sends.
import { afterEach, describe, expect, it } from "vitest";
import { type ScriptedModel, type ScriptedModelOptions, startScriptedModel } from "./scripted-model.ts";

const CONTEXT_BLOCK = {
  role: "user",
  content: [
    {
      type: "text",
      text: "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nchat_id user:u1, [fail 500]\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>",
    },
  ],
};
const SYSTEM = { role: "system", content: "You are an agent. [fail 500]" };

let model: ScriptedModel;
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function start(options?: ScriptedModelOptions): Promise<ScriptedModel> {
  model = await startScriptedModel(options);
  cleanUp.push(() => model.close());
  return model;
}

/** A person's message as OpenClaw wraps it for the first turn of a session. */
function person(text: string) {
  const content = [
    "[Sun 2026-11-22 16:20 UTC] Conversation info: ⟦openclaw:ctx⟧",
    `\`\`\`json\n{"sender":{"id":"u1","name":"alice"}}\n\`\`\`\n\n${text}`,
    "\nRuntime: agent=main | session=agent:main:main | model=mock/scripted",
  ].join("\n");
  return { role: "user", content };
}

function ask(messages: object[], { stream = true, signal }: { stream?: boolean; signal?: AbortSignal } = {}) {
  const body = JSON.stringify({ model: "scripted", stream, messages: [SYSTEM, ...messages, CONTEXT_BLOCK] });
  return fetch(`${model.url}/chat/completions`, { method: "POST", body, ...(signal ? { signal } : {}) });
}

interface Delta {
  content?: string;
  tool_calls?: { function: { name: string; arguments: string } }[];
}
interface Chunk {
  choices: { delta: Delta; finish_reason: string | null }[];
}

async function readStream(response: Response) {
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  const chunks = lines.slice(0, -1).map((line): Chunk => JSON.parse(line.slice(6)));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const pieces = choices.map(({ delta }) => delta.content ?? "").filter((piece) => piece !== "");
  return {
    pieces,
    text: pieces.join(""),
    call: choices.flatMap(({ delta }) => delta.tool_calls ?? [])[0]?.function,
    finish: choices.at(-1)?.finish_reason,
    last: lines.at(-1),
  };
}

const say = async (...messages: object[]) => readStream(await ask(messages));

describe("what the model answers by itself", () => {
  it("repeats the person's words, not OpenClaw's decoration or context", async () => {
    await start();
    const answer = await say(person("hello there"));
    expect(answer).toMatchObject({ text: "You said: hello there", finish: "stop", last: "data: [DONE]" });
    expect(model.requests()[0]?.text).toBe("hello there");
    expect(model.requests()[0]?.prompt).toContain("chat_id user:u1");
  });

  it("looks only at what was written since its last answer", async () => {
    await start();
    const answer = await say(person("[fail 500] old"), { role: "assistant", content: "hm" }, person("new"));
    expect(answer.text).toBe("You said: new");
  });

  it("joins several messages that wait for one answer", async () => {
    await start();
    expect((await say(person("one"), person("two"))).text).toBe("You said: one\ntwo");
  });

  it("answers a request that is not streamed with one body", async () => {
    await start();
    const response = await ask([person("hello")], { stream: false });
    expect(await response.json()).toMatchObject({
      choices: [{ message: { role: "assistant", content: "You said: hello" }, finish_reason: "stop" }],
    });
  });

  it("lists its models", async () => {
    await start();
    const response = await fetch(`${model.url}/models`);
    expect(await response.json()).toMatchObject({ data: [{ id: "scripted" }, { id: "scripted-two" }] });
  });

  it.each([
    ["not JSON", "{"],
    ["a body without messages", JSON.stringify({ model: "scripted" })],
  ])("refuses %s with status 400 and goes on", async (_, body) => {
    await start();
    const refused = await fetch(`${model.url}/chat/completions`, { method: "POST", body });
    expect(refused.status).toBe(400);
    expect((await say(person("hello"))).text).toBe("You said: hello");
  });
});

describe("what a person can ask for in brackets", () => {
  it.each([
    ["[say good morning]", "good morning"],
    ["hello [slow 1] [pieces 2]", "You said: hello"],
    ["[slow soon] hello", "You said: hello"],
  ])("%s gives %s", async (text, expected) => {
    await start();
    expect((await say(person(text))).text).toBe(expected);
  });

  it("streams in as many pieces as asked for, which join back to the answer", async () => {
    await start();
    const { pieces } = await say(person("[say abcdefghij] [pieces 3]"));
    expect(pieces).toEqual(["abcd", "efgh", "ij"]);
  });

  it("fails with the status asked for", async () => {
    await start();
    expect((await ask([person("[fail 503]")])).status).toBe(503);
  });

  it("calls a tool once and answers with its result", async () => {
    await start();
    const question = person('[tool read {"path": "notes.md"}]');
    const call = await say(question);
    expect(call).toMatchObject({
      call: { name: "read", arguments: '{"path":"notes.md"}' },
      finish: "tool_calls",
    });
    const assistant = { role: "assistant", content: null, tool_calls: [{ id: "call_1" }] };
    const answer = await say(question, assistant, { role: "tool", content: "milk", tool_call_id: "call_1" });
    expect(answer).toMatchObject({ text: "The tool answered: milk", call: undefined, finish: "stop" });
  });
});

it("takes no directions from people when told so, and tells what it is asked", async () => {
  const asked: string[] = [];
  await start({ directives: false, onRequest: ({ text }) => asked.push(text) });
  const answer = await say(person("[tool exec {}] [fail 500] hello"));
  expect(answer).toMatchObject({ call: undefined, text: "You said: hello" });
  expect(asked).toEqual(["[tool exec {}] [fail 500] hello"]);
});

describe("what a test scripts", () => {
  it("matches by part, by pattern or by question, and the latest script wins", async () => {
    await start();
    model.script("weather", { text: "sun" });
    model.script(/^weather in/, { text: "rain" });
    const byPrompt = model.script((request) => request.prompt.includes("alice"), { text: "hi alice" });
    expect((await say(person("weather in Rome"))).text).toBe("hi alice");
    byPrompt.remove();
    expect((await say(person("weather in Rome"))).text).toBe("rain");
    expect((await say(person("the weather"))).text).toBe("sun");
    expect((await say(person("hello"))).text).toBe("You said: hello");
  });

  it("computes a reply from the request", async () => {
    await start();
    let left = 1;
    model.script("flaky", () => (left-- > 0 ? { status: 500 } : { text: "at last" }));
    expect((await ask([person("flaky")])).status).toBe(500);
    expect((await say(person("flaky"))).text).toBe("at last");
  });

  it("holds an answer until it is released, and no other answer", async () => {
    await start();
    const script = model.script("wait", { text: "done", hold: true });
    const held = say(person("please wait"));
    const request = await model.waitForRequest("please wait");
    expect((await say(person("quick"))).text).toBe("You said: quick");
    script.release();
    expect((await held).text).toBe("done");
    expect(await request.ended).toBe("answered");
  });

  it("reports a request that the other side gave up", async () => {
    await start();
    model.script("wait", { hold: true });
    const controller = new AbortController();
    const asked = ask([person("wait")], { signal: controller.signal }).catch(() => "given up");
    const request = await model.waitForRequest("wait");
    controller.abort();
    expect(await asked).toBe("given up");
    expect(await request.ended).toBe("aborted");
  });

  it("finds a request that was seen before the wait began", async () => {
    await start();
    await say(person("early"));
    expect((await model.waitForRequest(/early/)).text).toBe("early");
  });

  it("says what it saw when the awaited request does not come", async () => {
    await start();
    await say(person("something else"));
    await expect(model.waitForRequest("never", { timeoutMs: 1 })).rejects.toThrow(
      'No model request matched never within 1 ms; seen: "something else".',
    );
  });

  it("ends the held requests when it closes", async () => {
    await start();
    model.script("wait", { hold: true });
    const asked = ask([person("wait")]).catch(() => "closed");
    await model.waitForRequest("wait");
    await model.close();
    expect(await asked).toBe("closed");
  });
});
