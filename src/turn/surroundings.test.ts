import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { createLog } from "../log.ts";
import { createRestClient } from "../rest/client.ts";
import { fetchRoom } from "../rest/rooms.ts";
import type { AccountSettings } from "../settings.ts";
import { readBefore, readSurroundings, type SessionMemory, type SurroundingsSource } from "./surroundings.ts";

let emulator: Emulator;
let patience = new AbortController().signal;
let source: SurroundingsSource;
let town: string;
let plan: string;
let group: string;
let dm: string;
const lines: string[] = [];
beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  control.addUser({ username: "alice" });
  control.addUser({ username: "bob" });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  const keep = (line: string): void => void lines.push(line);
  const log = createLog({ info: keep, warn: keep, error: keep }, { prefix: "t", secrets: [] });
  source = { rest, log, patience: () => patience, rooms: { room: (id) => fetchRoom(rest, id) } };
  town = control.addRoom({ name: "town", type: "p", members: ["alice", "bob", "labbot"] });
  plan = control.discuss({ as: "alice", rid: town, title: "The plan", users: ["labbot"] });
  group = control.direct(["alice", "bob", "labbot"]);
  dm = control.direct(["alice", "labbot"]);
});
afterAll(() => emulator.close());

function write(rid: string, msg: string, tmid?: string): MessageFacts {
  const posted = emulator.control.post({ as: "alice", rid, msg, ...(tmid && { tmid }) });
  const message = decodeMessage({ ...posted, ts: { $date: posted.ts.getTime() } });
  if (message === undefined) throw new Error("the emulator posted what cannot be read");
  return message;
}

const FRESH: SessionMemory = { isNew: true, since: undefined };
const KNOWN: SessionMemory = { isNew: false, since: undefined };
const threads = accountSettings().thread;

async function around(message: MessageFacts, session: SessionMemory, changes: Partial<AccountSettings> = {}) {
  const room = await fetchRoom(source.rest, message.roomId);
  if (room === undefined) throw new Error("no such room");
  return readSurroundings(source, { message, room, session, settings: accountSettings(changes) });
}

const texts = (messages: readonly MessageFacts[]): string[] => messages.map(({ text }) => text);

describe("at the top level of a room", () => {
  beforeEach(() => {
    for (const text of ["one", "two", "three"]) write(town, text);
  });

  it("shows what came before, in order, without what was deleted, nor notices, nor replies in threads", async () => {
    const root = write(town, "root");
    write(town, "a reply", root.id);
    emulator.control.delete({ as: "alice", messageId: write(town, "deleted").id });
    const edited = write(town, "first wording");
    emulator.control.edit({ as: "alice", messageId: edited.id, text: "second wording" });
    const message = write(town, "now");
    // Of the same millisecond nobody can say what came first, and it is shown.
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(message.sentAt);
    write(town, "later");
    const { recent } = await around(message, KNOWN);
    expect(texts(recent).slice(-5)).toEqual(["one", "two", "three", "root", "second wording"]);
  });

  it("shows nothing older than the session", async () => {
    const message = write(town, "now");
    const { recent } = await around(message, { isNew: false, since: message.sentAt });
    expect(recent).toEqual([]);
  });

  it("asks nothing where nothing is to be shown", async () => {
    const before = emulator.control.requests().length;
    const query = { message: write(town, "now"), session: KNOWN };
    const room = await fetchRoom(source.rest, town);
    if (room === undefined) throw new Error("no such room");
    await readSurroundings(source, { ...query, room, settings: accountSettings({ historyLimit: 0 }) });
    expect(
      emulator.control
        .requests()
        .slice(before)
        .map(({ path }) => path),
    ).toEqual([expect.stringContaining("rooms.info")]);
  });

  it("goes on without what the server will not tell", async () => {
    emulator.faults.rest({ path: "groups.history", times: 1, status: 503 });
    expect((await around(write(town, "now"), KNOWN)).recent).toEqual([]);
    expect(lines.at(-1)).toMatch(/history could not be read/);
  });
});

it("goes on without what comes too late", async () => {
  patience = AbortSignal.abort();
  const { recent } = await around(write(town, "now"), KNOWN);
  patience = new AbortController().signal;
  expect(recent).toEqual([]);
  expect(lines.at(-1)).toMatch(/left out .*timeout/);
});

describe("in a thread", () => {
  it("shows the thread's beginning to an agent that enters it, and no other messages", async () => {
    const root = write(town, "root");
    write(town, "first", root.id);
    write(town, "second", root.id);
    const { recent, starter, earlier } = await around(write(town, "now", root.id), FRESH);
    expect([starter?.text, texts(earlier), texts(recent)]).toEqual(["root", ["first", "second"], []]);
  });

  it("shows the end of a long thread", async () => {
    const root = write(town, "root");
    for (let count = 1; count <= 120; count += 1) write(town, `reply ${count}`, root.id);
    const { earlier } = await around(write(town, "now", root.id), FRESH);
    expect(texts(earlier)).toEqual(Array.from({ length: 20 }, (_, index) => `reply ${index + 101}`));
  });

  it.each([
    ["the thread to an agent that knows it", {}, KNOWN, ["first"], []],
    [
      "the room where that is the scope",
      { thread: { ...threads, historyScope: "channel" } },
      KNOWN,
      ["aside"],
      [],
    ],
    [
      "both to an agent that enters it then",
      { thread: { ...threads, historyScope: "channel" } },
      FRESH,
      ["aside"],
      ["first"],
    ],
    ["nothing at a limit of none", { historyLimit: 0 }, FRESH, [], []],
    ["no beginning at a limit of none", { thread: { ...threads, initialHistoryLimit: 0 } }, FRESH, [], []],
  ] as const)("shows %s", async (_, changes, session, recent, earlier) => {
    const root = write(group, "root");
    write(group, "first", root.id);
    write(group, "aside");
    const shown = await around(write(group, "now", root.id), session, changes);
    expect([texts(shown.recent).slice(-1), texts(shown.earlier)]).toEqual([recent, earlier]);
  });

  it("of a direct message shows the thread, whose session is not its own", async () => {
    const root = write(dm, "root");
    write(dm, "first", root.id);
    const { recent, earlier } = await around(write(dm, "now", root.id), KNOWN, { dmHistoryLimit: 10 });
    expect([texts(recent), texts(earlier)]).toEqual([[], ["first"]]);
  });
});

describe("what was written just before", () => {
  it.each(["at top level", "in a thread"])("%s is left out when the server is silent", async (where) => {
    const root = write(town, "the root");
    const place = where === "in a thread" ? root.id : undefined;
    write(town, "just before", place);
    const message = write(town, "the message", place);
    const room = await fetchRoom(source.rest, town);
    if (room === undefined) throw new Error("no such room");
    const query = { message, room, ms: 60_000, mustKnow: false };
    expect(texts(await readBefore(source, query))).toContain("just before");
    const impatient = { ...source, patience: () => AbortSignal.abort() };
    expect(await readBefore(impatient, query)).toEqual([]);
    await expect(readBefore(impatient, { ...query, mustKnow: true })).rejects.toThrow("in time");
  });
});

describe("of a direct message", () => {
  it.each([
    ["nothing by default", {}, FRESH, []],
    ["what was said before, where the session is new", { dmHistoryLimit: 10 }, FRESH, ["hello"]],
    ["nothing to an agent that knows it", { dmHistoryLimit: 10 }, KNOWN, []],
  ] as const)("shows %s", async (_, changes, session, recent) => {
    write(dm, "hello");
    const shown = await around(write(dm, "now"), session, changes);
    expect(texts(shown.recent).slice(-1)).toEqual(recent);
  });
});

it("knows a quoted message and a discussion's parent", async () => {
  const quoted = write(plan, "the quoted words");
  const message = write(plan, `[ ](${emulator.url}/channel/x?msg=${quoted.id}) what of it?`);
  const shown = await around(message, KNOWN);
  expect([shown.quoted?.text, shown.parent?.label]).toEqual(["the quoted words", "town"]);
});

it("fetches no message of another room for the link of a quote, which is the sender's text", async () => {
  const secret = write(town, "not for this room");
  const message = write(plan, `[ ](${emulator.url}/channel/x?msg=${secret.id}) what of it?`);
  expect((await around(message, KNOWN)).quoted).toBeUndefined();
});

it.each([
  ["that begins", FRESH],
  ["that goes on", KNOWN],
])(
  "shows nothing of another room's thread in one %s, for its id is the sender's text",
  async (_, session) => {
    const root = write(town, "not for this room");
    write(town, "nor is this", root.id);
    const message = { ...write(plan, "what of it?"), threadId: root.id };
    const { recent, starter, earlier } = await around(message, session);
    expect([recent, starter, earlier]).toEqual([[], undefined, []]);
  },
);

it("shows no commands, neither as history nor as what a thread hangs on", async () => {
  const root = write(town, "!status of everything");
  write(town, "@labbot !stop");
  write(town, "about !status");
  const found = await around(write(town, "@labbot and now?", root.id), FRESH);
  expect(found.starter).toBeUndefined();
  const { recent } = await around(write(town, "@labbot here?"), FRESH);
  expect(texts(recent).filter((text) => text.includes("!"))).toEqual(["about !status"]);
});
