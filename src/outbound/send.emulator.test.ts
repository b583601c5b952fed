import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RestFault } from "../../emulator/faults.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { createRestClient, type RestClient } from "../rest/client.ts";
import { findDelivery, PATIENCE_MS, sendDelivery, sendMessage } from "./send.ts";

let emulator: Emulator;
let rest: RestClient;
let roomId: string;
let waited: number[];
const patience = new AbortController().signal;
const wait = async (ms: number) => {
  waited.push(ms);
};

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
  roomId = emulator.control.addRoom({
    name: `room${emulator.world.rooms.size}`,
    type: "p",
    members: ["ann", "bot"],
  });
  waited = [];
});

/** A limit that ends ten milliseconds after it was met, by the server's own clock. */
const LIMITED = {
  date: new Date(0).toUTCString(),
  "x-ratelimit-reset": "10",
};

const texts = ["one", "two", "three"];
const delivery = (id: string) => ({ id, roomId, texts });
const posted = () => emulator.control.messages(roomId).flatMap(({ t, msg }) => (t ? [] : [msg]));
const fault = (what: RestFault) => emulator.faults.rest({ path: "chat.sendMessage", times: 1, ...what });

describe("a message", () => {
  it.each<[string, RestFault]>([
    ["the answer is lost", { effect: true, lost: true }],
    ["a proxy answers in the server's place", { effect: true, status: 502, body: "<html>" }],
    ["a proxy answers that nothing is there", { effect: true, status: 404, body: "<html>" }],
    ["a proxy lets nobody pass for a moment", { status: 403, body: "<html>", times: 2 }],
    ["a page comes in place of the answer", { effect: true, status: 200, body: "<html>" }],
    ["the request is lost", { effect: false, lost: true }],
    ["the server is busy", { status: 503 }],
    ["the rate is limited, twice", { status: 429, times: 2, headers: LIMITED }],
  ])("is posted once although %s", async (_, what) => {
    fault(what);
    await sendMessage({ rest, patience, wait }, { id: roomId, roomId, text: "hello" });
    expect(posted()).toEqual(["hello"]);
  });

  it("is given up when the server stays away for longer than the patience", async () => {
    fault({ times: 100, status: 503 });
    const sending = { rest, patience, wait };
    await expect(sendMessage(sending, { id: "m2", roomId, text: "x" })).rejects.toMatchObject({
      status: 503,
    });
    const total = waited.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeLessThanOrEqual(PATIENCE_MS);
    expect(waited.length).toBeGreaterThan(2);
  });

  it("is not tried again when the server says no", async () => {
    emulator.control.kick({ as: "ann", rid: roomId, username: "bot" });
    const sending = { rest, patience, wait };
    await expect(sendMessage(sending, { id: "m3", roomId, text: "x" })).rejects.toMatchObject({
      serverCode: "error-not-allowed",
    });
    expect(waited).toEqual([]);
  });
});

describe("a delivery of several messages", () => {
  it("goes on at the part that is missing, in order, and nothing comes twice", async () => {
    await sendMessage({ rest }, { id: "before", roomId, text: "before" });
    fault({ effect: true });
    fault({ status: 503 });
    await expect(sendDelivery({ rest }, delivery("q1"))).rejects.toThrow("1 of 3 parts were posted");
    expect(await findDelivery(rest, { id: "q1", roomId })).toBeUndefined();
    const ids = await sendDelivery({ rest }, delivery("q1"));
    expect(posted()).toEqual(["before", ...texts]);
    expect(await findDelivery(rest, { id: "q1", roomId })).toEqual(ids);
    expect(await sendDelivery({ rest }, delivery("q1"))).toEqual(ids);
    expect(posted()).toEqual(["before", ...texts]);
  });
});
