import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Log } from "../../log.ts";
import { type AccountQueue, openIngressQueue, openSqliteQueue } from "./queue.ts";
import type { Queue, StoredEvent } from "./queue-rows.ts";

/** OpenClaw's own queue, out of the installed package: a newer OpenClaw gives it to every plugin. */
const dist = join(dirname(fileURLToPath(import.meta.resolve("openclaw"))));
const file = readdirSync(dist).find((name) => /^ingress-queue-(?!health)[\w-]+\.mjs$/.test(name)) ?? "";
const host: Record<string, unknown> = await import(pathToFileURL(join(dist, file)).href);
const createHostQueue = Object.values(host).find(
  (value) => typeof value === "function" && value.name === "createChannelIngressQueue",
) as (options: { channelId: string; accountId: string; stateDir: string }) => Queue;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "queues-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const event = (text: string): StoredEvent => ({ version: 1, rawEvent: text });
const lines: string[] = [];
const log: Log = { info: (line) => void lines.push(line), warn: () => {}, error: () => {}, debug: () => {} };
const openHost = (): Queue =>
  createHostQueue({ channelId: "rocketchat", accountId: "default", stateDir: directory });
const refusing = () => {
  throw Object.assign(new Error("not trusted"), { code: "PLUGIN_TRUST_REFUSED" });
};
/** The account's queue, under an OpenClaw that gives its own or refuses it. */
const openUnder = (openClaw: "newer" | "older"): AccountQueue => {
  const openChannelIngressQueue = openClaw === "newer" ? openHost : refusing;
  const state = { resolveStateDir: () => directory, openChannelIngressQueue };
  return openIngressQueue(state as unknown as Parameters<typeof openIngressQueue>[0], "default", log);
};

it.each(["newer", "older"] as const)(
  "what came in one millisecond is given out in the order of its arrival under an OpenClaw that is %s",
  async (openClaw) => {
    const queue = openUnder(openClaw);
    const arrivals = [
      ["m9", 5],
      ["m8", 5],
      ["m7", 5],
      ["m6", 6],
      ["m0", 20],
      ["before the clock was set back", 1],
    ] as const;
    for (const [id, receivedAt] of arrivals) await queue.enqueue(id, event(id), { receivedAt });
    const waiting = await queue.listPending();
    expect(waiting.map(({ id }) => id)).toEqual([
      "before the clock was set back",
      "m9",
      "m8",
      "m7",
      "m6",
      "m0",
    ]);
  },
);

describe.each(["newer", "older"] as const)(
  "of a room with many waiting messages under an OpenClaw that is %s",
  (openClaw) => {
    it("the first of each lane is found, in order of arrival, and all are counted", async () => {
      const queue = openUnder(openClaw);
      for (let index = 1; index <= 150; index += 1)
        await queue.enqueue(`m${200 - index}`, event("x"), { laneKey: "room:1", receivedAt: index });
      await queue.enqueue("q2", event("Q"), { laneKey: "room:2", receivedAt: 202 });
      await queue.enqueue("q1", event("Q"), { laneKey: "room:2", receivedAt: 201 });
      await queue.enqueue("t", event("T"), { laneKey: "room:1:thread", receivedAt: 203 });
      const listed = async () => (await queue.listFirst()).map(({ id }) => id);
      expect(await listed()).toEqual(["m199", "q1", "t"]);
      expect((await queue.listFirst())[0]?.payload).toEqual(event("x"));
      await queue.complete((await queue.claim("m199")) ?? "");
      await queue.release((await queue.claim("q1")) ?? "");
      await queue.claim("m198");
      expect(await listed()).toEqual(["m197", "q1", "t"]);
      expect(await queue.countPending("room:1", { withThreads: false })).toBe(148);
      expect(await queue.countPending("room:1", { withThreads: true })).toBe(149);
    });
  },
);

describe.each([
  ["OpenClaw's own", openHost],
  ["ours", () => openSqliteQueue(directory, "default")],
  ["OpenClaw's, with ours as its copy", () => openUnder("newer")],
])("the queue that is %s", (_, open) => {
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
  });

  it("looks at the candidates alone before it counts how many rows were looked at", async () => {
    const queue = open();
    for (let index = 0; index < 20; index += 1)
      await queue.enqueue(`m${index}`, event("x"), { laneKey: `room:${index}`, receivedAt: index });
    expect(await queue.claimNext({ candidateIds: ["m17"], scanLimit: 5 })).toMatchObject({ id: "m17" });
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
    expect(await queue.enqueue("b", event("B"))).toMatchObject({ kind: "failed" });
    expect(await queue.listFailed?.()).toMatchObject([{ id: "b", reason: "poison" }]);
  });

  it("lets only the owner of a claim settle it, and counts an attempt when it is released", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"));
    const claim = await queue.claim("a", { ownerId: "me" });
    expect(await queue.complete({ id: "a", claim: { token: "another" } })).toBe(false);
    expect(claim && (await queue.refreshClaim?.(claim))).toBe(true);
    expect(claim && (await queue.release(claim, { lastError: "no luck" }))).toBe(true);
    expect(await queue.listPending()).toMatchObject([{ id: "a", attempts: 1, lastError: "no luck" }]);
  });

  it("gives the claims of a dead owner back", async () => {
    const queue = open();
    await queue.enqueue("a", event("A"));
    await queue.claim("a", { ownerId: "dead" });
    expect(await queue.recoverStaleClaims({ shouldRecover: () => true })).toBe(1);
    expect(await queue.claimNext()).toMatchObject({ id: "a" });
  });

  it("forgets tombstones by age, and never a protected one", async () => {
    const queue = open();
    for (const id of ["old", "kept", "new"]) await queue.enqueue(id, event(id));
    for (const id of ["old", "kept"]) await queue.complete(id, { completedAt: 1_000 });
    await queue.complete("new");
    expect(await queue.prune({ completedTtlMs: 60_000, protectIds: ["kept"] })).toBe(1);
    expect(await queue.enqueue("old", event("again"))).toMatchObject({ kind: "accepted" });
    expect(await queue.enqueue("kept", event("again"))).toMatchObject({ kind: "completed" });
  });
});

describe("an upgrade to an OpenClaw that gives its queue to the plugin", () => {
  it("carries over what waits, claimed or not, and the ids of what was answered", async () => {
    const before = openUnder("older");
    await before.enqueue("waits", event("W"), { laneKey: "room:1", receivedAt: 1 });
    await before.enqueue("claimed", event("C"), { laneKey: "room:2", receivedAt: 2 });
    await before.claim("claimed");
    await before.enqueue("answered", event("A"));
    await before.complete("answered");
    await before.enqueue("failed", event("F"));
    await before.fail("failed", { reason: "poison" });
    const after = openUnder("newer");
    expect(await after.enqueue("answered", event("A"))).toMatchObject({ kind: "completed" });
    expect(await after.enqueue("failed", event("F"))).toMatchObject({ kind: "failed" });
    expect(await after.claimNext()).toMatchObject({ id: "waits", payload: event("W"), laneKey: "room:1" });
    expect(await after.claimNext()).toMatchObject({ id: "claimed", payload: event("C") });
    expect(lines).toContain("OpenClaw's queue has taken over ours");
  });

  it("keeps why the last attempt failed, there and back: it says how often OpenClaw has refused a question", async () => {
    const refuse = async (queue: Queue, lastError: string) => {
      const claim = await queue.claim("a");
      if (claim !== null) await queue.release(claim, { lastError });
    };
    const before = openUnder("older");
    await before.enqueue("a", event("A"), { laneKey: "room:1" });
    await refuse(before, "refused once");
    const after = openUnder("newer");
    expect(await after.listPending()).toMatchObject([{ id: "a", lastError: "refused once", attempts: 1 }]);
    expect(await openUnder("newer").listPending()).toMatchObject([{ attempts: 1 }]);
    await refuse(after, "refused twice");
    expect(await openUnder("older").listPending()).toMatchObject([{ id: "a", lastError: "refused twice" }]);
  });

  it("happens once: what was answered since is not asked again", async () => {
    await openUnder("older").enqueue("a", event("A"));
    const after = openUnder("newer");
    const claim = await after.claimNext();
    await after.complete(claim ?? "a");
    expect(await openUnder("newer").claimNext()).toBeNull();
  });

  it("can be undone: an older OpenClaw finds what waits, and nothing that was answered", async () => {
    const newer = openUnder("newer");
    await newer.enqueue("answered", event("A"));
    await newer.complete((await newer.claimNext()) ?? "answered");
    await newer.enqueue("waits", event("W"), { laneKey: "room:1" });
    await newer.claimNext();
    const older = openUnder("older");
    expect(await older.enqueue("answered", event("A"))).toMatchObject({ kind: "completed" });
    const claim = await older.claimNext();
    expect(claim).toMatchObject({ id: "waits", payload: event("W"), laneKey: "room:1" });
    await older.complete(claim ?? "waits");
    await older.enqueue("later", event("L"));
    const again = openUnder("newer");
    expect(await again.enqueue("waits", event("W"))).toMatchObject({ kind: "completed" });
    expect(await again.claimNext()).toMatchObject({ id: "later" });
  });
});
