import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { messageIds } from "../../../test/support/message-ids.ts";
import { createLog } from "../../log.ts";
import { createRestClient } from "../../rest/client.ts";
import { openPairingMemory, type PairingMemory } from "../account/memory/pairing-memory.ts";
import { watchApprovals } from "./pairing-news.ts";

const HOUR_MS = 60 * 60_000;
let folder: string;
let now: number;
const open = (): PairingMemory => openPairingMemory(folder, "default", () => now);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pairings-"));
  now = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const alice = { userId: "alice-id", code: "ABCD2345", roomId: "r1", username: "alice" };

describe("the pairing memory", () => {
  it("knows after a restart who was sent which code", () => {
    const before = open();
    before.noteSent(alice);
    before.close();
    const after = open();
    expect(after.wasSent("alice-id", "ABCD2345")).toBe(true);
    expect(after.wasSent("alice-id", "WXYZ6789")).toBe(false);
    expect(after.wasSent("bob-id", "ABCD2345")).toBe(false);
    expect(after.waiting()).toEqual([alice]);
    after.close();
  });

  it("takes over a file that was made before usernames were kept", () => {
    const old = new DatabaseSync(join(folder, "pairings-default.sqlite"));
    old.exec(
      `CREATE TABLE pairing (user_id TEXT PRIMARY KEY, code TEXT NOT NULL, room_id TEXT NOT NULL,
        sent_at INTEGER NOT NULL) STRICT;
      INSERT INTO pairing VALUES ('bob-id', 'WXYZ6789', 'r2', 0)`,
    );
    old.close();
    const memory = open();
    memory.noteSent(alice);
    expect(memory.waiting()).toEqual([{ userId: "bob-id", code: "WXYZ6789", roomId: "r2" }, alice]);
    memory.close();
  });

  it("lets nobody wait who was told, nor for longer than a code lives", () => {
    const memory = open();
    memory.noteSent(alice);
    memory.noteSent({ ...alice, userId: "bob-id" });
    memory.forget("bob-id");
    expect(memory.waiting()).toEqual([alice]);
    now = 2 * HOUR_MS + 1;
    expect(memory.waiting()).toEqual([]);
    memory.close();
  });
});

describe("an approval given elsewhere", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    emulator = await startEmulator();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await emulator.close();
  });

  it("reaches everybody whose room takes it, whoever else cannot be told, and asks a refusal no second time", async () => {
    const { control, faults } = emulator;
    const people = ["alice", "bob", "carol"].map((username) => control.addUser({ username }));
    const bot = control.addUser({ username: "labbot", roles: ["user", "bot"] });
    const rooms = ["alice", "bob", "carol"].map((username) => control.direct([username, "labbot"]));
    const rest = createRestClient({
      serverUrl: emulator.url,
      userId: bot.userId,
      pat: control.personalAccessToken("labbot"),
      fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
      onUnauthorized: () => {},
    });
    const [refusing = "", silent = "", last = ""] = rooms;
    faults.rest({
      path: "chat.sendMessage",
      mentioning: refusing,
      status: 400,
      body: { success: false, errorType: "error-not-allowed", error: "Not allowed [error-not-allowed]" },
    });
    faults.rest({ path: "chat.sendMessage", mentioning: silent, status: 503 });
    const pairings = open();
    people.forEach(({ userId, username }, index) => {
      pairings.noteSent({ userId, username, code: `CODE${index}`, roomId: rooms[index] ?? "" });
    });
    const lines: string[] = [];
    const log = createLog(
      { info: () => {}, warn: (line) => void lines.push(line), error: () => {} },
      { prefix: "t", secrets: [] },
    );
    const readApproved = async () => people.map(({ userId }) => userId);
    const watch = watchApprovals({
      accountId: "default",
      sending: { rest, ids: messageIds() },
      pairings,
      readApproved,
      log,
    });
    const told = control.waitForMessage(({ rid }) => rid === last);
    const answered = (status: number) =>
      control.requests().filter((one) => one.path.endsWith("chat.sendMessage") && one.status === status)
        .length;
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5000);
      expect(pairings.waiting().map(({ roomId }) => roomId)).toEqual([silent]);
    });
    expect((await told).msg).toMatch(/^Access approved/);
    // A hundred looks later somebody who cannot be told was tried a few times, and whom the server refuses once.
    for (let look = 0; look < 100; look += 1) {
      vi.advanceTimersByTime(5000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(answered(400)).toBe(1);
    expect(answered(503)).toBeLessThan(10);
    expect(lines.filter((line) => line.includes("cannot be announced"))).toEqual([
      expect.stringContaining(" name=alice "),
    ]);
    expect(lines.some((line) => /could not be announced yet .*\bname=bob\b/.test(line))).toBe(true);
    watch.stop();
    pairings.close();
  });

  it("is told to the person who holds the code, once, even if the first attempt fails", async () => {
    const { control, faults } = emulator;
    const { userId } = control.addUser({ username: "alice" });
    const bot = control.addUser({ username: "labbot", roles: ["user", "bot"] });
    const roomId = control.direct(["alice", "labbot"]);
    const rest = createRestClient({
      serverUrl: emulator.url,
      userId: bot.userId,
      pat: control.personalAccessToken("labbot"),
      fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
      onUnauthorized: () => {},
    });
    const pairings = open();
    pairings.noteSent({ userId, code: "ABCD2345", roomId });
    pairings.noteSent({ ...alice, roomId });
    const warned = Promise.withResolvers<void>();
    const log = createLog(
      { info: () => {}, warn: () => warned.resolve(), error: () => {} },
      { prefix: "t", secrets: [] },
    );
    const approved: string[] = [];
    const readApproved = async () => approved;
    const watch = watchApprovals({
      accountId: "default",
      sending: { rest, ids: messageIds() },
      pairings,
      readApproved,
      log,
    });
    vi.advanceTimersByTime(5000);
    expect(control.messages(roomId)).toEqual([]);

    approved.push(userId);
    faults.rest({ path: "chat.sendMessage", times: 1, status: 503 });
    const told = control.waitForMessage(({ msg }) => msg.startsWith("Access approved"));
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5000);
      return warned.promise;
    });
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5000);
      expect(pairings.waiting()).toEqual([{ ...alice, roomId }]);
    });
    expect((await told).rid).toBe(roomId);
    expect(control.messages(roomId).map(({ msg }) => msg)).toHaveLength(1);
    watch.stop();
    pairings.close();
  });
});
