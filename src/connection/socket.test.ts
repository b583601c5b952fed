// Owns the tests of the driver over real sockets.
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type StartOptions, startConnection } from "../../test/support/connection.ts";
import type { RocketChatError } from "../errors.ts";
import { type ConnectionChange, systemClock } from "./driver.ts";
import { createOpenSocket, MAX_FRAME_BYTES } from "./socket.ts";
import type { State } from "./states.ts";

const USER_ID = "botUserId";
const MY_MESSAGES = { stream: "stream-room-messages", eventName: "__my_messages__" };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** An HTTP server on a free port that answers with `listener`; resolves with its host and port. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { server, host: `127.0.0.1:${port}` };
}

/** A WebSocket server that answers the handshake of DDP; `peers` are its ends of the sockets, oldest first. */
async function serveDdp() {
  const { server, host } = await serve((_, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server, path: "/websocket" });
  const peers: WebSocket[] = [];
  sockets.on("connection", (peer) => {
    peers.push(peer);
    const say = (frame: unknown) => peer.send(JSON.stringify(frame));
    peer.on("message", (data) => {
      const { msg, id, method } = JSON.parse(String(data));
      if (msg === "connect") {
        say({ msg: "connected", session: "s" });
      } else if (msg === "sub") {
        say({ msg: "ready", subs: [id] });
      } else if (method === "login") {
        say({ msg: "result", id, result: { id: USER_ID, tokenExpires: { $date: null } } });
      } else if (msg === "method") {
        say({ msg: "result", id, error: { error: 404, reason: "Method not found" } });
      }
    });
  });
  return { url: `ws://${host}/websocket`, peers };
}

/** A running connection; `reach` waits for a state and `stored` for the events. */
function start(url: string, options: Partial<StartOptions> = {}) {
  const controller = new AbortController();
  const changes: ConnectionChange[] = [];
  const stored: unknown[] = [];
  let wake = () => {};
  const connection = startConnection({
    url,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates: true }),
    credentials: { userId: USER_ID, token: "secret" },
    streams: [MY_MESSAGES],
    onEvent: async (event) => {
      stored.push(event.args[0]);
      wake();
    },
    onState: (change) => {
      changes.push(change);
      wake();
    },
    onDrop: () => {},
    clock: systemClock,
    random: () => 0,
    signal: controller.signal,
    ...options,
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
  const lose = async (): Promise<RocketChatError | undefined> => (await reach("waiting")).error;
  return { connection, controller, changes, stored, reach, lose, until };
}

const event = (content: unknown) =>
  JSON.stringify({
    msg: "changed",
    collection: MY_MESSAGES.stream,
    id: "id",
    fields: { eventName: MY_MESSAGES.eventName, args: [content] },
  });

describe("over a real socket", () => {
  it("comes online, delivers events, and calls methods", async () => {
    const { url, peers } = await serveDdp();
    const { connection, reach, stored, until } = start(url);
    await reach("online");
    peers[0]?.send(event("hello"));
    await until(() => stored[0]);
    expect(stored).toEqual(["hello"]);
    await expect(connection.call("nope", [])).rejects.toMatchObject({ code: "method", serverCode: "404" });
  });

  it.each([
    ["closes with 1000", (peer: WebSocket) => peer.close(1000), "connection-closed"],
    ["drops the socket", (peer: WebSocket) => peer.terminate(), "connection-closed"],
    [
      "sends a frame beyond the limit",
      (peer: WebSocket) => peer.send("x".repeat(MAX_FRAME_BYTES + 1)),
      "connection-closed",
    ],
  ])("comes back online when the server %s", async (_, harm, code) => {
    const { url, peers } = await serveDdp();
    const { reach, lose, stored, until } = start(url);
    await reach("online");
    for (const peer of peers) {
      harm(peer);
    }
    expect((await lose())?.code).toBe(code);
    await reach("online", 2);
    peers[1]?.send(event("after"));
    await until(() => stored[0]);
    expect(peers).toHaveLength(2);
  });

  it("says of a frame beyond the limit what it was and what to do", async () => {
    const { url, peers } = await serveDdp();
    const { reach, lose } = start(url);
    await reach("online");
    peers[0]?.send("x".repeat(MAX_FRAME_BYTES + 1));
    expect((await lose())?.message).toMatch(/more than 16777216 bytes.*catching up.*find out who/);
  });

  it("lets other work of the process have its turn while much comes in", async () => {
    const { url, peers } = await serveDdp();
    const frames = 2_000;
    const frame = "x".repeat(2_000);
    const ended = Promise.withResolvers<number>();
    let taken = 0;
    let inTurn = 0;
    let mostInTurn = 0;
    const link = createOpenSocket({ WebSocket, verifyCertificates: true })(url, {
      onOpen() {
        for (let index = 0; index < frames; index += 1) peers[0]?.send(frame);
      },
      onText({ length }) {
        if (inTurn === 0) setImmediate(() => (inTurn = 0));
        inTurn += length;
        mostInTurn = Math.max(mostInTurn, inTurn);
        taken += 1;
        if (taken === frames) ended.resolve(mostInTurn);
      },
      onClosed: ended.reject,
    });
    expect(await ended.promise).toBeLessThan(300_000);
    link.terminate();
  });

  it("leaves no socket open after the stop", async () => {
    const { url, peers } = await serveDdp();
    const { connection, controller, reach } = start(url);
    await reach("online");
    const closed = new Promise((resolve) => peers[0]?.on("close", resolve));
    controller.abort();
    await connection.done;
    await closed;
  });

  it("stops while the upgrade is still pending, and leaves no socket behind", async () => {
    const asked = Promise.withResolvers<void>();
    const dropped = Promise.withResolvers<void>();
    const { server, host } = await serve(() => {});
    server.on("upgrade", (_, socket) => {
      socket.on("close", dropped.resolve).on("end", () => socket.destroy());
      socket.resume();
      asked.resolve();
    });
    const { connection, controller, changes } = start(`ws://${host}/websocket`);
    await asked.promise;
    controller.abort();
    await connection.done;
    await dropped.promise;
    expect(changes.map(({ state }) => state)).toEqual(["connecting", "stopped"]);
  });
});

describe("a server that is no Rocket.Chat", () => {
  it.each([
    [404, "sub-path"],
    [302, "redirects are not followed"],
    [200, "passes WebSocket upgrades"],
    [403, "passes WebSocket upgrades"],
    [502, "is running behind its proxy"],
  ])("and answers %i is a loss that says what to check", async (status, advice) => {
    const { host } = await serve((_, response) => response.writeHead(status).end("<html>"));
    const error = await start(`ws://${host}/websocket`).lose();
    expect(error).toMatchObject({ code: "network", status });
    expect(error?.message).toContain(host);
    expect(error?.message).toContain(advice);
  });

  it("and does not listen is a loss that says so", async () => {
    const { server, host } = await serve(() => {});
    await new Promise((resolve) => server.close(resolve));
    const error = await start(`ws://${host}/websocket`).lose();
    expect(error?.message).toContain("Nothing listens there");
  });

  it("and speaks no TLS is a loss that says so", async () => {
    const { host } = await serve(() => {});
    const error = await start(`wss://${host}/websocket`).lose();
    expect(error).toMatchObject({ code: "network" });
    expect(error?.message).toContain("names the HTTPS port");
  });

  it("because the address is none is a loss, and no crash", async () => {
    const error = await start("nonsense").lose();
    expect(error).toMatchObject({ code: "network" });
  });
});
