import { afterEach, beforeEach, it } from "vitest";
import { WebSocket } from "ws";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { openListener } from "../../test/support/listener.ts";
import { type ConnectionHandlers, createConnection, systemClock } from "../connection/driver.ts";
import { createOpenSocket } from "../connection/socket.ts";
import { abortAfter } from "../openclaw/account/farewell.ts";
import { createRestClient } from "../rest/client.ts";
import { createTyping, readTypingName, type Typing } from "./typing.ts";

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

/** A connected bot user that types, and the room it shares with alice. */
async function setUp() {
  const { control } = emulator;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username: "labbot", name: "Lab Bot", roles: ["user", "bot"] });
  const pat = control.personalAccessToken("labbot");
  const room = control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat,
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  const stop = new AbortController();
  const connection = createConnection({
    url: `${emulator.url.replace("http", "ws")}/websocket`,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates: true }),
    credentials: { userId, token: pat },
    streams: [{ stream: "stream-room-messages", eventName: "__my_messages__" }],
    clock: systemClock,
    random: Math.random,
    blockedRetryMs: 60_000,
  });
  const typing: Typing = createTyping({
    call: (method, params) => connection.call(method, params),
    readName: () => readTypingName(rest),
    now: systemClock.now,
  });
  const online = Promise.withResolvers<void>();
  const handlers: ConnectionHandlers = {
    onEvent: async () => {},
    onState: ({ state }) => state === "online" && online.resolve(),
    onDrop: () => {},
  };
  const done = connection.run(
    handlers,
    abortAfter(() => typing.hideAll(), stop.signal),
  );
  await online.promise;
  const alice = await openListener(emulator, { username: "alice", rooms: [room] });
  return { typing, room, alice, stop, done };
}

it.each([false, true])("is seen by people, when the workspace shows real names: %s", async (realNames) => {
  emulator.control.setSetting("UI_Use_Real_Name", realNames);
  const { typing, room, alice, stop, done } = await setUp();
  const sign = typing.open({ roomId: room, threadId: "m0" });
  await sign.show();
  await alice.until(room, ["user-typing"], "m0");
  await sign.end();
  await alice.until(room, [], "m0");
  stop.abort();
  await done;
  await alice.close();
});

it("ends before the connection does", async () => {
  const { typing, room, alice, stop, done } = await setUp();
  await typing.open({ roomId: room, threadId: undefined }).show();
  await alice.until(room, ["user-typing"]);
  stop.abort();
  await alice.until(room, []);
  await done;
  await alice.close();
});
