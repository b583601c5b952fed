import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { type AccountClient, createRestClient } from "../rest/client.ts";
import type { CatchUpSettings } from "../settings.ts";
import { type CatchUp, type CatchUpReport, createCatchUp, type Mark } from "./catch-up.ts";
import type { RawMessageEvent } from "./receive.ts";

let emulator: Emulator;
let rest: AccountClient;
let rid: string;
let catchUp: CatchUp | undefined;
const logged: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: emulator.control.personalAccessToken("bot"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.faults.clear();
  logged.length = 0;
  const name = `room${emulator.world.rooms.size}`;
  rid = emulator.control.addRoom({ name, type: "p", members: ["ann", "bot"] });
});
afterEach(() => catchUp?.offline());

const textOf = ({ message }: RawMessageEvent): string =>
  (isJsonObject(message) ? readText(message, "msg") : undefined) ?? "";

/** An account whose mark stands `ago` milliseconds back; what it brings in is collected. */
function account(options: { ago?: number; catchUp?: Partial<CatchUpSettings>; failures?: number } = {}) {
  const ago = options.ago ?? 5_000;
  const now = Date.now();
  let mark: Mark | undefined = { readTo: now - ago, notedAt: now - ago, startedAt: 0 };
  if (options.ago === Number.POSITIVE_INFINITY) mark = undefined;
  let failures = options.failures ?? 0;
  const came: string[] = [];
  const reports: Partial<CatchUpReport>[] = [];
  const sleeping: { ms: number; wake: () => void }[] = [];
  const watchers = new Set<() => void>();
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  const until = (what: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watcher = (): void => {
        if (!what()) return;
        watchers.delete(watcher);
        resolve();
      };
      watchers.add(watcher);
      watcher();
    });
  const settings = accountSettings({
    groupPolicy: "open",
    catchUp: { maxAgeMinutes: 60, maxMessagesPerRoom: 200, safetyScanMinutes: 0, ...options.catchUp },
  });
  const line = (sentence: string): void => {
    logged.push(sentence);
    look();
  };
  catchUp = createCatchUp({
    rest,
    prepare: async () => {},
    settings: () => settings,
    async admit(event, unreadSince) {
      if (failures > 0) {
        failures -= 1;
        throw new Error("the disk is full");
      }
      const message = isJsonObject(event.message) ? event.message : {};
      const isNew = Date.parse(String(message.ts)) > unreadSince;
      const counts = isNew && message.rid === rid && message.t === undefined;
      if (counts) came.push(textOf(event));
      look();
      return counts ? 1 : 0;
    },
    admitDeletions: async () => 0,
    mark: {
      read: () => mark,
      write: (written) => {
        mark = written;
        look();
      },
    },
    log: { info: line, warn: line, error: line, debug: () => {} },
    report: (report) => void reports.push(report),
    now: Date.now,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        sleeping.push({ ms, wake });
        look();
      }),
  });
  /** Resolves when everything missed was read. */
  const settled = () => until(() => sleeping.some(({ ms }) => ms === 30_000));
  return { catchUp, came, reports, until, sleeping, settled, mark: () => mark };
}

const say = (msg: string, tmid?: string) =>
  emulator.control.post({ as: "ann", rid, msg, ...(tmid === undefined ? {} : { tmid }) });

describe("catching up", () => {
  it("reads nothing of the time before the first connection", async () => {
    say("old");
    const { catchUp, came, settled } = account({ ago: Number.POSITIVE_INFINITY });
    catchUp.online();
    await settled();
    expect(came).toEqual([]);
  });

  it("reads from the first connection on, also when that was lost before it could note so", async () => {
    const { catchUp, came, settled } = account({ ago: Number.POSITIVE_INFINITY });
    catchUp.online();
    catchUp.offline();
    say("meanwhile");
    catchUp.online();
    await settled();
    expect(came).toEqual(["meanwhile"]);
  });

  it("brings in what was sent meanwhile, threads included, in the order it was sent", async () => {
    const { catchUp, came, settled } = account();
    const root = say("one");
    say("two", root._id);
    say("three");
    catchUp.online();
    await settled();
    expect(came).toEqual(["one", "two", "three"]);
  });

  it("answers a direct message of somebody new", async () => {
    const { catchUp, came, settled } = account();
    emulator.control.addUser({ username: `eve${rid}` });
    rid = emulator.control.direct([`eve${rid}`, "bot"]);
    emulator.control.post({
      as: emulator.world.rooms.get(rid)?.usernames?.find((name) => name !== "bot") ?? "",
      rid,
      msg: "hello",
    });
    catchUp.online();
    await settled();
    expect(came).toEqual(["hello"]);
  });

  it("leaves what was written before it was invited", async () => {
    rid = emulator.control.addRoom({ name: `late${rid}`, type: "p", members: ["ann"] });
    say("before");
    await new Promise((resolve) => setTimeout(resolve, 5));
    emulator.control.invite({ as: "ann", rid, username: "bot" });
    say("after");
    const { catchUp, came, settled } = account();
    catchUp.online();
    await settled();
    expect(came).toEqual(["after"]);
  });

  it("says what it leaves out, once by age and once by number", async () => {
    for (let count = 1; count <= 5; count += 1) say(`m${count}`);
    const { catchUp, came, reports, settled } = account({
      ago: 3 * 60_000,
      catchUp: { maxAgeMinutes: 1, maxMessagesPerRoom: 3 },
    });
    catchUp.online();
    await settled();
    expect(came).toEqual(["m3", "m4", "m5"]);
    expect(reports.map(({ skipped }) => skipped)).toEqual([
      expect.stringMatching(/^messages sent from .* to /),
      expect.stringContaining("all but the newest 3 messages"),
    ]);
  });

  it("does not call skipped what it read before the gap", async () => {
    for (let count = 1; count <= 5; count += 1) say(`live ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { catchUp, reports, came, settled } = account({ ago: 0, catchUp: { maxMessagesPerRoom: 3 } });
    say("missed");
    catchUp.online();
    await settled();
    expect(came.at(-1)).toBe("missed");
    expect(reports).toEqual([]);
  });

  it("keeps its mark and comes back when a message could not be stored", async () => {
    const { catchUp, came, settled, until, sleeping, mark } = account({ failures: 1 });
    const before = mark()?.readTo;
    say("one");
    catchUp.online();
    await until(() => sleeping.some(({ ms }) => ms === 1_000));
    expect([came, mark()?.readTo]).toEqual([[], before]);
    sleeping.find(({ ms }) => ms === 1_000)?.wake();
    await settled();
    expect(came).toEqual(["one"]);
    expect(mark()?.readTo).toBeGreaterThan(before ?? 0);
  });

  it("tries again when the server is not well", async () => {
    emulator.faults.rest({ path: "groups.history", times: 1, status: 503 });
    const { catchUp, came, settled, until, sleeping } = account();
    say("one");
    catchUp.online();
    await until(() => sleeping.some(({ ms }) => ms === 1_000));
    sleeping.find(({ ms }) => ms === 1_000)?.wake();
    await settled();
    expect(came).toEqual(["one"]);
  });

  it("lets a live message in only behind what its room has missed", async () => {
    const { catchUp, came } = account();
    say("missed");
    emulator.faults.rest({ path: "groups.history", times: 1, delayMs: 50 });
    catchUp.online();
    await catchUp.awaitTurn({ message: { rid }, room: {} });
    expect(came).toEqual(["missed"]);
  });

  it("finds a message that the open connection did not deliver", async () => {
    const { catchUp, came, reports, settled, sleeping, until } = account({
      catchUp: { safetyScanMinutes: 1e-9 },
    });
    catchUp.online();
    await settled();
    emulator.faults.lasting.clockSkewMs = 40_000;
    say("never delivered");
    emulator.faults.lasting.clockSkewMs = 80_000;
    sleeping.find(({ ms }) => ms === 30_000)?.wake();
    await until(() => logged.includes("found messages that the connection never delivered"));
    expect(came).toEqual(["never delivered"]);
    expect(reports).toEqual([{ undelivered: 1 }]);
  });
});
