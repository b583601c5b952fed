// The emulator from outside: over real HTTP and real sockets.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Emulator, startEmulator } from "./server.ts";

type Json = Record<string, unknown>;

let emulator: Emulator;
let sockets: WebSocket[];

beforeEach(async () => {
  emulator = await startEmulator();
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await emulator.close();
});

/** A DDP client of the test's own: keeps all frames, waits for one that fits. */
async function connect(token?: string) {
  const socket = new WebSocket(`${emulator.url.replace("http", "ws")}/websocket`);
  sockets.push(socket);
  const frames: Json[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    frames.push(JSON.parse(String(data)));
    for (const wake of waiting) wake();
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const until = (fits: (frame: Json) => boolean) =>
    new Promise<Json>((resolve) => {
      const look = () => {
        const frame = frames.find(fits);
        if (!frame) return;
        waiting.delete(look);
        resolve(frame);
      };
      waiting.add(look);
      look();
    });
  const send = (frame: Json) => socket.send(JSON.stringify(frame));
  send({ msg: "connect", version: "1", support: ["1"] });
  await until((frame) => frame.msg === "connected");
  if (token !== undefined) {
    send({ msg: "method", method: "login", id: "login", params: [{ resume: token }] });
    await until((frame) => frame.msg === "result" && frame.id === "login");
    send({ msg: "sub", id: "my", name: "stream-room-messages", params: ["__my_messages__", false] });
    await until((frame) => frame.msg === "ready");
  }
  return { socket, frames, send, until };
}

function rest(method: string, path: string, { as, body }: { as?: [string, string]; body?: Json } = {}) {
  return fetch(`${emulator.url}/api/v1/${path}`, {
    method,
    headers: {
      ...(as ? { "x-user-id": as[0], "x-auth-token": as[1] } : {}),
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

describe("the emulator", () => {
  it("delivers a person's message to a bot that logged in with a personal access token", async () => {
    const bot = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
    emulator.control.addUser({ username: "alice" });
    const rid = emulator.control.addRoom({ name: "lobby", type: "p", members: ["alice", "bot"] });
    const { until } = await connect(emulator.control.personalAccessToken("bot"));
    emulator.control.post({ as: "alice", rid, msg: "hello @bot" });
    const frame = await until((one) => one.collection === "stream-room-messages");
    expect(frame).toMatchObject({
      msg: "changed",
      id: "id",
      fields: {
        eventName: "__my_messages__",
        args: [
          { rid, msg: "hello @bot", u: { username: "alice" }, mentions: [{ _id: bot.userId, type: "user" }] },
          { roomParticipant: true, roomType: "p", roomName: "lobby" },
        ],
      },
    });
  });

  it("sends a reply by REST to its thread, parent first, and echoes it to its sender", async () => {
    const bot = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
    emulator.control.addUser({ username: "alice" });
    const rid = emulator.control.direct(["alice", "bot"]);
    const parent = emulator.control.post({ as: "alice", rid, msg: "question" });
    const token = emulator.control.personalAccessToken("bot");
    const { frames, until } = await connect(token);
    const message = { rid, msg: "answer", tmid: parent._id };
    const answer = await rest("POST", "chat.sendMessage", { as: [bot.userId, token], body: { message } });
    expect(await answer.json()).toMatchObject({ success: true, message: { tmid: parent._id } });
    await until((frame) => JSON.stringify(frame).includes('"msg":"answer"'));
    const delivered = frames.filter((frame) => frame.collection === "stream-room-messages");
    expect(delivered).toHaveLength(2);
    expect(delivered[0]).toMatchObject({ fields: { args: [{ _id: parent._id, tcount: 1 }, {}] } });
  });

  it("limits a plain user to ten calls of an endpoint and lets the role bot pass", async () => {
    const statuses = async (username: string, roles: string[]) => {
      const { userId } = emulator.control.addUser({ username, roles });
      const as: [string, string] = [userId, emulator.control.personalAccessToken(username)];
      const answers = [];
      for (let i = 0; i < 11; i += 1) answers.push(await rest("GET", "rooms.get", { as }));
      return answers.map(({ status }) => status);
    };
    expect((await statuses("bot", ["user", "bot"])).at(-1)).toBe(200);
    expect((await statuses("alice", ["user"])).slice(-2)).toEqual([200, 429]);
  });

  it("refuses a call without a login with 401", async () => {
    const answer = await rest("GET", "me");
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ success: false, status: "error" });
  });

  it("tells requests, connections and messages it has seen", async () => {
    const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
    const token = emulator.control.personalAccessToken("bot");
    await connect(token);
    expect(emulator.control.connections()).toEqual([
      { userId, subs: ["stream-room-messages __my_messages__"] },
    ]);
    const seen = emulator.control.waitForMessage((message) => message.msg === "noted");
    const body = { channel: "#general", text: "noted" };
    await rest("POST", "chat.postMessage", { as: [userId, token], body });
    expect(await seen).toMatchObject({ rid: "GENERAL" });
    expect(emulator.control.requests()).toEqual([
      { method: "POST", path: "/api/v1/chat.postMessage", userId, status: 200 },
    ]);
    expect(emulator.control.messages("GENERAL").map(({ t, msg }) => t ?? msg)).toEqual(["uj", "noted"]);
  });

  it("rejects a wait for a message that never comes", async () => {
    await expect(emulator.control.waitForMessage(() => false, { timeoutMs: 1 })).rejects.toThrow(
      /within 1 ms/,
    );
  });
});
