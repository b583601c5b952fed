// Owns the tests of which files a turn is given, and of what a server does with the wait for them.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveResponseMedia } from "openclaw/plugin-sdk/media-runtime";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { knowing } from "../../../../test/support/knowledge.ts";
import { roomFacts } from "../../../../test/support/room.ts";
import { accountSettings } from "../../../../test/support/settings.ts";
import { decodeMessage, type MessageFacts } from "../../../facts/message.ts";
import { type FileLimits, type FileQuery, fetchMessageFiles, MAX_FILES } from "../../../turn/media.ts";
import { NOTHING_AROUND } from "../../../turn/surroundings.ts";
import { hear } from "../../../turn/voice.ts";
import { openRestClient } from "../../account/transport.ts";
import type { TurnScope } from "../scope.ts";
import { createFileStore } from "./file-store.ts";
import { gatherMedia } from "./media.ts";

/** OpenClaw's media store and its guard are loaded with the first file. */
vi.setConfig({ testTimeout: 30_000 });

const state = mkdtempSync(join(tmpdir(), "rocketchat-media-"));
const cleanups: (() => unknown)[] = [];
beforeEach(() => vi.stubEnv("OPENCLAW_STATE_DIR", state));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
});
const LOG = {
  debug: () => {},
  info: () => {},
  warn: (_: string, fields: { error?: unknown } = {}) => void warnings.push(String(fields.error)),
  error: () => {},
};

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const inJson = (response: ServerResponse, body: object): void => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ success: true, ...body }));
};

/** A server whose room holds one file, unless it is told to answer otherwise. */
async function serve(answers: { list?: Answer; file?: Answer } = {}): Promise<string> {
  const list: Answer = (response) =>
    inJson(response, { files: [{ _id: "f1", rid: "r1", name: "log.txt" }], total: 1 });
  const { list: answerList = list, file: answerFile = (response) => response.end("hello\n") } = answers;
  const server = createServer((request, response) =>
    request.url?.startsWith("/file-upload/") ? answerFile(response, request) : answerList(response, request),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Brings files as a turn does. */
function bringFrom(serverUrl: string) {
  const trusted = { dangerouslyAllowInsecure: true, allowPrivateNetwork: true };
  const rest = openRestClient(accountSettings({ serverUrl, ...trusted }), { onUnauthorized: () => {} });
  const store = createFileStore({ channel: { media: { saveResponseMedia } } });
  return (message: FileQuery["message"], limits: FileLimits = { maxBytes: 1024, maxFiles: MAX_FILES }) =>
    fetchMessageFiles(
      { rest, store, log: LOG, wait: async () => {} },
      { room: { id: "r1", type: "c" }, message, ...limits },
    );
}

const claims = (...ids: string[]) => ({
  id: "m1",
  files: ids.map((id) => ({ id, name: "claimed", type: "image/png", isEncrypted: false })),
});

function say(id: string, extra: object = {}): MessageFacts {
  const u = { _id: "alice", username: "alice" };
  const message = decodeMessage({ _id: id, rid: "r1", msg: "hello", ts: 1, _updatedAt: 1, u, ...extra });
  if (message === undefined) throw new Error("no message");
  return message;
}

const picture = (id: string) => ({
  title: "a.png",
  title_link: `/file-upload/${id}/a.png`,
  image_url: `/file-upload/${id}/a.png`,
  image_type: "image/png",
});

/** Gathers what a turn on `message` is given. */
function gather(
  message: MessageFacts,
  recent: readonly MessageFacts[],
  fetchFiles: ReturnType<typeof bringFrom>,
) {
  const scope = {
    cfg: {},
    settings: accountSettings({ historyLimit: 50, groupPolicy: "open" }),
    input: { message, room: roomFacts({ id: "r1", label: "town" }) },
  } as unknown as TurnScope;
  const around = { ...NOTHING_AROUND, recent };
  return gatherMedia(scope, {
    fetchFiles,
    around,
    session: { isNew: false, since: undefined },
    signal: undefined,
  });
}

/** Which files are asked for, call by call. */
async function asked(message: MessageFacts, recent: readonly MessageFacts[]) {
  const calls: string[][] = [];
  await gather(message, recent, async ({ files }) => {
    if (files.length > 0) calls.push(files.map(({ id }) => id));
    return { stored: [], missing: [] };
  });
  return calls;
}

const MINUTE = 60_000;

describe("pictures of recent messages", () => {
  const at = (minutes: number) => ({ ts: { $date: minutes * MINUTE } });

  it("are asked for in one call, the latest first", async () => {
    const recent = [1, 2, 3].map((n) => say(`m${n}`, { attachments: [picture(`f${n}`)], ...at(n) }));
    expect(await asked(say("now", at(4)), recent)).toEqual([["f3", "f2", "f1"]]);
  });

  it("belong to the messages that brought them", async () => {
    const recent = [1, 2].map((n) => say(`m${n}`, { attachments: [picture(`f${n}`)] }));
    const files = ["f1", "f2"].map((id) => ({ _id: id, rid: "r1", name: `${id}.png` }));
    const url = await serve({ list: (response) => inJson(response, { files, total: 2 }) });
    const { recent: found } = await gather(say("now"), recent, bringFrom(url));
    expect([...found].map(([id, media]) => [id, media.map(({ messageId }) => messageId)]).sort()).toEqual([
      ["m1", ["m1"]],
      ["m2", ["m2"]],
    ]);
  });

  it("are had once, with the latest message, however many messages claim them", async () => {
    const recent = [1, 2, 3].map((n) =>
      say(`m${n}`, { attachments: [picture("f1"), picture("f1")], ...at(n) }),
    );
    expect(await asked(say("now", at(4)), recent)).toEqual([["f1"]]);
    const { recent: found } = await gather(say("now", at(4)), recent, bringFrom(await serve()));
    expect([...found].map(([id, media]) => [id, media.length])).toEqual([["m3", 1]]);
  });

  it("are left where they are when OpenClaw would not show them for their age", async () => {
    const old = say("m0", { attachments: [picture("f1")], ...at(0) });
    expect(await asked(say("now", at(31)), [old])).toEqual([]);
    expect(await asked(say("now", at(30)), [old])).toEqual([["f1"]]);
  });

  it("are not brought again that the message brings itself", async () => {
    const file = say("m0", { msg: "", attachments: [picture("f1")] });
    const words = { ...say("m1", { msg: "what is this?" }), files: file.files };
    expect(await asked(words, [file])).toEqual([["f1"]]);
  });

  it.each<[string, Answer]>([
    ["does not answer", () => {}],
    [
      "is limited",
      (response) => {
        const headers = { "x-ratelimit-limit": 10, "x-ratelimit-remaining": 0 };
        const reset = { "x-ratelimit-reset": Date.now() + MINUTE, "content-type": "application/json" };
        response.writeHead(429, { ...headers, ...reset });
        response.end(JSON.stringify({ success: false, error: "too many" }));
      },
    ],
  ])("are not waited for longer than for seconds when the room's list %s", async (_, list) => {
    const recent = [say("m0", { attachments: [picture("f1")] })];
    const { recent: found } = await gather(say("now"), recent, bringFrom(await serve({ list })));
    expect([...found]).toEqual([]);
  });
});

it("a stop ends the wait for the room's list", async () => {
  const stop = new AbortController();
  const list = () => stop.abort();
  const bring = bringFrom(await serve({ list }));
  const { missing } = await bring(claims("f1"), { maxBytes: 1024, maxFiles: 1, signal: stop.signal });
  expect(missing).toEqual([{ name: "claimed", reason: "unreachable" }]);
  expect(warnings.join()).toContain("was given up");
});

it("a file is found where the server gives shorter pages than were asked for", async () => {
  const files = Array.from({ length: 60 }, (_, index) => ({ _id: `f${index}`, rid: "r1", name: `${index}` }));
  const list: Answer = (response, request) => {
    const offset = Number(new URL(request.url ?? "", "http://server").searchParams.get("offset"));
    inJson(response, { files: files.slice(offset, offset + 50), offset, total: files.length });
  };
  expect((await bringFrom(await serve({ list }))(claims("f55"))).missing).toEqual([]);
});

it.each([408, 425, 429, 503])(
  "a file that is refused for the moment (%i) is asked for again",
  async (status) => {
    let isFirst = true;
    const file: Answer = (response) => {
      if (isFirst) response.writeHead(status, { "content-length": 0 }).end();
      else response.end("hello\n");
      isFirst = false;
    };
    expect((await bringFrom(await serve({ file }))(claims("f1"))).missing).toEqual([]);
  },
);

it("no message makes the note on missing files long", async () => {
  const attachments = Array.from({ length: 1000 }, (_, index) => picture(`g${index}`));
  const { notice } = await gather(say("now", { attachments }), [], bringFrom(await serve()));
  expect(notice.split("\n")).toHaveLength(21);
  expect(notice).toMatch(/\[980 more files not available\]$/);
});

describe("a voice message that cannot be had", () => {
  const redirect: Answer = (response) => response.writeHead(302, { location: "http://10.1.2.3/f1" }).end();
  const inXml: Answer = (response) =>
    response.writeHead(404, { "content-type": "application/xml" }).end("<Error>NoSuchKey</Error>");
  const refuse: Answer = (response) => {
    response.writeHead(403, { "content-type": "application/json" });
    response.end(JSON.stringify({ success: false, error: "unauthorized", errorType: "error-unauthorized" }));
  };
  const away: Answer = (response) => response.writeHead(503).end();

  async function listen(answers: Parameters<typeof serve>[0]) {
    const bring = bringFrom(await serve(answers));
    const message = say("m1", { msg: "", file: { _id: "f1", type: "audio/mpeg", name: "a.mp3" } });
    const voice = { message, room: roomFacts({ id: "r1" }), settings: accountSettings({}) };
    const fetchFiles = ({ message: from, ...limits }: FileQuery) => bring(from, limits);
    return hear(
      voice,
      { transcribe: async () => undefined },
      { known: knowing(), fetchFiles, discardFiles: async () => {} },
    );
  }

  it.each<[string, Parameters<typeof serve>[0]]>([
    ["its store lies on a private network", { file: redirect }],
    ["its store does not have it", { file: inXml }],
    ["the server refuses the room's list", { list: refuse }],
  ])("is dropped, and holds nothing up, when %s", async (_, answers) => {
    expect(await listen(answers)).toMatchObject({ kind: "dropped" });
  });

  it.each<[string, Parameters<typeof serve>[0]]>([
    ["the server is away", { file: away }],
    ["the room's list cannot be had for the moment", { list: away }],
  ])("is tried again when %s", async (_, answers) => {
    await expect(listen(answers)).rejects.toThrow("could not be fetched yet");
  });
});
