import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { type AccountClient, createRestClient } from "../rest/client.ts";
import type { AccountSettings, CatchUpSettings } from "../settings.ts";
import { type CatchUp, type CatchUpReport, createCatchUp, type Mark } from "./catch-up.ts";
import { createKnownMessages } from "./known.ts";
import type { RawMessageEvent } from "./receive.ts";
import { createWatch, type Reading } from "./watch.ts";

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
function account(
  options: {
    ago?: number;
    /** How far the server's clock was ahead when the mark was noted. Milliseconds. */
    ahead?: number;
    catchUp?: Partial<CatchUpSettings>;
    failures?: number;
    settings?: Partial<AccountSettings>;
  } = {},
) {
  const ago = options.ago ?? 5_000;
  const now = Date.now();
  let mark: Mark | undefined = { readTo: now - ago + (options.ahead ?? 0), notedAt: now - ago, startedAt: 0 };
  if (options.ago === Number.POSITIVE_INFINITY) mark = undefined;
  let failures = options.failures ?? 0;
  let passed = 0;
  const came: string[] = [];
  /** What the account's memory makes of each document, as kind and message id. */
  const told: string[] = [];
  /** Ids of messages that are to be answered. */
  const requested: string[] = [];
  const watch = createWatch(createKnownMessages(), () => undefined);
  const take = (reading: Reading): void => {
    const isTold = (kind: string) => !["request", "old", "nothing", "thread", "preview"].includes(kind);
    told.push(...reading.events.flatMap((event) => (isTold(kindOf(event)) ? [summaryOf(event)] : [])));
    requested.push(...reading.events.flatMap((event) => (kindOf(event) === "request" ? [idOf(event)] : [])));
    reading.keep();
    look();
  };
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
    ...options.settings,
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
    async admit(event, origin) {
      const unreadSince = origin.kind === "missed" ? origin.since : Number.POSITIVE_INFINITY;
      if (failures > 0) {
        failures -= 1;
        throw new Error("the disk is full");
      }
      const message = isJsonObject(event.message) ? event.message : {};
      const isNew = Date.parse(String(message.ts)) > unreadSince;
      const counts = isNew && message.rid === rid && message.t === undefined;
      if (counts) came.push(textOf(event));
      take(watch.read(event, settings, origin));
      look();
      return counts ? 1 : 0;
    },
    async admitDeletions(_roomId, ids) {
      take(watch.readDeletions(ids));
      return 0;
    },
    mark: {
      read: () => mark,
      write: (written) => {
        mark = written;
        look();
      },
    },
    log: { info: line, warn: line, error: line, debug: () => {} },
    report: (report) => void reports.push(report),
    now: () => Date.now() + passed,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        sleeping.push({ ms, wake });
        look();
      }),
  });
  /** Resolves when everything missed was read. */
  const settled = () => until(() => idle().length > 0);
  /** The waits for the time to look again, of all connections so far. */
  const idle = () => sleeping.filter(({ ms }) => ms === 30_000);
  /** Moves this machine's clock on; the server's stays. */
  const pass = (ms: number): void => {
    passed += ms;
  };
  /** A document of the stream, as it is now. */
  function hear(id: string): void {
    const message = emulator.control.messages(rid).find(({ _id }) => _id === id);
    take(watch.read({ message, room: { roomParticipant: true, roomType: "p" } }, settings));
  }
  const learned = () => until(() => logged.includes("recent messages learned"));
  return {
    catchUp,
    came,
    told,
    requested,
    hear,
    learned,
    reports,
    until,
    sleeping,
    idle,
    pass,
    settled,
    mark: () => mark,
  };
}

function kindOf({ change }: RawMessageEvent): string {
  return (isJsonObject(change) ? readText(change, "kind") : undefined) ?? "request";
}

function idOf({ message }: RawMessageEvent): string {
  return (isJsonObject(message) ? readText(message, "_id") : undefined) ?? "";
}

const summaryOf = (event: RawMessageEvent): string => `${kindOf(event)} ${idOf(event)}`;

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

  it("finds what was sent while a clock was right that is ahead before and after", async () => {
    const minutes = 60_000;
    const { catchUp, came, settled } = account({ ago: 1_000, ahead: 5 * minutes });
    say("sent at the right time");
    emulator.faults.lasting.clockSkewMs = 9 * minutes;
    catchUp.online();
    await settled();
    expect(came).toEqual(["sent at the right time"]);
  });

  it("finds a message that the open connection did not deliver", async () => {
    const { catchUp, came, reports, settled, idle, until } = account({
      catchUp: { safetyScanMinutes: 1e-9 },
    });
    catchUp.online();
    await settled();
    emulator.faults.lasting.clockSkewMs = 40_000;
    say("never delivered");
    emulator.faults.lasting.clockSkewMs = 80_000;
    idle()[0]?.wake();
    await until(() => logged.includes("found messages that the connection never delivered"));
    expect(came).toEqual(["never delivered"]);
    expect(reports).toEqual([{ undelivered: 1 }]);
  });

  it("finds it, too, when the connection was lost before anybody looked", async () => {
    const { lasting } = emulator.faults;
    const { catchUp, came, settled, idle, until } = account({
      ago: 100_000,
      catchUp: { safetyScanMinutes: 1e-9 },
    });
    lasting.clockSkewMs = -90_000;
    rid = emulator.control.addRoom({ name: `older${rid}`, type: "p", members: ["ann", "bot"] });
    catchUp.online();
    await settled();
    lasting.clockSkewMs = -80_000;
    say("never delivered");
    lasting.clockSkewMs = 0;
    catchUp.noteLive({ message: { rid, ts: Date.now() }, room: {} });
    catchUp.offline();
    catchUp.online();
    await until(() => idle().length === 2);
    await until(() => idle().length === 2);
    expect(came).toEqual([]);
    idle()[1]?.wake();
    await until(() => logged.includes("found messages that the connection never delivered"));
    expect(came).toEqual(["never delivered"]);
  });

  describe("finds it, too, when the server's clock was ahead", () => {
    const AHEAD = 600_000;
    const FOUND = "found messages that the connection never delivered";

    it("at the last look, and is right since", async () => {
      const { lasting } = emulator.faults;
      const { catchUp, came, idle, pass, until } = account({ catchUp: { safetyScanMinutes: 1e-9 } });
      lasting.clockSkewMs = AHEAD;
      catchUp.online();
      await until(() => idle().length === 1);
      idle()[0]?.wake();
      await until(() => idle().length === 2);
      lasting.clockSkewMs = 50_000;
      say("never delivered");
      lasting.clockSkewMs = 100_000;
      pass(100_000);
      idle()[1]?.wake();
      await until(() => logged.includes(FOUND));
      expect(came).toEqual(["never delivered"]);
    });

    it("when it was sent", async () => {
      const { lasting } = emulator.faults;
      const { catchUp, came, idle, until } = account({ catchUp: { safetyScanMinutes: 1e-9 } });
      catchUp.online();
      await until(() => idle().length === 1);
      lasting.clockSkewMs = AHEAD;
      say("never delivered");
      lasting.clockSkewMs = 0;
      say("just now");
      idle()[0]?.wake();
      await until(() => logged.includes(FOUND));
      expect(came).toEqual(["never delivered"]);
    });

    it("when the gateway ended", async () => {
      const { lasting } = emulator.faults;
      lasting.clockSkewMs = -100_000;
      rid = emulator.control.addRoom({ name: `ended${rid}`, type: "p", members: ["ann", "bot"] });
      const options = { ahead: AHEAD, catchUp: { safetyScanMinutes: 2 } };
      const { catchUp, came, idle, pass, until } = account(options);
      lasting.clockSkewMs = -60_000;
      say("never delivered");
      lasting.clockSkewMs = 0;
      catchUp.online();
      await until(() => idle().length === 1);
      expect(came).toEqual([]);
      pass(130_000);
      lasting.clockSkewMs = 130_000;
      idle()[0]?.wake();
      await until(() => logged.includes(FOUND));
      expect(came).toEqual(["never delivered"]);
    });
  });

  it("does not take for undelivered what was written before it was invited", async () => {
    const { lasting } = emulator.faults;
    const { catchUp, came, settled, idle, until } = account({
      ago: 100_000,
      catchUp: { safetyScanMinutes: 1e-9 },
    });
    catchUp.online();
    await settled();
    rid = emulator.control.addRoom({ name: `scanned${rid}`, type: "p", members: ["ann"] });
    lasting.clockSkewMs = -80_000;
    say("before");
    lasting.clockSkewMs = -60_000;
    emulator.control.invite({ as: "ann", rid, username: "bot" });
    lasting.clockSkewMs = -50_000;
    say("after");
    lasting.clockSkewMs = 0;
    idle()[0]?.wake();
    await until(() => logged.includes("found messages that the connection never delivered"));
    expect(came).toEqual(["after"]);
  });
});

describe("what happened to messages", () => {
  const HOUR = 60 * 60_000;
  const post = (msg: string): string => say(msg)._id;
  /** Posts what was sent a minute ago. */
  function postEarlier(msg: string): string {
    const { lasting } = emulator.faults;
    lasting.clockSkewMs = -60_000;
    const id = post(msg);
    lasting.clockSkewMs = 0;
    return id;
  }
  const react = (id: string) => emulator.control.react({ as: "ann", messageId: id, emoji: ":eyes:" });

  const laterMillisecond = async (): Promise<void> => {
    for (const now = Date.now(); Date.now() === now; ) await new Promise(setImmediate);
  };

  /** Makes a room look as if nothing had happened in it for two hours. */
  function rest2Hours(): void {
    const room = emulator.world.rooms.get(rid);
    const then = new Date(Date.now() - 2 * HOUR);
    if (room) Object.assign(room, { _updatedAt: then, lm: then });
  }

  it("shows at the first reaction after a start, also in a room that did not move", async () => {
    const first = postEarlier("recent");
    const reacted = postEarlier("has a reaction already");
    react(reacted);
    rest2Hours();
    const { catchUp, told, hear, learned } = account({ ago: 0 });
    catchUp.online();
    await learned();
    expect(told).toEqual([]);
    react(first);
    hear(first);
    hear(reacted);
    expect(told).toEqual([`reaction-added ${first}`]);
  });

  it("is learned once, by one call for each room, and never of rooms that are not served", async () => {
    const id = postEarlier("served");
    const calls = () =>
      emulator.control.requests().filter(({ path }) => path.endsWith("groups.history")).length;
    rest2Hours();
    const served = { groupPolicy: "allowlist", rooms: new Map([[rid, {}]]) } as const;
    const { catchUp, hear, told, learned, settled } = account({ ago: 0, settings: served });
    const before = calls();
    catchUp.online();
    await learned();
    expect(calls()).toBe(before + 1);
    catchUp.offline();
    rest2Hours();
    catchUp.online();
    await settled();
    expect(calls()).toBe(before + 1);
    react(id);
    hear(id);
    expect(told).toEqual([`reaction-added ${id}`]);
  });

  it.each([
    ["long before", -60_000],
    ["just before", 0],
  ])("is found after a restart as far as the server tells, of messages sent %s it", async (_, sentAgo) => {
    const { lasting } = emulator.faults;
    lasting.clockSkewMs = sentAgo;
    const [edited = "", corrected = "", root = "", gone = ""] = ["a", "b", "c", "d"].map(post);
    emulator.control.edit({ as: "ann", messageId: corrected, text: "other words" });
    emulator.control.post({ as: "ann", rid, msg: "reply", tmid: root });
    lasting.clockSkewMs = 0;
    await laterMillisecond();
    const { catchUp, told, learned } = account({ ago: 0 });
    await laterMillisecond();
    emulator.control.edit({ as: "ann", messageId: edited, text: "other words" });
    for (const messageId of [root, gone]) emulator.control.delete({ as: "ann", messageId });
    catchUp.online();
    await learned();
    expect(told.sort()).toEqual([`deleted ${root}`, `edited ${edited}`]);
  });

  it("is found after a lost connection, with deletions for good", async () => {
    const { catchUp, told, learned, until } = account({ ago: 0 });
    const [one = "", two = "", three = ""] = ["one", "two", "three"].map(post);
    catchUp.online();
    await learned();
    catchUp.offline();
    for (const messageId of [one, two]) emulator.control.delete({ as: "ann", messageId });
    react(three);
    catchUp.online();
    await until(() => told.length > 1);
    expect(told).toHaveLength(2);
    expect(told[0]).toBe(`reaction-added ${three}`);
    // One word of both, named by either where they were sent in one millisecond.
    expect([`deleted ${one}`, `deleted ${two}`]).toContain(told[1]);
  });

  it("goes on being learned where a lost connection ended it", async () => {
    const id = postEarlier("recent");
    rest2Hours();
    const served = { groupPolicy: "allowlist", rooms: new Map([[rid, {}]]) } as const;
    const { catchUp, hear, told, learned, until } = account({ ago: 0, settings: served });
    emulator.faults.rest({ path: "groups.history", times: 1, status: 503 });
    catchUp.online();
    await until(() => logged.some((line) => line.startsWith("recent messages are not known")));
    catchUp.offline();
    rest2Hours();
    catchUp.online();
    await learned();
    react(id);
    hear(id);
    expect(told).toEqual([`reaction-added ${id}`]);
  });

  it("hides no message that is sent while it is looked for", async () => {
    const { faults } = emulator;
    faults.rest({ path: "chat.syncMessages", times: 1, delayMs: 100 });
    post("missed");
    const { catchUp, came, hear, requested, learned, until } = account();
    catchUp.online();
    await until(() => came.length === 1);
    const late = post("while changes are asked for");
    faults.rest({ path: "groups.history", times: 1, delayMs: 100 });
    await until(() => logged.includes("caught up"));
    const later = post("while the past is learned");
    await learned();
    requested.length = 0;
    for (const id of [late, later, late]) hear(id);
    expect(requested).toEqual([late, later]);
  });
});
