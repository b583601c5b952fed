// Owns the tests of the driver against the emulated Rocket.Chat and its faults.
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/server.ts";
import type { StreamEvent } from "../ddp/protocol.ts";
import { UnauthorizedError } from "../errors.ts";
import { type Clock, type ConnectionChange, startConnection } from "./driver.ts";
import { createOpenSocket } from "./socket.ts";
import type { State } from "./states.ts";

/** Waits pass this many times faster than in life. */
const HASTE = 20;
const hastyClock: Clock = {
  now: () => performance.now() * HASTE,
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, ms / HASTE);
    return () => clearTimeout(timer);
  },
};

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** An emulator in which `bot` and `alice` share the group `lab`. */
async function startServer(options: EmulatorOptions = {}) {
  const emulator = await startEmulator(options);
  cleanups.push(() => emulator.close());
  const { control } = emulator;
  const { userId } = control.addUser({ username: "bot", roles: ["user", "bot"] });
  control.addUser({ username: "alice" });
  const rid = control.addRoom({ name: "lab", type: "p", members: ["alice", "bot"] });
  const say = (msg: string) => control.post({ as: "alice", rid, msg });
  return { emulator, control, say, credentials: { userId, token: control.personalAccessToken("bot") } };
}

/** A running connection. `reach` waits until a state was entered so many times, `hear` for so many events. */
function start(emulator: Emulator, credentials: { userId: string; token: string }) {
  const controller = new AbortController();
  const changes: ConnectionChange[] = [];
  const events: StreamEvent[] = [];
  let wake = () => {};
  const connection = startConnection({
    url: `${emulator.url.replace("http", "ws")}/websocket`,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates: true }),
    credentials,
    streams: [{ stream: "stream-room-messages", eventName: "__my_messages__" }],
    onEvent: async (event) => {
      events.push(event);
      wake();
    },
    onState: (change) => {
      changes.push(change);
      wake();
    },
    onDrop: () => {},
    clock: hastyClock,
    random: () => 0,
    signal: controller.signal,
  });
  cleanups.push(() => {
    controller.abort();
    return connection.done;
  });
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (let found = look(); ; found = look()) {
      if (found !== undefined) {
        return found;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const reach = (state: State, times = 1) =>
    until(() => changes.filter((change) => change.state === state)[times - 1]);
  const hear = (count: number) => until(() => (events.length >= count ? events : undefined));
  return { connection, controller, changes, events, reach, hear };
}

describe.each(["8.3", "6.5"] as const)("against Rocket.Chat %s", (profile) => {
  it("comes online and hears the rooms of the bot user", async () => {
    const { emulator, say, credentials } = await startServer({ profile });
    const { reach, hear } = start(emulator, credentials);
    expect(await reach("online")).toMatchObject({ lifecycle: "ready" });
    const { _id } = say("hello");
    const [event] = await hear(1);
    expect(event).toMatchObject({
      stream: "stream-room-messages",
      eventName: "__my_messages__",
      args: [
        { _id, msg: "hello", ts: { $date: expect.any(Number) } },
        { roomParticipant: true, roomType: "p" },
      ],
    });
  });

  it("is blocked by a wrong token, which no error shows", async () => {
    const { emulator, credentials } = await startServer({ profile });
    const token = "this-token-was-revoked-long-ago";
    const { error } = await start(emulator, { ...credentials, token }).reach("blocked");
    expect(error).toMatchObject({ code: "login-rejected", serverCode: profile === "8.3" ? "401" : "403" });
    expect(`${error?.stack}`).not.toContain(token);
  });

  it("is blocked by a token of another user", async () => {
    const { emulator, control, credentials } = await startServer({ profile });
    const token = control.personalAccessToken("alice");
    const { error } = await start(emulator, { ...credentials, token }).reach("blocked");
    expect(error).toMatchObject({ code: "config", path: "userId" });
    expect(error?.message).toContain(credentials.userId);
  });

  it("is blocked when the bot user is deactivated", async () => {
    const { emulator, control, credentials } = await startServer({ profile });
    const { reach } = start(emulator, credentials);
    await reach("online");
    control.deactivate("bot");
    expect((await reach("waiting")).error).toMatchObject({ code: "connection-closed", closeCode: 1000 });
    expect((await reach("blocked")).error?.code).toBe("login-rejected");
  });
});

describe("against a failing server", () => {
  it("comes back after a restart and hears again", async () => {
    const { emulator, credentials } = await startServer();
    const { reach, hear, changes } = start(emulator, credentials);
    await reach("online");
    const port = Number(new URL(emulator.url).port);
    await emulator.close();
    await reach("waiting", 2);
    expect(changes.filter(({ state }) => state === "online")).toHaveLength(1);
    const next = await startEmulator({ port });
    cleanups.push(() => next.close());
    adopt(emulator, next);
    await reach("online", 2);
    const [lab] = [...next.world.rooms.values()].filter(({ name }) => name === "lab");
    next.control.post({ as: "alice", rid: lab?._id ?? "", msg: "again" });
    expect((await hear(1))[0]?.args[0]).toMatchObject({ msg: "again" });
  });

  it("takes a refused upgrade for a loss", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.upgrade = 503;
    const { reach } = start(emulator, credentials);
    expect((await reach("waiting")).error).toMatchObject({ code: "network", status: 503 });
    emulator.faults.clear();
    await reach("online");
  });

  it("gives an upgrade up that is never answered", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.upgrade = "stall";
    const { reach } = start(emulator, credentials);
    expect((await reach("waiting")).error?.code).toBe("timeout");
    emulator.faults.clear();
    await reach("online");
  });

  it("waits as told when there were too many logins", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.login = "too-many-requests";
    const { reach } = start(emulator, credentials);
    expect(await reach("waiting")).toMatchObject({ retryInMs: 5_000, error: { code: "login-rejected" } });
    emulator.faults.clear();
    await reach("online");
  });

  it("is blocked by a refused stream", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.refusedStreams.add("stream-room-messages");
    expect((await start(emulator, credentials).reach("blocked")).error?.code).toBe("method");
  });

  it("keeps hearing when the token is revoked, until REST tells", async () => {
    const { emulator, control, say, credentials } = await startServer();
    const { connection, reach, hear, events } = start(emulator, credentials);
    await reach("online");
    control.revokeToken(credentials.token);
    say("still heard");
    await hear(1);
    connection.reject(new UnauthorizedError("me"));
    await reach("blocked");
    await expect.poll(() => control.connections()).toEqual([]);
    say("not heard");
    expect(events).toHaveLength(1);
  });
});

/** Gives a restarted server what the database of the first one kept. */
function adopt(from: Emulator, to: Emulator): void {
  for (const part of ["users", "rooms", "subscriptions"] as const) {
    const source: Map<string, unknown> = from.world[part];
    const target: Map<string, unknown> = to.world[part];
    for (const [key, value] of source) {
      target.set(key, value);
    }
  }
}
