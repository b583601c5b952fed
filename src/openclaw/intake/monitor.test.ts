import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RawMessageEvent } from "../../intake/receive.ts";
import type { AccountScope } from "../account/scope.ts";
import { openMonitor } from "./monitor.ts";
import { openSqliteQueue } from "./queue.ts";
import { encodeRawEvent } from "./raw-event.ts";

let folder: string;
let stopping: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rocketchat-"));
  stopping = new AbortController();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the monitor needs of an account, which tells nobody anything. */
function quietScope(): AccountScope {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const scope = {
    ctx: { abortSignal: stopping.signal },
    log,
    report: () => {},
    audit: () => {},
    health: { countQueuedBy: () => {} },
  };
  return scope as unknown as AccountScope;
}

it("runs what an earlier version stored under another name of its lane", async () => {
  const queue = openSqliteQueue(folder, "default");
  const message = {
    _id: "m1",
    rid: "r1",
    msg: "!approve 1a2b",
    ts: { $date: 1 },
    u: { _id: "alice", username: "alice" },
  };
  const rawEvent = encodeRawEvent({ message, room: { roomParticipant: true, roomType: "c" } });
  await queue.enqueue("m1", { version: 1, rawEvent }, { laneKey: "room:r1" });
  const { promise: ran, resolve } = Promise.withResolvers<RawMessageEvent>();
  const monitor = openMonitor(quietScope(), queue, {
    deliver: async (event) => resolve(event),
    noteStored: () => {},
  });
  monitor.start();
  expect(await ran).toMatchObject({ message: { _id: "m1", msg: "!approve 1a2b" } });
  await monitor.stop();
  expect(await queue.listFailed?.()).toEqual([]);
});
