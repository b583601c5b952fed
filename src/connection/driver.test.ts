// Owns the tests of the driver with a far end, a clock and a chance that the test plays.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type StartOptions, startConnection } from "../../test/support/connection.ts";
import { createFakeClock, settle } from "../../test/support/fake-clock.ts";
import { createFakeSockets } from "../../test/support/fake-socket.ts";
import {
  DEAD_AFTER_MS,
  LOGIN_TIMEOUT_MS,
  OPENING_TIMEOUT_MS,
  PING_AFTER_MS,
  SUBSCRIPTION_TIMEOUT_MS,
} from "../ddp/protocol.ts";
import { ConnectionClosedError, NetworkError, StorageError, UnauthorizedError } from "../errors.ts";
import {
  BLOCKED_RETRY_MS,
  type ConnectionChange,
  MAX_WAITING_CHARACTERS,
  MAX_WAITING_EVENTS,
  STEADY_MS,
} from "./driver.ts";

const TOKEN = "secret-token-of-the-bot";
const USER_ID = "botUserId";
const MY_MESSAGES = { stream: "stream-room-messages", eventName: "__my_messages__" };
const closedByServer = new ConnectionClosedError("closed", { closeCode: 1000 });

const abort: (() => void)[] = [];
afterEach(() => {
  for (const stop of abort.splice(0)) {
    stop();
  }
});

/** A started connection, everything it reported, and the parts of the world it was given. */
function start(options: Partial<StartOptions> = {}) {
  const clock = createFakeClock();
  const sockets = createFakeSockets();
  const controller = new AbortController();
  const changes: ConnectionChange[] = [];
  const stored: unknown[] = [];
  const drops: string[] = [];
  abort.push(() => controller.abort());
  const connection = startConnection({
    url: "wss://chat.example.test/websocket",
    openSocket: sockets.openSocket,
    credentials: { userId: USER_ID, token: TOKEN },
    streams: [MY_MESSAGES],
    onEvent: async (event) => void stored.push(event.args[0]),
    onState: (change) => void changes.push(change),
    onDrop: (reason) => void drops.push(reason),
    clock,
    random: () => 0,
    signal: controller.signal,
    ...options,
  });
  const states = () => changes.map(({ state }) => state);
  return {
    clock,
    sockets,
    controller,
    changes,
    stored,
    drops,
    connection,
    states,
    last: () => changes.at(-1),
  };
}

type Started = ReturnType<typeof start>;

/** Plays the server up to the answer of the login. */
async function logIn({ sockets }: Started, result: object = { result: { id: USER_ID, token: TOKEN } }) {
  await sockets.latest.open();
  await sockets.latest.say({ msg: "connected", session: "s" });
  await sockets.latest.say({ msg: "result", id: "1", ...result });
}

async function goOnline(started: Started) {
  await logIn(started);
  await started.sockets.latest.say({ msg: "ready", subs: ["2"] });
}

async function startOnline(options: Partial<StartOptions> = {}) {
  const started = start(options);
  await goOnline(started);
  expect(started.last()?.state).toBe("online");
  return started;
}

const event = (content: unknown, eventName = MY_MESSAGES.eventName) => ({
  msg: "changed",
  collection: MY_MESSAGES.stream,
  id: "id",
  fields: { eventName, args: [content] },
});

/** Evenly spread numbers in [0, 1) that follow from a seed. */
function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Holds a caller of `promise` until `resolve`. */
const createGate = () => Promise.withResolvers<void>();

describe("coming online", () => {
  it("connects, logs in, subscribes, and only then is online", async () => {
    const started = start();
    const { sockets, states } = started;
    expect(sockets.latest.url).toBe("wss://chat.example.test/websocket");
    await sockets.latest.open();
    await sockets.latest.say({ server_id: "0" }, { msg: "connected", session: "s" });
    expect(states()).toEqual(["connecting", "negotiating", "authenticating"]);
    await sockets.latest.say({ msg: "result", id: "1", result: { id: USER_ID, token: TOKEN } });
    expect(states().at(-1)).toBe("subscribing");
    await sockets.latest.say({ msg: "ready", subs: ["2"] });
    expect(started.last()).toEqual({ state: "online", lifecycle: "ready", attempt: 0 });
    expect(sockets.latest.sent).toEqual([
      { msg: "connect", version: "1", support: ["1"] },
      { msg: "method", id: "1", method: "login", params: [{ resume: TOKEN }] },
      {
        msg: "sub",
        id: "2",
        name: MY_MESSAGES.stream,
        params: [MY_MESSAGES.eventName, { useCollection: false, args: [] }],
      },
    ]);
  });

  it("waits for every stream", async () => {
    const started = start({
      streams: [MY_MESSAGES, { stream: "stream-notify-user", eventName: "x/message" }],
    });
    await logIn(started);
    await started.sockets.latest.say({ msg: "ready", subs: ["3"] });
    expect(started.last()?.state).toBe("subscribing");
    await started.sockets.latest.say({ msg: "ready", subs: ["2"] });
    expect(started.last()?.state).toBe("online");
  });

  it("is online after the login when no stream is wanted", async () => {
    const started = start({ streams: [] });
    await logIn(started);
    expect(started.last()?.state).toBe("online");
  });

  it("does nothing at all when it is aborted before the start", async () => {
    const started = start({ signal: AbortSignal.abort() });
    await started.connection.done;
    expect(started.changes).toEqual([]);
    expect(started.sockets.opened).toEqual([]);
    expect(started.clock.timers).toBe(0);
  });
});

describe("a refused login", () => {
  it.each([[400], [401], [403], ["error-user-is-not-activated"]])(
    "with %s blocks, and tries again slowly",
    async (code) => {
      const started = start();
      await logIn(started, { error: { error: code, reason: "no" } });
      expect(started.last()).toMatchObject({
        state: "blocked",
        lifecycle: "blocked",
        attempt: 1,
        retryInMs: BLOCKED_RETRY_MS,
        error: { code: "login-rejected", serverCode: String(code) },
      });
      expect(started.sockets.latest.terminated).toBe(true);
      await started.clock.advance(BLOCKED_RETRY_MS - 1);
      expect(started.sockets.opened).toHaveLength(1);
      await started.clock.advance(1);
      expect(started.sockets.opened).toHaveLength(2);
      await goOnline(started);
      expect(started.last()?.state).toBe("online");
    },
  );

  it("for too many requests waits as long as the server says", async () => {
    const started = start();
    await logIn(started, { error: { error: "too-many-requests", details: { timeToReset: 6967 } } });
    expect(started.last()).toMatchObject({ state: "waiting", retryInMs: 6967 });
    await started.clock.advance(6966);
    expect(started.sockets.opened).toHaveLength(1);
    await started.clock.advance(1);
    expect(started.sockets.opened).toHaveLength(2);
  });

  it("for too many requests waits a second even when the server asks for none", async () => {
    const started = start();
    await logIn(started, { error: { error: "too-many-requests", details: { timeToReset: 0 } } });
    expect(started.last()).toMatchObject({ state: "waiting", retryInMs: 1_000 });
  });

  it("for another user than the configured one blocks and names both", async () => {
    const started = start();
    await logIn(started, { result: { id: "someoneElse", token: TOKEN } });
    const error = started.last()?.error;
    expect(started.last()?.state).toBe("blocked");
    expect(error?.code).toBe("config");
    expect(error?.message).toContain("someoneElse");
    expect(error?.message).toContain(USER_ID);
    expect(started.sockets.latest.sent.filter(({ msg }) => msg === "sub")).toEqual([]);
  });

  it("never shows the token", async () => {
    const started = start();
    await logIn(started, { error: { error: 403, reason: `token ${TOKEN} unknown` } });
    expect(JSON.stringify(started.changes)).not.toContain(TOKEN);
    expect(String(started.last()?.error?.stack)).not.toContain(TOKEN);
  });
});

describe("a refused subscription", () => {
  it("blocks when the server does not allow it", async () => {
    const started = start();
    await logIn(started);
    await started.sockets.latest.say({ msg: "nosub", id: "2", error: { error: "not-allowed" } });
    expect(started.last()).toMatchObject({ state: "blocked", error: { serverCode: "not-allowed" } });
  });

  it("waits when there were too many", async () => {
    const started = start();
    await logIn(started);
    const error = { error: "too-many-requests", details: { timeToReset: 37_179 } };
    await started.sockets.latest.say({ msg: "nosub", id: "2", error });
    expect(started.last()).toMatchObject({ state: "waiting", retryInMs: 37_179 });
  });

  it("is a loss when it comes unasked, because the next login decides", async () => {
    const started = await startOnline();
    await started.sockets.latest.say({ msg: "nosub", id: "2", error: { error: "not-allowed" } });
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "connection-closed" } });
  });
});

describe("a lost link", () => {
  it("is followed by another attempt, after a close with 1000 too", async () => {
    const started = await startOnline();
    await started.sockets.latest.close(closedByServer);
    expect(started.last()).toEqual({
      state: "waiting",
      lifecycle: "recovering",
      attempt: 0,
      error: closedByServer,
      retryInMs: 1_000,
    });
    await started.clock.advance(1_000);
    expect(started.last()).toMatchObject({ state: "connecting", lifecycle: "recovering", attempt: 1 });
    await goOnline(started);
    expect(started.last()).toMatchObject({ state: "online", attempt: 0 });
  });

  it("makes the waits longer until it is online again", async () => {
    const started = start({ random: () => 0.999999 });
    const waits: (number | undefined)[] = [];
    for (let attempt = 1; attempt <= 7; attempt += 1) {
      expect(started.last()).toMatchObject({ state: "connecting", lifecycle: "starting", attempt });
      await started.sockets.latest.close(new NetworkError("refused"));
      waits.push(started.last()?.retryInMs);
      await started.clock.advance(started.last()?.retryInMs ?? 0);
    }
    expect(waits).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    await goOnline(started);
    await started.sockets.latest.close(closedByServer);
    expect(started.last()?.retryInMs).toBe(2_000);
  });

  it("makes the waits longer for a server that accepts, confirms and hangs up", async () => {
    const started = start({ random: () => 0.999999 });
    const waits: (number | undefined)[] = [];
    async function hangUpAfter(ms: number): Promise<void> {
      await goOnline(started);
      await started.clock.advance(ms);
      await started.sockets.latest.close(closedByServer);
      waits.push(started.last()?.retryInMs);
      await started.clock.advance(started.last()?.retryInMs ?? 0);
    }
    for (let link = 0; link < 7; link += 1) await hangUpAfter(0);
    expect(waits.splice(0)).toEqual([2_000, 2_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    await started.sockets.latest.close(new NetworkError("refused"));
    expect(started.last()?.retryInMs).toBe(60_000);
    await started.clock.advance(60_000);
    // Held for half a minute, as by PING_AFTER_MS and an answer.
    await goOnline(started);
    await started.clock.advance(PING_AFTER_MS);
    await started.sockets.latest.say({ msg: "pong" });
    await started.clock.advance(STEADY_MS - PING_AFTER_MS);
    await started.sockets.latest.close(closedByServer);
    expect(started.last()?.retryInMs).toBe(2_000);
  });

  it("is met with a bounded number of attempts an hour, whatever a server does after the confirmation", async () => {
    const HOUR_MS = 60 * 60_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 8 }),
        fc.integer(),
        async (stays, seed) => {
          const started = start({ random: chanceOf(seed) });
          const until = started.clock.now() + HOUR_MS;
          for (let link = 0; started.clock.now() < until; link += 1) {
            await goOnline(started);
            await started.clock.advance(stays[link % stays.length] ?? 0);
            await started.sockets.latest.close(closedByServer);
            await started.clock.advance(started.last()?.retryInMs ?? 0);
          }
          // Half a minute each on average, and the quick ones at first.
          expect(started.sockets.opened.length).toBeLessThan(200);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("opens one socket per attempt and nothing in between", async () => {
    const started = start();
    await started.sockets.latest.close(new NetworkError("refused"));
    await started.sockets.latest.close(new NetworkError("told twice"));
    await started.clock.advance(999);
    expect(started.sockets.opened).toHaveLength(1);
    expect(started.states()).toEqual(["connecting", "waiting"]);
    expect(started.clock.timers).toBe(1);
  });

  it("is told apart from the next one: late frames of the old socket are discarded", async () => {
    const started = await startOnline();
    const old = started.sockets.latest;
    await old.close(closedByServer);
    await started.clock.advance(1_000);
    await goOnline(started);
    const before = started.changes.length;
    await old.say(event("late"), { msg: "nosub", id: "2" });
    await old.close(closedByServer);
    await old.open();
    expect(started.stored).toEqual([]);
    expect(started.changes).toHaveLength(before);
  });

  it("is found by its silence: one ping, then the end", async () => {
    const started = await startOnline();
    await started.clock.advance(PING_AFTER_MS);
    expect(started.sockets.latest.sent.at(-1)).toMatchObject({ msg: "ping" });
    await started.clock.advance(DEAD_AFTER_MS - PING_AFTER_MS);
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "timeout" } });
    expect(started.sockets.latest.terminated).toBe(true);
  });

  it("does not happen to a quiet link whose pings are answered", async () => {
    const started = await startOnline();
    for (let round = 0; round < 5; round += 1) {
      await started.clock.advance(PING_AFTER_MS);
      await started.sockets.latest.say({ msg: "pong", id: started.sockets.latest.sent.at(-1)?.id });
    }
    expect(started.last()?.state).toBe("online");
    expect(started.clock.timers).toBe(1);
  });

  it("is what a socket that never opens becomes", async () => {
    const started = start();
    await started.clock.advance(OPENING_TIMEOUT_MS);
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "timeout" } });
    expect(started.sockets.latest.terminated).toBe(true);
  });

  it("is what a login without an answer becomes", async () => {
    const started = start();
    await started.sockets.latest.open();
    await started.sockets.latest.say({ msg: "connected", session: "s" });
    await started.clock.advance(LOGIN_TIMEOUT_MS);
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "timeout" } });
  });

  it("is reported once when two subscriptions stay without an answer", async () => {
    const started = start({
      streams: [MY_MESSAGES, { stream: "stream-notify-user", eventName: "x/message" }],
    });
    await logIn(started);
    await started.clock.advance(SUBSCRIPTION_TIMEOUT_MS);
    expect(started.states().filter((state) => state === "waiting")).toHaveLength(1);
  });

  it("is what a refusal becomes that comes before the socket is open", async () => {
    const started = start();
    await started.sockets.latest.say({ msg: "failed", version: "2" });
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "protocol" } });
  });

  it("is not followed by an attempt before its time when a timer fires early", async () => {
    const clock = createFakeClock();
    const hasty = {
      ...clock,
      setTimer: (ms: number, fire: () => void) => clock.setTimer(ms > 1 ? ms - 1 : ms, fire),
    };
    const { sockets } = start({ clock: hasty });
    await sockets.latest.close(new NetworkError("refused"));
    await clock.advance(999);
    expect(sockets.opened).toHaveLength(1);
    await clock.advance(1);
    expect(sockets.opened).toHaveLength(2);
  });

  it("is what a throwing openSocket or send becomes", async () => {
    const failing = start({
      openSocket: () => {
        throw new TypeError("Invalid URL");
      },
    });
    expect(failing.last()).toMatchObject({ state: "waiting", error: { code: "network" } });
    const mute = start({
      openSocket: (_, { onOpen }) => {
        onOpen();
        return {
          send: () => {
            throw new Error("closing");
          },
          terminate: () => {},
        };
      },
    });
    await settle();
    expect(mute.last()).toMatchObject({ state: "waiting", error: { code: "network" } });
  });

  it("is what a version the server does not speak is not: that blocks", async () => {
    const started = start();
    await started.sockets.latest.open();
    await started.sockets.latest.say({ msg: "failed", version: "2" });
    expect(started.last()).toMatchObject({ state: "blocked", error: { code: "protocol" } });
  });
});

describe("events", () => {
  it("are handed over one by one in their order", async () => {
    const first = createGate();
    const begun: unknown[] = [];
    const started = await startOnline({
      onEvent: (item) => {
        begun.push(item.args[0]);
        return begun.length === 1 ? first.promise : Promise.resolve();
      },
    });
    await started.sockets.latest.say(event("a"), event("b"), event("c"));
    expect(begun).toEqual(["a"]);
    first.resolve();
    await settle();
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("do not hold up the heartbeat and the answers while one is being stored", async () => {
    const started = await startOnline({ onEvent: () => new Promise(() => {}) });
    const answer = started.connection.call("m", []);
    await started.sockets.latest.say(
      event("a"),
      { msg: "ping", id: "p" },
      { msg: "result", id: "3", result: 7 },
    );
    expect(started.sockets.latest.sent.at(-1)).toEqual({ msg: "pong", id: "p" });
    expect(await answer).toBe(7);
  });

  it("keep the socket when they are stored", async () => {
    const started = await startOnline();
    await started.sockets.latest.say(event("a"));
    expect(started.stored).toEqual(["a"]);
    expect(started.last()?.state).toBe("online");
  });

  it("that cannot be stored end the link, and nothing received after them is stored", async () => {
    const cause = new Error("disk full");
    const seen: unknown[] = [];
    const started = await startOnline({
      onEvent: async (item) => {
        seen.push(item.args[0]);
        if (item.args[0] === "bad") {
          throw cause;
        }
      },
    });
    const old = started.sockets.latest;
    await old.say(event("good"), event("bad"), event("after"));
    await old.say(event("late"));
    expect(seen).toEqual(["good", "bad"]);
    expect(old.terminated).toBe(true);
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "connection-closed", cause } });
    await started.clock.advance(1_000);
    await goOnline(started);
    await started.sockets.latest.say(event("next"));
    expect(seen).toEqual(["good", "bad", "next"]);
  });

  it("that can never be stored block the account, and a lock that passes does not", async () => {
    for (const [passing, state] of [
      [false, "blocked"],
      [true, "waiting"],
    ] as const) {
      const started = await startOnline({
        onEvent: () => Promise.reject(new StorageError("the disk is full", { passing })),
      });
      await started.sockets.latest.say(event("a"));
      expect(started.last()).toMatchObject({ state });
      expect(started.sockets.latest.terminated).toBe(true);
    }
  });

  it("received before a loss are dropped together when the first cannot be stored", async () => {
    const gate = createGate();
    const seen: unknown[] = [];
    const started = await startOnline({
      onEvent: (item) => {
        seen.push(item.args[0]);
        return gate.promise;
      },
    });
    await started.sockets.latest.say(event("a"), event("b"));
    await started.sockets.latest.close(closedByServer);
    gate.reject(new Error("disk full"));
    await settle();
    expect(seen).toEqual(["a"]);
    expect(started.last()).toMatchObject({ state: "waiting", error: closedByServer });
  });

  it("received before a loss are still stored", async () => {
    const gate = createGate();
    const seen: unknown[] = [];
    const started = await startOnline({
      onEvent: async (item) => {
        await gate.promise;
        seen.push(item.args[0]);
      },
    });
    await started.sockets.latest.say(event("a"), event("b"));
    await started.sockets.latest.close(closedByServer);
    gate.resolve();
    await settle();
    expect(seen).toEqual(["a", "b"]);
  });

  it("that come before the last stream is confirmed are stored as well", async () => {
    const started = start();
    await logIn(started);
    await started.sockets.latest.say(event("early"), { msg: "ready", subs: ["2"] });
    expect(started.stored).toEqual(["early"]);
    expect(started.last()?.state).toBe("online");
  });

  it("pile up only to a limit, which ends the link", async () => {
    const started = await startOnline({ onEvent: () => new Promise(() => {}) });
    await started.sockets.latest.say(
      ...Array.from({ length: MAX_WAITING_EVENTS + 1 }, (_, index) => event(index)),
    );
    expect(started.last()?.state).toBe("online");
    await started.sockets.latest.say(event("one too many"));
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "connection-closed" } });
  });

  it("pile up only to a size of all together, which ends the link", async () => {
    const gate = createGate();
    const stored: number[] = [];
    const started = await startOnline({
      onEvent: async ({ args: [text] }) => {
        await gate.promise;
        stored.push(String(text).length);
      },
    });
    const large = "x".repeat(MAX_WAITING_CHARACTERS / 4);
    // The first is on its way and waits no more; three wait, and a fourth does not fit.
    await started.sockets.latest.say(event(large), event(large), event(large), event(large));
    expect(started.last()?.state).toBe("online");
    await started.sockets.latest.say(event(large));
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "connection-closed" } });
    gate.resolve();
    await settle();
    expect(stored).toEqual([large.length, large.length, large.length, large.length]);
  });

  it("that could not be stored after they were taken end the link", async () => {
    const started = await startOnline();
    started.connection.giveUp(new Error("disk full"));
    await settle();
    expect(started.last()).toMatchObject({ state: "waiting", error: { code: "connection-closed" } });
    expect(started.sockets.latest.terminated).toBe(true);
  });

  it("of streams nobody asked for, and useless frames, are counted and harm nothing", async () => {
    const started = await startOnline();
    await started.sockets.latest.say(
      event("x", "someRoomId"),
      "not json",
      "null",
      { msg: "wat" },
      { msg: "changed", collection: "stream-room-messages" },
      { msg: "error", reason: "Bad request" },
    );
    expect(started.drops).toEqual([
      "unwanted-stream",
      "not-json",
      "not-an-object",
      "unknown-msg",
      "malformed-frame",
      "server-error",
    ]);
    expect(started.stored).toEqual([]);
    expect(started.last()?.state).toBe("online");
  });
});

describe("calls", () => {
  it("resolve with the result", async () => {
    const { connection, sockets } = await startOnline();
    const answer = connection.call("stream-notify-room", ["rid/user-activity", "bot", ["user-typing"]]);
    await settle();
    expect(sockets.latest.sent.at(-1)).toEqual({
      msg: "method",
      id: "3",
      method: "stream-notify-room",
      params: ["rid/user-activity", "bot", ["user-typing"]],
    });
    await sockets.latest.say({ msg: "result", id: "3" });
    expect(await answer).toBeUndefined();
  });

  it("reject with the refusal", async () => {
    const { connection, sockets } = await startOnline();
    const answer = expect(connection.call("m", [])).rejects.toMatchObject({
      code: "method",
      serverCode: "404",
    });
    await settle();
    await sockets.latest.say({ msg: "result", id: "3", error: { error: 404 } });
    await answer;
  });

  it("reject when no answer comes, and the link stays", async () => {
    const started = await startOnline();
    const answer = expect(started.connection.call("m", [])).rejects.toMatchObject({ code: "timeout" });
    await settle();
    await started.clock.advance(10_000);
    await answer;
    expect(started.last()?.state).toBe("online");
  });

  it("reject when the link closes before the answer", async () => {
    const { connection, sockets } = await startOnline();
    const answer = expect(connection.call("m", [])).rejects.toMatchObject({
      code: "connection-closed",
      cause: closedByServer,
    });
    await settle();
    await sockets.latest.close(closedByServer);
    await answer;
  });

  it("reject at once when not online, and after the stop", async () => {
    const { connection, controller } = start();
    await expect(connection.call("m", [])).rejects.toMatchObject({ code: "not-online", state: "connecting" });
    const request = { stream: "stream-notify-room", eventName: "r1/deleteMessage" };
    const asked = [connection.call("m", [1]), connection.call("m", [2]), connection.listen(request)];
    const codes = asked.map((answer) => answer.catch((error: unknown) => error));
    controller.abort();
    expect(await Promise.all(codes)).toMatchObject(asked.map(() => ({ code: "not-online" })));
    await connection.done;
    const late = { code: "not-online", state: "stopped" };
    await expect(connection.call("m", [])).rejects.toMatchObject(late);
    await expect(connection.listen(request)).rejects.toMatchObject(late);
  });

  it("reject when their parameters are no JSON, and the link stays", async () => {
    const started = await startOnline();
    await expect(started.connection.call("m", [1n])).rejects.toBeInstanceOf(TypeError);
    expect(started.last()?.state).toBe("online");
  });
});

describe("a frame that is looked at before it is parsed", () => {
  /** Knows what to do about two texts, and says nothing about others. */
  const glance = (text: string) => {
    if (text.includes("nobody")) return "done";
    return text.includes("whole") ? { ...MY_MESSAGES, args: ["a part"] } : undefined;
  };

  it("is done with, is an event already, or is parsed", async () => {
    const started = await startOnline({ glance });
    const { sockets, stored, drops } = started;
    await sockets.latest.say(event("nobody"), event("whole"), event("other"), { msg: "nobody" });
    expect(stored).toEqual(["a part", "other"]);
    expect(drops).toEqual([]);
  });

  it("shows that the server is alive", async () => {
    const { clock, sockets, last } = await startOnline({ glance });
    for (let time = 0; time < 2 * DEAD_AFTER_MS; time += PING_AFTER_MS / 2) {
      await clock.advance(PING_AFTER_MS / 2);
      await sockets.latest.say(event("nobody"));
    }
    expect(last()?.state).toBe("online");
    expect(sockets.latest.sent.filter(({ msg }) => msg === "ping")).toEqual([]);
  });

  it("is parsed until the connection is online", async () => {
    const asked: string[] = [];
    const started = start({
      glance(text) {
        asked.push(text);
        return undefined;
      },
    });
    await goOnline(started);
    expect(asked).toEqual([]);
    await started.sockets.latest.say(event("other"));
    expect(asked).toHaveLength(1);
  });
});

describe("dead credentials seen by REST", () => {
  it("close the socket at once, drop what waits, and block", async () => {
    const gate = createGate();
    const seen: unknown[] = [];
    const started = await startOnline({
      onEvent: (item) => {
        seen.push(item.args[0]);
        return gate.promise;
      },
    });
    await started.sockets.latest.say(event("a"), event("b"));
    const error = new UnauthorizedError("me");
    started.connection.reject(error);
    await settle();
    expect(started.sockets.latest.terminated).toBe(true);
    expect(started.last()).toMatchObject({ state: "blocked", error, retryInMs: BLOCKED_RETRY_MS });
    gate.resolve();
    await settle();
    expect(seen).toEqual(["a"]);
  });

  it("come before frames that are already there", async () => {
    const started = await startOnline();
    const said = started.sockets.latest.say(event("a"), event("b"), event("c"));
    started.connection.reject(new UnauthorizedError("me"));
    await said;
    expect(started.stored).not.toContain("c");
    expect(started.last()?.state).toBe("blocked");
  });

  it("change nothing while no socket talks: the next login decides", async () => {
    const started = start();
    started.connection.reject(new UnauthorizedError("me"));
    await started.sockets.latest.close(new NetworkError("refused"));
    started.connection.reject(new UnauthorizedError("me"));
    await settle();
    expect(started.states()).toEqual(["connecting", "waiting"]);
  });
});

describe("stopping", () => {
  it.each([
    ["connecting", async () => {}],
    ["subscribing", (started: Started) => logIn(started)],
    ["online", (started: Started) => goOnline(started)],
    ["waiting", (started: Started) => started.sockets.latest.close(closedByServer)],
    ["blocked", (started: Started) => logIn(started, { error: { error: 403 } })],
  ])("while %s ends everything", async (state, prepare) => {
    const started = start();
    await prepare(started);
    expect(started.last()?.state).toBe(state);
    started.controller.abort();
    await started.connection.done;
    expect(started.last()).toMatchObject({ state: "stopped", lifecycle: "stopped" });
    expect(started.sockets.latest.terminated || state === "waiting").toBe(true);
    expect(started.clock.timers).toBe(0);
    const before = started.changes.length;
    await started.sockets.latest.say(event("late"));
    await started.clock.advance(BLOCKED_RETRY_MS);
    expect(started.changes).toHaveLength(before);
    expect(started.stored).toEqual([]);
  });

  it("is done only when what was received is stored", async () => {
    const gate = createGate();
    const seen: unknown[] = [];
    const started = await startOnline({
      onEvent: async (item) => {
        await gate.promise;
        seen.push(item.args[0]);
      },
    });
    await started.sockets.latest.say(event("a"), event("b"));
    started.controller.abort();
    const done = started.connection.done.then(() => seen.push("done"));
    await settle();
    gate.resolve();
    await done;
    expect(seen).toEqual(["a", "b", "done"]);
  });

  it("happens with an error, and without a socket left, when a callback of the caller throws", async () => {
    const started = start({
      onState: ({ state }) => {
        if (state === "negotiating") {
          throw new Error("defect of the caller");
        }
      },
    });
    const done = expect(started.connection.done).rejects.toThrow("defect of the caller");
    await started.sockets.latest.open();
    await done;
    expect(started.sockets.latest.terminated).toBe(true);
    expect(started.clock.timers).toBe(0);
  });
});
