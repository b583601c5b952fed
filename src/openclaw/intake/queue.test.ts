import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../log.ts";
import { openIngressQueue, openSqliteQueue } from "./queue.ts";
import type { StoredEvent } from "./queue-rows.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ingress-queue-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

const event = (text: string): StoredEvent => ({ version: 1, rawEvent: text });
const open = () => openSqliteQueue(directory, "default");

describe("the SQLite queue", () => {
  it("gives stored events out in the order of their arrival, one owner each", async () => {
    const queue = open();
    await queue.enqueue("b", event("B"), { laneKey: "room:1", receivedAt: 2 });
    await queue.enqueue("a", event("A"), { laneKey: "room:1", receivedAt: 1 });
    expect(await queue.claimNext()).toMatchObject({ id: "a", payload: event("A"), laneKey: "room:1" });
    expect(await queue.claimNext()).toMatchObject({ id: "b" });
    expect(await queue.claimNext()).toBeNull();
  });

  it("leaves a blocked lane alone", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"), { laneKey: "room:1", receivedAt: 1 });
    await queue.enqueue("b", event("B"), { laneKey: "room:2", receivedAt: 2 });
    expect(await queue.claimNext({ blockedLaneKeys: ["room:1"] })).toMatchObject({ id: "b" });
    expect(await queue.claimNext({ blockedLaneKeys: ["room:1"] })).toBeNull();
  });

  it("finds a candidate behind any number of rows that wait in other lanes", async () => {
    const queue = open();
    for (let index = 0; index < 300; index += 1)
      await queue.enqueue(`busy${index}`, event("A"), { laneKey: "room:1", receivedAt: index });
    await queue.enqueue("question", event("B"), { laneKey: "room:2", receivedAt: 400 });
    await queue.enqueue("stop", event("C"), { laneKey: "stop:room:3", receivedAt: 401 });
    const asked = { scanLimit: 100, blockedLaneKeys: ["room:1"] };
    expect(await queue.claimNext({ ...asked, candidateIds: ["stop", "busy7", "gone"] })).toMatchObject({
      id: "stop",
      payload: event("C"),
    });
    expect(await queue.claimNext({ ...asked, candidateIds: [] })).toBeNull();
    expect(await queue.claimNext(asked)).toMatchObject({ id: "question", payload: event("B") });
    expect(await queue.claimNext(asked)).toBeNull();
    expect(await queue.claimNext({ scanLimit: 1, candidateIds: ["busy299"] })).toMatchObject({
      id: "busy299",
    });
  });

  it("reads of what waits no more than is asked for, a claim's event in full", async () => {
    const queue = open();
    await queue.enqueue("a", event("A".repeat(100_000)), { laneKey: "room:1" });
    const [listed] = await queue.listPending();
    expect(JSON.stringify(listed)).not.toContain("AAA");
    expect(listed?.payload.rawEvent).toHaveLength(100_000);
    expect((await queue.claim("a"))?.payload.rawEvent).toHaveLength(100_000);
  });

  it("knows an event again in whatever state it is", async () => {
    const queue = open();
    expect(await queue.enqueue("a", event("A"))).toMatchObject({ kind: "accepted", duplicate: false });
    expect(await queue.enqueue("a", event("A"))).toMatchObject({ kind: "pending", duplicate: true });
    const claim = await queue.claim("a");
    expect(await queue.enqueue("a", event("A"))).toMatchObject({ kind: "claimed", duplicate: true });
    expect(await queue.complete(claim ?? "a")).toBe(true);
    expect(await queue.enqueue("a", event("A"))).toMatchObject({ kind: "completed", duplicate: true });
    await queue.enqueue("b", event("B"));
    await queue.fail("b", { reason: "poison", message: "cannot be read" });
    expect(await queue.enqueue("b", event("B"))).toMatchObject({
      kind: "failed",
      record: { reason: "poison" },
    });
    expect(await queue.listFailed?.()).toMatchObject([
      { id: "b", reason: "poison", message: "cannot be read" },
    ]);
  });

  it("lets only the owner of a claim settle it", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"));
    const claim = await queue.claim("a", { ownerId: "me" });
    const stranger = { id: "a", claim: { token: "another" } };
    expect(await queue.complete(stranger)).toBe(false);
    expect(await queue.release(stranger)).toBe(false);
    expect(await queue.delete(stranger)).toBe(false);
    expect(await queue.refreshClaim?.(stranger)).toBe(false);
    expect(await queue.complete("a")).toBe(false);
    expect(claim).toMatchObject({ claim: { ownerId: "me" } });
    expect(await queue.complete(claim ?? stranger)).toBe(true);
  });

  it("counts an attempt when a claim is released, unless told not to", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"));
    const first = await queue.claim("a");
    await queue.release(first ?? "a", { lastError: "no network" });
    expect(await queue.listPending()).toMatchObject([{ attempts: 1, lastError: "no network" }]);
    const second = await queue.claim("a");
    await queue.release(second ?? "a", { recordAttempt: false });
    expect(await queue.listPending()).toMatchObject([{ attempts: 1 }]);
  });

  it("holds back nothing that was claimed or tried before the clock was set back", async () => {
    const before = open();
    const ahead = Date.now() + 24 * 60 * 60_000;
    for (const id of ["claimed", "tried"]) {
      await before.enqueue(id, event("A"));
      const claim = await before.claim(id, { ownerId: "dead" });
      await before.refreshClaim?.(claim ?? { id, claim: { token: "" } }, { refreshedAt: ahead });
      if (id === "tried") await before.release(claim ?? id, { lastError: "no network", releasedAt: ahead });
    }
    const after = open();
    expect(await after.recoverStaleClaims({ shouldRecover: () => true })).toBe(1);
    const pending = await after.listPending({ orderBy: "id" });
    expect(pending.map(({ id, attempts }) => [id, attempts])).toEqual([
      ["claimed", 1],
      ["tried", 1],
    ]);
    expect(pending.every(({ lastAttemptAt = 0 }) => lastAttemptAt <= Date.now())).toBe(true);
  });

  it("gives the claims of a dead owner back after a restart", async () => {
    const before = open();
    await before.enqueue("a", event("A"));
    await before.claim("a", { ownerId: "dead" });
    const after = open();
    expect(await after.claimNext()).toBeNull();
    expect(
      await after.recoverStaleClaims({ shouldRecover: (claim) => claim.claim.ownerId === "alive" }),
    ).toBe(0);
    expect(await after.recoverStaleClaims({ shouldRecover: (claim) => claim.claim.ownerId === "dead" })).toBe(
      1,
    );
    expect(await after.claimNext()).toMatchObject({ id: "a", attempts: 1, payload: event("A") });
  });

  it("forgets tombstones by age and by number, and never a protected one", async () => {
    const queue = open();
    for (const [id, completedAt] of [
      ["old", 100],
      ["kept", 100],
      ["mid", 200],
      ["new", 300],
    ] as const) {
      await queue.enqueue(id, event(id));
      await queue.complete(id, { completedAt });
    }
    await queue.enqueue("pending", event("P"));
    expect(await queue.prune({ now: 350, completedTtlMs: 200, protectIds: ["kept"] })).toBe(1);
    expect(await queue.enqueue("old", event("again"))).toMatchObject({ kind: "accepted" });
    expect(await queue.prune({ completedMaxEntries: 1 })).toBe(2);
    expect(await queue.enqueue("new", event("again"))).toMatchObject({ kind: "completed" });
    expect((await queue.listPending()).map(({ id }) => id)).toEqual(
      expect.arrayContaining(["pending", "old"]),
    );
  });

  it("hands out a row that cannot be read as version 0, for the monitor to refuse", async () => {
    await open().enqueue("a", event("A"));
    const db = new DatabaseSync(join(directory, "ingress-default.sqlite"));
    db.exec("UPDATE event SET payload = '{broken'");
    db.close();
    expect(await open().claimNext()).toMatchObject({ id: "a", payload: { version: 0, rawEvent: "" } });
  });
});

describe("openIngressQueue", () => {
  const refusal = Object.assign(new Error("not trusted"), { code: "PLUGIN_TRUST_REFUSED" });
  const stateOf = (error: Error) => ({
    resolveStateDir: () => directory,
    openChannelIngressQueue: () => {
      throw error;
    },
  });

  it("keeps its own file where the host refuses the plugin", async () => {
    const queue = openIngressQueue(stateOf(refusal), "default", quiet);
    expect(await queue.enqueue("a", event("A"))).toMatchObject({
      kind: "accepted",
      record: { accountId: "default" },
    });
  });

  it("does not hide any other failure of the host", () => {
    expect(() => openIngressQueue(stateOf(new Error("disk full")), "default", quiet)).toThrow("disk full");
  });
});

describe("a queue file in trouble", () => {
  const file = () => join(directory, "ingress-default.sqlite");
  const failure = (run: () => unknown): unknown => {
    try {
      run();
    } catch (error) {
      return error;
    }
    return expect.unreachable("should have thrown");
  };

  it("that is damaged is kept aside, said so, and replaced at the next start", async () => {
    writeFileSync(file(), "this is no database, but it is long enough to be taken for one".repeat(100));
    expect(failure(open)).toMatchObject({ code: "storage", passing: false, message: /damaged-.*Restart/ });
    expect(readdirSync(directory)).toEqual([expect.stringContaining("ingress-default.sqlite.damaged-")]);
    expect(await open().enqueue("a", event("A"))).toMatchObject({ kind: "accepted" });
  });

  it("that is locked by another process is an error that passes", async () => {
    const queue = open();
    const other = new DatabaseSync(file());
    other.exec("BEGIN IMMEDIATE");
    const passes = { code: "storage", passing: true };
    await expect(queue.enqueue("a", event("A"))).rejects.toMatchObject(passes);
    await expect(queue.prune({ completedTtlMs: 1 })).rejects.toMatchObject(passes);
    other.exec("ROLLBACK");
    other.close();
    expect(await queue.enqueue("a", event("A"))).toMatchObject({ kind: "accepted" });
  });

  it("that has no room left keeps what it holds", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"));
    const limit = new DatabaseSync(file());
    const pages = Number(limit.prepare("PRAGMA page_count").get()?.page_count);
    limit.close();
    const full = openSqliteQueue(directory, "default", { maxPages: pages });
    const huge = full.enqueue("b", event("B".repeat(1_000_000)));
    await expect(huge).rejects.toMatchObject({
      code: "storage",
      passing: false,
      message: /the disk is full/,
    });
    expect(await open().claimNext()).toMatchObject({ id: "a" });
  });
});
