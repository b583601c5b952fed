// Owns the tests of files and the words that follow them: over the real queue, and over what a server remembers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import type { Message } from "../../../emulator/world/documents.ts";
import { note } from "../../../test/contract/made-files.ts";
import { decodeMessage, type MessageFacts } from "../../facts/message.ts";
import { laneOf } from "../../intake/receive.ts";
import { createRestClient, type RestClient } from "../../rest/client.ts";
import { fetchRoom } from "../../rest/rooms.ts";
import { type Companions, createCompanions } from "../../turn/companions.ts";
import { readBefore } from "../../turn/surroundings.ts";
import { createWaitingReader } from "./conversation.ts";
import { type AccountQueue, openSqliteQueue } from "./queue.ts";
import { encodeRawEvent } from "./raw-event.ts";

const WINDOW_MS = 2000;
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let emulator: Emulator;
let rest: RestClient;
let town: string;
let folder: string;
let queue: AccountQueue;
/** Ends the waits that are under way as time does. */
let timers: (() => void)[];
let now: number;

beforeAll(async () => {
  emulator = await startEmulator();
  for (const username of ["alice", "bob"]) emulator.control.addUser({ username });
  const { userId } = emulator.control.addUser({ username: "labbot", roles: ["user", "bot"] });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: emulator.control.personalAccessToken("labbot"),
    fetch: async (url, { follow: __, ...init }) => ({
      response: await fetch(url, init),
      release: async () => {},
    }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rocketchat-"));
  queue = openSqliteQueue(folder, "default");
  const name = `town${emulator.world.rooms.size}`;
  town = emulator.control.addRoom({ name, type: "p", members: ["alice", "bob", "labbot"] });
  timers = [];
  now = 1_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open({ windowMs = WINDOW_MS } = {}): Companions {
  const source = { rest, log: QUIET, patience: () => AbortSignal.timeout(10_000) };
  return createCompanions({
    windowMs: () => windowMs,
    findWaiting: createWaitingReader(queue),
    readBefore: (query) => readBefore(source, query),
    now: () => now,
    later(callback) {
      timers.push(callback);
      return () => {};
    },
  });
}

function read(message: Message): MessageFacts {
  const facts = decodeMessage(JSON.parse(JSON.stringify(message)));
  if (facts === undefined) throw new Error("the emulator posted what cannot be read");
  return facts;
}

const write = (msg: string, as = "alice"): MessageFacts =>
  read(emulator.control.post({ as, rid: town, msg }));

function send(name: string, as = "alice"): MessageFacts {
  const { type, bytes } = note(name);
  return read(emulator.control.postFile({ as, rid: town, name, type, bytes }));
}

/** Stores a message as the monitor does. */
async function store(message: MessageFacts): Promise<void> {
  const raw = emulator.control.messages(town).find(({ _id }) => _id === message.id);
  const rawEvent = encodeRawEvent({ message: JSON.parse(JSON.stringify(raw)), room: {} });
  await queue.enqueue(message.id, { version: 1, rawEvent }, { laneKey: laneOf(message) });
}

async function roomOf() {
  const room = await fetchRoom(rest, town);
  if (room === undefined) throw new Error("no such room");
  return room;
}

async function names(companions: Companions, message: MessageFacts, receivedAt = now) {
  const older = async () =>
    companions.mayBringMore(receivedAt) ? companions.findBrought(message, await roomOf()) : [];
  return (companions.broughtBy(message) ?? (await older())).map(({ name }) => name);
}
const endless = new AbortController().signal;
/** Until all promises had their turn, and the queue was asked. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a file without words", () => {
  it("goes along with the words that follow it", async () => {
    const companions = open();
    const file = send("plan.txt");
    const handing = companions.handOn(file, now, endless);
    await settled();
    const words = write("what does it say?");
    await store(words);
    companions.wake(`room:${town}`);
    expect(await handing).toBe(true);
    expect(await names(companions, words)).toEqual(["plan.txt"]);
    // The message may run more than once.
    expect(await names(companions, words)).toEqual(["plan.txt"]);
  });

  it("goes along over other files, and with words that wait already", async () => {
    const companions = open();
    const [first, second, words] = [send("one.txt"), send("two.txt"), write("compare them")];
    for (const message of [second, words]) await store(message);
    expect(await companions.handOn(first, now, endless)).toBe(true);
    const both = {
      ...second,
      files: [...(companions.broughtBy(second) ?? []), ...second.files],
    };
    await queue.claim(second.id);
    expect(await companions.handOn(both, now, endless)).toBe(true);
    expect(await names(companions, words)).toEqual(["one.txt", "two.txt"]);
  });

  it.each<[string, () => MessageFacts | undefined]>([
    ["nothing follows", () => undefined],
    ["another person writes", () => write("hello", "bob")],
    ["a command follows", () => write("!status")],
  ])("runs alone when %s", async (_, follow) => {
    const companions = open();
    const handing = companions.handOn(send("plan.txt"), now, endless);
    await settled();
    const next = follow();
    if (next !== undefined) await store(next);
    companions.wake(`room:${town}`);
    await settled();
    now += WINDOW_MS;
    for (const ring of timers) ring();
    expect(await handing).toBe(false);
    if (next !== undefined) expect(await names(companions, next)).toEqual([]);
  });

  it("waits no longer when it is stopped, has words, or waited in the queue", async () => {
    const stop = new AbortController();
    const handing = open().handOn(send("plan.txt"), now, stop.signal);
    stop.abort();
    expect(await handing).toBe(false);
    expect(await open().handOn({ ...send("plan.txt"), text: "look" }, now, endless)).toBe(false);
    expect(await open().handOn(send("plan.txt"), now - WINDOW_MS, endless)).toBe(false);
    expect(await open({ windowMs: 0 }).handOn(send("plan.txt"), now, endless)).toBe(false);
  });

  it("is not lost when the process ends before the words ran", async () => {
    send("elsewhere.txt", "bob");
    const before = open();
    const file = send("plan.txt");
    const words = write("what does it say?");
    const storedAt = now;
    await store(words);
    expect(await before.handOn(file, storedAt, endless)).toBe(true);
    now += 1;
    expect(await names(open(), words, storedAt)).toEqual(["plan.txt"]);
    // Soon after the start the words wait for a server that cannot tell; later they are more important.
    const away = { path: "groups.history", status: 503, times: 1 };
    const after = open();
    emulator.faults.rest(away);
    await expect(names(after, words, storedAt)).rejects.toThrow("503");
    emulator.faults.rest(away);
    now += 5 * 60_000;
    expect(await names(after, words, storedAt)).toEqual([]);
  });

  it.each<[string, object]>([
    ["a pin", { t: "message_pinned" }],
    ["a new topic", { t: "room_changed_topic", msg: "plans" }],
    ["what was written before it", { ts: { $date: 1 } }],
  ])("does not go along with what is no request after it: %s", async (_, change) => {
    const companions = open();
    const file = send("plan.txt");
    const at = { $date: file.sentAt + 900 };
    const u = { _id: file.sender.id, username: "alice" };
    const message = { _id: "next", rid: town, msg: "", ts: at, _updatedAt: at, u, ...change };
    const rawEvent = encodeRawEvent({ message, room: {} });
    await queue.enqueue("next", { version: 1, rawEvent }, { laneKey: laneOf(file) });
    expect(await companions.handOn(file, now - WINDOW_MS, endless)).toBe(false);
    const words = write("what does it say?");
    await store(words);
    expect(await companions.handOn(file, now - WINDOW_MS, endless)).toBe(true);
    expect(await names(companions, words)).toEqual(["plan.txt"]);
  });

  it("is not handed on to where it would be one too many", async () => {
    const companions = open();
    const file = send("plan.txt");
    const [claim] = file.files;
    const many = {
      ...send("all.txt"),
      files: Array.from({ length: 8 }, (_, n) => ({ ...claim, id: `f${n}` })),
    };
    await store(file);
    expect(await companions.handOn(many as MessageFacts, now - WINDOW_MS, endless)).toBe(false);
  });

  it("looks again only when something comes where it stands", async () => {
    let looks = 0;
    const companions = createCompanions({
      windowMs: () => WINDOW_MS,
      findWaiting: async () => {
        looks += 1;
        return [];
      },
      readBefore: async () => [],
      now: () => now,
      later(callback) {
        timers.push(callback);
        return () => {};
      },
    });
    const handing = companions.handOn(send("plan.txt"), now, endless);
    for (let other = 0; other < 100; other += 1) companions.wake(`room:other${other}`);
    await settled();
    expect(looks).toBe(1);
    companions.wake(`room:${town}`);
    await settled();
    expect(looks).toBe(2);
    now += WINDOW_MS;
    for (const ring of timers) ring();
    await handing;
  });
});
