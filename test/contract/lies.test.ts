// The suite is worth what it notices: deliberate lies of a server, told on the wire, are each reported.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Emulated, startEmulated } from "./emulated.ts";
import { type Lies, startProxy, type WireAnswer } from "./proxy.ts";
import { compareRecordings } from "./recording/compare.ts";
import { at, isObject, type Json, type JsonObject, parseJson, textAt } from "./recording/json.ts";
import { loadRecordings } from "./recording/recording.ts";
import { playScenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { prepare } from "./seed.ts";

interface Lie {
  lie: string;
  scenario: string;
  /** Made anew for each run, so that it may remember what it saw. */
  tell: () => Lies;
  /** The report has a new line like this. */
  reported: RegExp;
}

const LIES: Lie[] = [
  {
    lie: "a key is missing in an answer",
    scenario: "own-echo",
    tell: () => ({ answer: editBody("chat.postMessage", (body) => withoutKey(body, "message", "ts")) }),
    reported: /POST chat\.postMessage \| body\.message\.ts: .* -> absent/,
  },
  {
    lie: "an answer has a key too many",
    scenario: "own-echo",
    tell: () => ({ answer: editBody("chat.update", (body) => ({ ...body, bogus: 1 })) }),
    reported: /POST chat\.update \| body\.bogus: absent -> 1/,
  },
  {
    lie: "200 where the server refuses with 400",
    scenario: "edit",
    tell: () => ({ answer: on("chat.update", (a) => (a.status === 400 ? { ...a, status: 200 } : a)) }),
    reported: /unknown message .* status: 400 -> 200/,
  },
  {
    lie: "another error text",
    scenario: "edit",
    tell: () => ({
      answer: editBody("chat.update", (body) => (body.success === false ? { ...body, error: "No." } : body)),
    }),
    reported: /body\.error: .* -> No\./,
  },
  {
    lie: "an HTML content type on a JSON answer",
    scenario: "own-echo",
    tell: () => ({
      answer: on("chat.react", (a) => ({ ...a, headers: { ...a.headers, "content-type": "text/html" } })),
    }),
    reported: /POST chat\.react \| content-type: application\/json -> text\/html/,
  },
  {
    lie: "no rate limit headers",
    scenario: "edit",
    tell: () => ({ answer: on("chat.sendMessage", (a) => ({ ...a, headers: withoutRateLimit(a.headers) })) }),
    reported: /POST chat\.sendMessage \| headers: x-ratelimit.* -> /,
  },
  {
    lie: "the id of an earlier message used again",
    scenario: "thread",
    tell: () => {
      let first: Json | undefined;
      const reuse = (body: JsonObject): JsonObject => {
        first ??= at(body, "message", "_id");
        return isObject(body.message) && first !== undefined
          ? { ...body, message: { ...body.message, _id: first } }
          : body;
      };
      return { answer: editBody("chat.postMessage", reuse) };
    },
    reported: /POST chat\.postMessage \| body\.message\._id \(identity\)/,
  },
  {
    lie: "a truncated file",
    scenario: "download",
    tell: () => ({ answer: on("/dot.png", (a) => ({ ...a, text: a.text.slice(0, -1) })) }),
    reported: /bytes: \d+ -> \d+/,
  },
  {
    lie: "no echo of one's own message",
    scenario: "own-echo",
    tell: () => ({ frame: (frame) => (messageIn(frame)?.msg === "by postMessage" ? [] : [frame]) }),
    reported: /REST postMessage .* changed __my_messages__ \| only in the recording/,
  },
  {
    lie: "the echo comes twice",
    scenario: "own-echo",
    tell: () => ({ frame: (frame) => (messageIn(frame)?.msg === "by DDP" ? [frame, frame] : [frame]) }),
    reported: /DDP sendMessage .* changed __my_messages__ \| only in the run/,
  },
  {
    lie: "the thread parent is not sent again",
    scenario: "thread",
    tell: () => ({ frame: (frame) => (messageIn(frame)?.tcount === undefined ? [frame] : []) }),
    reported: /bob replies .* thread parent \| only in the recording/,
  },
  {
    lie: "the reply comes before its parent",
    scenario: "thread",
    tell: () => {
      let held: Json[] = [];
      return {
        frame: (frame) => {
          if (messageIn(frame)?.tcount !== undefined && held.length === 0) {
            held = [frame];
            return [];
          }
          const released = messageIn(frame) ? held : [];
          held = messageIn(frame) ? [] : held;
          return [frame, ...released];
        },
      };
    },
    reported: /bob replies .* \| out of order/,
  },
  {
    lie: "a date as a number",
    scenario: "own-echo",
    tell: () => ({ frame: (frame) => [editMessage(frame, (message) => ({ ...message, ts: 1 }))] }),
    reported: /fields\.args\[0\]\.ts: object .* -> number 1/,
  },
  {
    lie: "a member is called none",
    scenario: "own-echo",
    tell: () => ({
      frame: (frame) => [replaceIn(frame, '"roomParticipant":true', '"roomParticipant":false')],
    }),
    reported: /roomParticipant: true -> false/,
  },
  {
    lie: "a wrong login error",
    scenario: "login-resume",
    tell: () => ({ frame: (frame) => [replaceIn(frame, '"error":401', '"error":500')] }),
    reported: /result .* error\.error: 401 -> 500/,
  },
  {
    lie: "ready for a stream that is forbidden",
    scenario: "subscriptions",
    tell: () => ({
      frame: (frame) => (isRefusal(frame) ? [{ msg: "ready", subs: [textAt(frame, "id") ?? ""] }] : [frame]),
    }),
    reported: /private room of which he is no member .* nosub/,
  },
  {
    lie: "another close code",
    scenario: "connect-and-version",
    tell: () => ({ closeCode: (code) => (code === 1000 ? 1008 : code) }),
    reported: /bad version .* socket close \| code: 1000 -> 1008/,
  },
];

describe("a server that lies", () => {
  let emulated: Emulated | undefined;
  const honest = new Map<string, string[]>();

  beforeAll(async () => {
    emulated = await startEmulated("8.3");
    await prepare(emulated.target);
  });
  afterAll(() => emulated?.close());

  async function differencesWith(lies: Lies, name: string): Promise<string[]> {
    const scenario = SCENARIOS.find((known) => known.name === name);
    const real = loadRecordings("8.3").get(name);
    if (!emulated || !scenario || !real) throw new Error(`no scenario ${name}`);
    const { target } = emulated;
    const proxy = await startProxy(target.url, lies);
    const played = await playScenario(scenario, { ...target, url: proxy.url }, real).finally(proxy.close);
    return compareRecordings(real, played.recording).differences;
  }

  test.each(LIES)("is caught: $lie", async ({ scenario, tell, reported }) => {
    const truth = honest.get(scenario) ?? (await differencesWith({}, scenario));
    honest.set(scenario, truth);
    expect(truth.filter((line) => reported.test(line))).toEqual([]);
    const found = await differencesWith(tell(), scenario);
    expect(found.filter((line) => !truth.includes(line)).join("\n")).toMatch(reported);
  });
});

function on(pathEnd: string, alter: (answer: WireAnswer) => WireAnswer): NonNullable<Lies["answer"]> {
  return (call, answer) => (call.endsWith(pathEnd) ? alter(answer) : answer);
}

function editBody(endpoint: string, edit: (body: JsonObject) => JsonObject): NonNullable<Lies["answer"]> {
  return on(endpoint, (answer) => {
    const body = parseJson(answer.text);
    return isObject(body) ? { ...answer, text: JSON.stringify(edit(body)) } : answer;
  });
}

function withoutKey(body: JsonObject, outer: string, inner: string): JsonObject {
  const value = body[outer];
  if (!isObject(value)) return body;
  return { ...body, [outer]: Object.fromEntries(Object.entries(value).filter(([key]) => key !== inner)) };
}

function withoutRateLimit(headers: WireAnswer["headers"]): WireAnswer["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-ratelimit")));
}

/** The message that a frame of the message stream carries. */
function messageIn(frame: Json): JsonObject | undefined {
  const message =
    at(frame, "collection") === "stream-room-messages" ? at(frame, "fields", "args", 0) : undefined;
  return isObject(message) ? message : undefined;
}

function editMessage(frame: Json, edit: (message: JsonObject) => JsonObject): Json {
  const message = messageIn(frame);
  return message ? replaceIn(frame, JSON.stringify(message), JSON.stringify(edit(message))) : frame;
}

function replaceIn(frame: Json, text: string, by: string): Json {
  return parseJson(JSON.stringify(frame).replace(text, () => by)) ?? frame;
}

function isRefusal(frame: Json): boolean {
  return at(frame, "msg") === "nosub" && at(frame, "error") !== undefined;
}
