import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { memoryLedger } from "../../test/support/ledger.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { isJsonObject, readText } from "../facts/json.ts";
import { type AccountClient, createRestClient } from "../rest/client.ts";
import type { AccountSettings, CatchUpSettings } from "../settings.ts";
import { type CatchUp, createCatchUp } from "./catch-up.ts";
import type { CatchUpReport } from "./catch-up-report.ts";
import { createKnownMessages } from "./known.ts";
import type { RawMessageEvent } from "./receive.ts";
import type { Lag, Progress } from "./round.ts";
import { createWatch, type Reading } from "./watch.ts";

let emulator: Emulator;
let rest: AccountClient;
let botId: string;
let rid: string;
let catchUp: CatchUp | undefined;
const logged: string[] = [];
const FOUND = "found messages that the connection never delivered";
const oftener = { catchUp: { safetyScanMinutes: 1 } };

beforeAll(async () => {
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  botId = userId;
  rest = clientOf("bot", botId);
});

const clientOf = (username: string, userId: string, rewrite = (url: string) => url): AccountClient =>
  createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: emulator.control.personalAccessToken(username),
    fetch: async (url, init) => ({ response: await fetch(rewrite(url), init), release: async () => {} }),
    onUnauthorized: () => {},
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
    lags?: readonly Lag[];
    rest?: AccountClient;
  } = {},
) {
  const ago = options.ago ?? 5_000;
  const now = Date.now();
  let progress: Progress | undefined = {
    listedTo: now - ago + (options.ahead ?? 0),
    notedAt: now - ago,
    startedAt: 0,
  };
  if (options.ago === Number.POSITIVE_INFINITY) progress = undefined;
  const lags = new Map<string, Lag>((options.lags ?? []).map((lag) => [lag.room.id, lag]));
  let lists = 0;
  let failures = options.failures ?? 0;
  let passed = 0;
  const came: string[] = [];
  /** What the account's memory makes of each document, as kind and message id. */
  const told: string[] = [];
  /** Ids of messages that are to be answered. */
  const requested: string[] = [];
  const ledger = memoryLedger({ progress, lags: [] });
  const watch = createWatch({ known: createKnownMessages(), ledger, parentOf: () => undefined });
  const take = (reading: Reading): void => {
    const isTold = (kind: string) => !["request", "old", "nothing", "thread", "preview"].includes(kind);
    told.push(...reading.events.flatMap((event) => (isTold(kindOf(event)) ? [summaryOf(event)] : [])));
    requested.push(...reading.events.flatMap((event) => (kindOf(event) === "request" ? [idOf(event)] : [])));
    reading.keep("stored");
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
    rest: options.rest ?? rest,
    prepare: async () => {},
    settings: () => settings,
    async admit(event, origin) {
      if (failures > 0) {
        failures -= 1;
        throw new Error("the disk is full");
      }
      const message = isJsonObject(event.message) ? event.message : {};
      const reading = watch.read(event, settings, origin);
      const isNew = reading.events.includes(event);
      const counts = isNew && message.rid === rid && message.t === undefined;
      if (counts) came.push(textOf(event));
      take(reading);
      look();
      return counts ? 1 : 0;
    },
    async admitDeletions(_roomId, ids) {
      take(watch.readDeletions(ids));
      return 0;
    },
    memory: { progress, lags: [...lags.values()] },
    save(change) {
      if (change.progress !== undefined) lists += 1;
      progress = change.progress ?? progress;
      for (const lag of change.put) lags.set(lag.room.id, lag);
      for (const id of change.drop) lags.delete(id);
      look();
    },
    log: { info: line, warn: line, error: line, debug: () => {} },
    report(report) {
      reports.push(report);
      look();
    },
    now: () => Date.now() + passed,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
        sleeping.push({ ms, wake });
        look();
      }),
  });
  /** Resolves when so many lists of rooms were read to their end. */
  const settled = (count = 1) => until(() => lists >= count && lags.size === 0);
  /** Ends every sleep, until something is so. */
  const wakeUntil = async (what: () => boolean): Promise<void> => {
    while (!what()) {
      for (const { wake } of sleeping.splice(0)) wake();
      await new Promise(setImmediate);
    }
  };
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
    wakeUntil,
    pass,
    settled,
    progress: () => progress,
    lags: () => [...lags.values()],
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

  const MEBIBYTE = 1024 * 1024;
  const shorten: (() => void)[] = [];
  afterEach(() => {
    for (const undo of shorten.splice(0)) undo();
  });
  /** As an edit may make one: the server does not measure those. */
  const sayMuch = (msg: string, mebibytes: number) => {
    const message = say(msg);
    const stored = emulator.world.messages.get(message._id);
    if (stored === undefined) throw new Error("not stored");
    stored.msg = msg + "x".repeat(mebibytes * MEBIBYTE);
    shorten.push(() => {
      stored.msg = msg;
    });
    return message;
  };

  it("goes around messages that are larger than any answer may be, and says so; other rooms are read", async () => {
    const large = rid;
    const before = say("before");
    const first = sayMuch("a", 17);
    const after = say("after");
    const last = sayMuch("b", 17);
    rid = emulator.control.addRoom({ name: `other${rid}`, type: "c", members: ["ann", "bot"] });
    const other = say("here");
    const rooms = new Map([large, rid].map((id) => [id, {}]));
    const { catchUp, requested, reports, settled } = account({
      settings: { groupPolicy: "allowlist", rooms },
    });
    catchUp.online();
    await settled();
    expect(requested).toEqual(expect.arrayContaining([before._id, after._id, other._id]));
    expect(requested.filter((id) => id === first._id || id === last._id)).toEqual([]);
    expect(reports).toContainEqual({
      skipped: expect.stringContaining(`more than 16 MiB each: 2 in room ${large} since`),
    });
  });

  it("reads in smaller pages what is too large for one answer, in the order it was sent", async () => {
    const texts = Array.from({ length: 6 }, (_, index) => `${index} `);
    for (const text of texts) sayMuch(text, 5);
    const { catchUp, came, settled } = account();
    catchUp.online();
    await settled();
    expect(came.map((text) => text.slice(0, 2))).toEqual(texts);
  });

  it("reads to the end where the server's pages are smaller than asked for", async () => {
    const texts = Array.from({ length: 120 }, (_, index) => `${index}`);
    for (const text of texts) say(text);
    const limited = clientOf("bot", botId, (url) =>
      url.replace(/(?<=[?&]count=)\d+/, (count) => `${Math.min(50, Number(count))}`),
    );
    const { catchUp, came, settled } = account({ rest: limited });
    catchUp.online();
    await settled();
    expect(came).toEqual(texts);
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

  it("keeps a room's cursor and comes back when a message could not be stored", async () => {
    const { catchUp, came, wakeUntil, lags, reports, until } = account({ failures: 1 });
    say("one");
    catchUp.online();
    await until(() => reports.some(({ waiting }) => waiting?.includes("the disk is full") === true));
    expect(came).toEqual([]);
    expect(lags().map(({ room }) => room.id)).toContain(rid);
    await wakeUntil(() => lags().length === 0);
    expect(came).toEqual(["one"]);
    expect(reports.at(-1)).toEqual({ waiting: "" });
  });

  it.each([
    ["is not well", { status: 503 }],
    ["shows a page in place of an answer", { status: 404, body: "<html>" }],
    ["does not answer", { lost: true }],
    ["refuses without a word", { status: 400, body: { success: false } }],
  ])("reads a room again where the server %s, and the others meanwhile", async (_, fault) => {
    const first = rid;
    const there = say("there");
    rid = emulator.control.addRoom({ name: `other${rid}`, type: "c", members: ["ann", "bot"] });
    say("here");
    emulator.faults.rest({ path: "groups.history", ...fault });
    const served = { groupPolicy: "allowlist", rooms: new Map([first, rid].map((id) => [id, {}])) } as const;
    const { catchUp, came, lags, wakeUntil, requested, until, reports } = account({ settings: served });
    catchUp.online();
    await until(() => came.length > 0);
    expect(came).toEqual(["here"]);
    expect(requested).not.toContain(there._id);
    await until(() => reports.some(({ waiting }) => waiting?.includes(`room ${first}: `) === true));
    emulator.faults.clear();
    await wakeUntil(() => lags().length === 0);
    expect(requested).toContain(there._id);
    expect(reports.at(-1)).toEqual({ waiting: "" });
  });

  it("goes on where it was when the connection is lost in the middle, and after a restart", async () => {
    const rooms = Array.from({ length: 12 }, (_, index) =>
      emulator.control.addRoom({ name: `round${index}${rid}`, type: "c", members: ["ann", "bot"] }),
    );
    const asked = rooms.map((room) => emulator.control.post({ as: "ann", rid: room, msg: "asked" })._id);
    const ofThese = (ids: readonly string[]) => ids.filter((id) => asked.includes(id));
    const before = account();
    emulator.faults.rest({ path: "channels.history", delayMs: 5 });
    before.catchUp.online();
    await before.until(() => ofThese(before.requested).length >= 4);
    before.catchUp.offline();
    const left = before.lags();
    expect(left.length).toBeGreaterThan(0);
    const after = account({ ago: 0, lags: left });
    after.catchUp.online();
    await after.settled();
    expect(new Set(ofThese([...before.requested, ...after.requested])).size).toBe(rooms.length);
    expect(left.length).toBeLessThan(emulator.world.rooms.size);
  });

  it("keeps a live message behind what its room has missed when the connection is lost meanwhile", async () => {
    emulator.faults.rest({ path: "groups.history", times: 1, delayMs: 60 });
    const { catchUp, came } = account();
    say("missed");
    catchUp.online();
    const turn = catchUp.awaitTurn({ message: { rid }, room: {} });
    catchUp.offline();
    await new Promise(setImmediate);
    catchUp.online();
    await turn;
    expect(came).toEqual(["missed"]);
  });

  it("keeps all live messages of a room that cannot be read no longer than the first", async () => {
    emulator.faults.rest({ path: "groups.history", status: 502 });
    const { catchUp, until, lags, pass } = account();
    say("missed");
    catchUp.online();
    await until(() => lags().some(({ room }) => room.id === rid));
    const turn = () => catchUp.awaitTurn({ message: { rid }, room: {} });
    expect(turn()).toBeInstanceOf(Promise);
    pass(9_000);
    expect(turn()).toBeInstanceOf(Promise);
    pass(1_000);
    expect(turn()).toBeUndefined();
    // What the next connection finds missed has an order of its own.
    catchUp.offline();
    catchUp.online();
    expect(turn()).toBeInstanceOf(Promise);
  });

  it("takes no late answer of a lost connection for one of the present", async () => {
    emulator.faults.rest({ path: "groups.history", times: 1, delayMs: 60 });
    const { catchUp, came, until, settled, lags } = account();
    say("one");
    catchUp.online();
    await until(() => lags().some(({ room }) => room.id === rid));
    const asked = () =>
      emulator.control.requests().filter(({ path }) => path.endsWith("groups.history")).length;
    const before = asked();
    await new Promise<void>((resolve) => {
      const look = () => (asked() > before ? resolve() : setImmediate(look));
      look();
    });
    catchUp.offline();
    say("two");
    catchUp.online();
    await until(() => came.includes("two"));
    await settled(2);
    expect([...came].sort()).toEqual(["one", "two"]);
  });

  it("reads rooms that are not served in no case, direct messages neither where they are off", async () => {
    const direct = emulator.control.direct(["ann", "bot"]);
    emulator.control.post({ as: "ann", rid: direct, msg: "hello" });
    say("not served");
    const calls = () => emulator.control.requests().filter(({ path }) => path.endsWith("im.history")).length;
    const { catchUp, settled } = account({
      settings: { groupPolicy: "disabled", dm: { enabled: false, groupEnabled: false, groupRooms: [] } },
    });
    const before = calls();
    catchUp.online();
    await settled();
    expect(calls()).toBe(before);
  });

  describe("without the role `bot`", () => {
    /** What the limiter lets through of a route in a minute. */
    const LIMIT = 10;
    let username: string;
    let guest: AccountClient;
    let settings: { userId: string };
    let rooms: string[];
    const write = (room: string, msg: string) => emulator.control.post({ as: "ann", rid: room, msg });
    beforeEach(() => {
      username = `guest-bot${emulator.world.users.size}`;
      const { userId } = emulator.control.addUser({ username });
      guest = clientOf(username, userId);
      settings = { userId };
      rooms = Array.from({ length: 3 * LIMIT }, (_, index) =>
        emulator.control.addRoom({ name: `${username}-${index}`, type: "p", members: ["ann", username] }),
      );
    });

    it("reads rooms in which the bot is named before all others", async () => {
      const { catchUp, requested, until } = account({ rest: guest, settings });
      for (const room of rooms) write(room, "among ourselves");
      const asked = [7, 19, 28].map((index) => write(rooms[index] ?? "", `@${username} are you there?`)._id);
      catchUp.online();
      await until(() => asked.every((id) => requested.includes(id)));
      expect(requested.length).toBeLessThan(LIMIT);
    });

    it("leaves half of the calls to questions when it looks for what was not delivered", async () => {
      const user = emulator.world.userNamed(username);
      user?.roles.push("bot");
      const { catchUp, settled, wakeUntil, pass } = account({ rest: guest, settings, ...oftener });
      catchUp.online();
      await settled();
      user?.roles.pop();
      const histories = () =>
        emulator.control.requests().filter(({ path }) => path.endsWith("groups.history")).length;
      const before = histories();
      emulator.faults.lasting.clockSkewMs = 40_000;
      for (const room of rooms) write(room, "never delivered");
      emulator.faults.lasting.clockSkewMs = 80_000;
      pass(80_000);
      await wakeUntil(() => histories() - before === LIMIT / 2);
      const [room = ""] = rooms;
      await guest.get("v1/groups.history", { roomId: room }, { patienceMs: 0 });
      expect(histories() - before).toBe(LIMIT / 2 + 1);
    });
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
    const { catchUp, came, reports, settled, wakeUntil, pass } = account(oftener);
    catchUp.online();
    await settled();
    emulator.faults.lasting.clockSkewMs = 40_000;
    say("never delivered");
    emulator.faults.lasting.clockSkewMs = 80_000;
    pass(80_000);
    await wakeUntil(() => logged.includes(FOUND));
    expect(came).toEqual(["never delivered"]);
    expect(reports).toEqual([{ undelivered: 1 }]);
  });

  it("finds one that bears an older time than was read to, as of another server", async () => {
    const { lasting } = emulator.faults;
    lasting.clockSkewMs = -9 * 60_000;
    rid = emulator.control.addRoom({ name: `far${rid}`, type: "p", members: ["ann", "bot"] });
    lasting.clockSkewMs = 0;
    const { catchUp, came, settled, wakeUntil, pass } = account(oftener);
    catchUp.online();
    await settled();
    lasting.clockSkewMs = 40_000;
    const { _id } = say("from far away");
    const message = emulator.world.messages.get(_id);
    if (message) message.ts = new Date(Date.now() - 5 * 60_000);
    lasting.clockSkewMs = 80_000;
    pass(80_000);
    await wakeUntil(() => logged.includes(FOUND));
    expect(came).toEqual(["from far away"]);
  });

  it("finds it, too, when the connection was lost before anybody looked", async () => {
    const { lasting } = emulator.faults;
    const { catchUp, came, settled, pass } = account({ ago: 100_000, catchUp: { safetyScanMinutes: 10 } });
    catchUp.online();
    await settled();
    lasting.clockSkewMs = 20_000;
    say("never delivered");
    lasting.clockSkewMs = 100_000;
    pass(100_000);
    catchUp.offline();
    catchUp.online();
    await settled(2);
    expect(came).toEqual(["never delivered"]);
  });

  describe("finds it, too, when the server's clock was ahead", () => {
    const AHEAD = 600_000;

    it("at the last look, and is right since", async () => {
      const { lasting } = emulator.faults;
      const { catchUp, came, pass, settled, wakeUntil } = account(oftener);
      lasting.clockSkewMs = AHEAD;
      catchUp.online();
      await settled();
      lasting.clockSkewMs = 50_000;
      say("never delivered");
      lasting.clockSkewMs = 100_000;
      pass(100_000);
      pass(80_000);
      await wakeUntil(() => logged.includes(FOUND));
      expect(came).toEqual(["never delivered"]);
    });

    it("when it was sent", async () => {
      const { lasting } = emulator.faults;
      const { catchUp, came, settled, wakeUntil, pass } = account(oftener);
      catchUp.online();
      await settled();
      lasting.clockSkewMs = AHEAD;
      say("never delivered");
      lasting.clockSkewMs = 0;
      say("just now");
      pass(80_000);
      await wakeUntil(() => logged.includes(FOUND));
      expect(came).toEqual(["never delivered"]);
    });

    it("when the gateway ended", async () => {
      const { lasting } = emulator.faults;
      const { catchUp, came, settled } = account({ ago: 100_000, ahead: AHEAD });
      lasting.clockSkewMs = -100_000;
      rid = emulator.control.addRoom({ name: `ended${rid}`, type: "p", members: ["ann", "bot"] });
      lasting.clockSkewMs = -60_000;
      say("never delivered");
      lasting.clockSkewMs = 0;
      catchUp.online();
      await settled();
      expect(came).toEqual(["never delivered"]);
    });
  });

  it("does not take for undelivered what was written before it was invited", async () => {
    const { lasting } = emulator.faults;
    const { catchUp, came, settled, wakeUntil, pass } = account(oftener);
    catchUp.online();
    await settled();
    lasting.clockSkewMs = 10_000;
    rid = emulator.control.addRoom({ name: `scanned${rid}`, type: "p", members: ["ann"] });
    lasting.clockSkewMs = 20_000;
    say("before");
    lasting.clockSkewMs = 40_000;
    emulator.control.invite({ as: "ann", rid, username: "bot" });
    lasting.clockSkewMs = 50_000;
    say("after");
    lasting.clockSkewMs = 100_000;
    pass(80_000);
    await wakeUntil(() => logged.includes(FOUND));
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

  it("hides no message that is sent while it is looked for, and takes none twice", async () => {
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
    for (const id of [late, later, late]) hear(id);
    const asked = requested.filter((id) => id === late || id === later);
    expect(asked.sort()).toEqual([late, later].sort());
  });
});
