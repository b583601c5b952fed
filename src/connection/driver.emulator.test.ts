// Owns the tests of the driver against the emulated Rocket.Chat and its faults.
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/server.ts";
import { startConnection } from "../../test/support/connection.ts";
import type { StreamEvent } from "../ddp/protocol.ts";
import { UnauthorizedError } from "../errors.ts";
import type { Clock, ConnectionChange } from "./driver.ts";
import { createOpenSocket, MAX_FRAME_BYTES } from "./socket.ts";
import type { State } from "./states.ts";

/** A half-open link is found after more than 40 s, hastened or not. */
vi.setConfig({ testTimeout: 30_000 });

/** Waits pass this many times faster than in life. */
const HASTE = 10;
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
async function startServer({
  streamService = false,
  ...options
}: EmulatorOptions & { streamService?: boolean } = {}) {
  const emulator = await startEmulator(options);
  cleanups.push(() => emulator.close());
  emulator.faults.lasting.streamService = streamService;
  const { control } = emulator;
  const { userId } = control.addUser({ username: "bot", roles: ["user", "bot"] });
  control.addUser({ username: "alice" });
  const rid = control.addRoom({ name: "lab", type: "p", members: ["alice", "bot"] });
  const say = (msg: string) => control.post({ as: "alice", rid, msg });
  return { emulator, control, say, credentials: { userId, token: control.personalAccessToken("bot") } };
}

/** A running connection. `reach` waits until a state was entered so many times, `hear` for so many events. */
function start(
  emulator: Emulator,
  credentials: { userId: string; token: string },
  { verifyCertificates = true } = {},
) {
  const controller = new AbortController();
  const changes: ConnectionChange[] = [];
  const events: StreamEvent[] = [];
  const drops: string[] = [];
  let wake = () => {};
  const connection = startConnection({
    url: `${emulator.url.replace("http", "ws")}/websocket`,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates }),
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
    onDrop: (reason) => void drops.push(reason),
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
  return { connection, changes, events, drops, reach, hear };
}

describe.each([
  ["8.3", { profile: "8.3" }],
  ["7.7", { profile: "7.7" }],
  ["6.5", { profile: "6.5" }],
  ["8.3 in microservices", { profile: "8.3", streamService: true }],
] as const)("against Rocket.Chat %s", (_, server) => {
  const { profile } = server;

  it("comes online and hears the rooms of the bot user", async () => {
    const { emulator, say, credentials } = await startServer(server);
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
    const { emulator, credentials } = await startServer(server);
    const token = "this-token-was-revoked-long-ago";
    const { error } = await start(emulator, { ...credentials, token }).reach("blocked");
    expect(error).toMatchObject({ code: "login-rejected", serverCode: profile === "6.5" ? "403" : "401" });
    expect(`${error?.stack}`).not.toContain(token);
  });

  it("is blocked by a token of another user", async () => {
    const { emulator, control, credentials } = await startServer(server);
    const token = control.personalAccessToken("alice");
    const { error } = await start(emulator, { ...credentials, token }).reach("blocked");
    expect(error).toMatchObject({ code: "config", path: "userId" });
    expect(error?.message).toContain(credentials.userId);
  });

  it("is blocked when the bot user is deactivated", async () => {
    const { emulator, control, credentials } = await startServer(server);
    const { reach } = start(emulator, credentials);
    await reach("online");
    control.deactivate("bot");
    expect((await reach("waiting")).error).toMatchObject({ code: "connection-closed", closeCode: 1000 });
    expect((await reach("blocked")).error?.code).toBe("login-rejected");
  });
});

describe("against a failing server", () => {
  it.each([
    ["was closed with 1000", ({ faults }: Emulator) => faults.closeSockets()],
    ["was cut", ({ faults }: Emulator) => faults.cutSockets()],
    ["went half-open", ({ faults }: Emulator) => faults.silenceSockets()],
    ["broke on an oversized frame", ({ faults }: Emulator) => faults.sendOversizedFrame(MAX_FRAME_BYTES)],
    ["lost its subscription", ({ faults }: Emulator) => faults.endSubscriptions("stream-room-messages")],
    ["ended with a restart", ({ faults }: Emulator) => faults.restart({ gapMs: 200 })],
  ])("comes back online and hears again after the link %s", async (_, harm) => {
    const { emulator, control, say, credentials } = await startServer();
    const { reach, hear } = start(emulator, credentials);
    await reach("online");
    await harm(emulator);
    expect((await reach("waiting")).lifecycle).toBe("recovering");
    await reach("online", 2);
    say("again");
    expect((await hear(1))[0]?.args[0]).toMatchObject({ msg: "again" });
    await expect.poll(() => control.connections(), { timeout: 10_000 }).toHaveLength(1);
  });

  it("drops a garbage frame and goes on", async () => {
    const { emulator, say, credentials } = await startServer();
    const { reach, hear, changes, drops } = start(emulator, credentials);
    await reach("online");
    emulator.faults.sendFrame("<html>");
    say("after");
    await hear(1);
    expect(drops).toEqual(["not-json"]);
    expect(changes.at(-1)?.state).toBe("online");
  });

  it("refuses a certificate that nobody vouches for, unless told otherwise", async () => {
    const { emulator, credentials } = await startServer({ tls: true });
    const { error } = await start(emulator, credentials).reach("waiting");
    expect(error?.code).toBe("network");
    expect(error?.message).toContain("certificate is not trusted");
    await start(emulator, credentials, { verifyCertificates: false }).reach("online");
  });

  it("takes a refused upgrade for a loss", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.lasting.upgrade = 503;
    const { reach } = start(emulator, credentials);
    expect((await reach("waiting")).error).toMatchObject({ code: "network", status: 503 });
    emulator.faults.clear();
    await reach("online");
  });

  it("gives an upgrade up that is never answered", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.lasting.upgrade = "stall";
    const { reach } = start(emulator, credentials);
    expect((await reach("waiting")).error?.code).toBe("timeout");
    emulator.faults.clear();
    await reach("online");
  });

  it("waits as told when there were too many logins", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.lasting.login = "too-many-requests";
    const { reach } = start(emulator, credentials);
    expect(await reach("waiting")).toMatchObject({ retryInMs: 5_000, error: { code: "login-rejected" } });
    emulator.faults.clear();
    await reach("online");
  });

  it("is blocked by a refused stream", async () => {
    const { emulator, credentials } = await startServer();
    emulator.faults.lasting.refusedStreams = ["stream-room-messages"];
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
    await expect.poll(() => control.connections(), { timeout: 10_000 }).toEqual([]);
    say("not heard");
    expect(events).toHaveLength(1);
  });
});

describe("a stream besides", () => {
  it("delivers its events, and a refused one leaves the link as it is", async () => {
    const { emulator, control, say, credentials } = await startServer();
    const { connection, reach, hear, events } = start(emulator, credentials);
    await reach("online");
    const { _id, rid } = say("soon gone");
    await hear(1);
    await connection.listen({ stream: "stream-notify-room", eventName: `${rid}/deleteMessage` });
    const secret = control.addRoom({ name: "secret", type: "p", members: ["alice"] });
    const refused = connection.listen({ stream: "stream-notify-room", eventName: `${secret}/deleteMessage` });
    await expect(refused).rejects.toMatchObject({ code: "method" });
    control.delete({ as: "alice", messageId: _id });
    await hear(2);
    expect(events[1]).toMatchObject({ eventName: `${rid}/deleteMessage`, args: [{ _id }] });
  });
});
