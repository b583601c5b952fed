import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RestFault } from "../../emulator/faults.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { messageIds } from "../../test/support/message-ids.ts";
import { createRestClient, type RestClient } from "../rest/client.ts";
import { postMessage } from "../rest/messages.ts";
import { deriveMessageId, type MessageIds } from "./message-id.ts";
import { PATIENCE_MS } from "./patience.ts";
import { findDelivery, sendDelivery, sendMessage } from "./send.ts";

let emulator: Emulator;
let rest: RestClient;
/** Mallory's own; he is in every room. */
let foreign: RestClient;
let ids: MessageIds;
let roomId: string;
let waited: number[];
const patience = new AbortController().signal;
const wait = async (ms: number) => {
  waited.push(ms);
};

const connect = (username: string, userId: string): RestClient =>
  createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: emulator.control.personalAccessToken(username),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });

beforeAll(async () => {
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  emulator.control.addUser({ username: "mallory" });
  ids = messageIds(userId);
  rest = connect("bot", userId);
  foreign = connect("mallory", emulator.world.userNamed("mallory")?._id ?? "");
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.faults.clear();
  roomId = emulator.control.addRoom({
    name: `room${emulator.world.rooms.size}`,
    type: "p",
    members: ["ann", "mallory", "bot"],
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
    await sendMessage({ rest, ids, patience, wait }, { id: roomId, roomId, text: "hello" });
    expect(posted()).toEqual(["hello"]);
  });

  it("is given up when the server stays away for longer than the patience", async () => {
    fault({ times: 100, status: 503 });
    const sending = { rest, ids, patience, wait };
    await expect(sendMessage(sending, { id: "m2", roomId, text: "x" })).rejects.toMatchObject({
      status: 503,
    });
    const total = waited.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeLessThanOrEqual(PATIENCE_MS);
    expect(waited.length).toBeGreaterThan(2);
  });

  it("is not tried again when the server says no", async () => {
    emulator.control.kick({ as: "ann", rid: roomId, username: "bot" });
    const sending = { rest, ids, patience, wait };
    await expect(sendMessage(sending, { id: "m3", roomId, text: "x" })).rejects.toMatchObject({
      serverCode: "error-not-allowed",
    });
    expect(waited).toEqual([]);
  });
});

describe("a delivery of several messages", () => {
  it("goes on at the part that is missing, in order, and nothing comes twice", async () => {
    await sendMessage({ rest, ids }, { id: "before", roomId, text: "before" });
    fault({ effect: true });
    fault({ status: 503 });
    await expect(sendDelivery({ rest, ids }, delivery("q1"))).rejects.toThrow("1 of 3 parts were posted");
    expect(await findDelivery({ rest, ids }, { id: "q1", roomId })).toBeUndefined();
    const found = await sendDelivery({ rest, ids }, delivery("q1"));
    expect(posted()).toEqual(["before", ...texts]);
    expect(await findDelivery({ rest, ids }, { id: "q1", roomId })).toEqual(found);
    expect(await sendDelivery({ rest, ids }, delivery("q1"))).toEqual(found);
    expect(posted()).toEqual(["before", ...texts]);
  });

  it("waits for a server that cannot be asked what stands already", async () => {
    emulator.faults.rest({ path: "chat.getMessage", times: 2, status: 503 });
    await sendDelivery({ rest, ids, patience, wait }, delivery("a name that is not random"));
    expect(posted()).toEqual(texts);
    expect(waited).toHaveLength(2);
  });

  it("of a name that is not random goes on with what was posted before ids had a secret", async () => {
    const before = deriveMessageId("q2", 0, "more");
    await sendMessage({ rest, ids }, { id: before, roomId, text: "one" });
    expect((await sendDelivery({ rest, ids }, delivery("q2")))[0]).toBe(before);
    expect(posted()).toEqual(texts);
  });
});

describe("a thread whose root has become a message of another room", () => {
  const addElsewhere = () => {
    const name = `elsewhere${emulator.world.rooms.size}`;
    const elsewhere = emulator.control.addRoom({ name, type: "c", members: ["mallory", "bot"] });
    const { _id: threadId } = emulator.control.post({ as: "mallory", rid: elsewhere, msg: "a root" });
    return { elsewhere, threadId };
  };

  it.each<[string, RestFault | undefined]>([
    ["is heard", undefined],
    ["is lost", { effect: true, lost: true }],
    ["is a proxy's", { effect: true, status: 502, body: "<html>" }],
  ])("leaves nothing standing there, and says so, when the answer %s", async (answer, what) => {
    const { elsewhere, threadId } = addElsewhere();
    if (what !== undefined) fault(what);
    const message = { id: ids.derive("misplaced", answer), roomId, threadId, text: "a secret" };
    await expect(sendMessage({ rest, ids, patience, wait }, message)).rejects.toThrow(
      /its id belongs to another room/,
    );
    const texts = emulator.control.messages(elsewhere).map(({ msg }) => msg);
    expect(texts.join()).not.toContain("a secret");
    expect(posted()).toEqual([]);
  });

  it("is not thought of where none is answered in: what stands elsewhere stays there", async () => {
    const { elsewhere } = addElsewhere();
    const message = { id: ids.derive("elsewhere"), text: "sent before" };
    await sendMessage({ rest, ids }, { ...message, roomId: elsewhere });
    await expect(sendMessage({ rest, ids }, { ...message, roomId })).rejects.toThrow();
    expect(emulator.control.messages(elsewhere).at(-1)).toMatchObject({ msg: "sent before" });
  });

  it("says at once where a message could not be taken back", async () => {
    const { threadId } = addElsewhere();
    emulator.faults.rest({ path: "chat.delete", status: 502, times: 1 });
    const again = { id: ids.derive("misplaced again"), roomId, threadId, text: "a secret" };
    await expect(sendMessage({ rest, ids, patience, wait }, again)).rejects.toThrow(/could not be deleted/);
    expect(waited).toEqual([]);
  });
});

describe("an id that somebody else has taken", () => {
  const taken: string[] = [];
  const sending = () => ({ rest, ids, onTaken: ({ id }: { id: string }) => void taken.push(id) });

  it("is left to him, and the message is posted once under another", async () => {
    const id = ids.derive("answer");
    await postMessage(foreign, { id, roomId, text: "I was here first" });
    const own = await sendMessage(sending(), { id, roomId, text: "the answer" });
    expect(own).toBe(ids.derive("taken", id));
    expect(await sendMessage(sending(), { id, roomId, text: "the answer" })).toBe(own);
    expect(posted()).toEqual(["I was here first", "the answer"]);
    expect(taken).toEqual([id, id]);
  });

  it("does not make a delivery count as posted", async () => {
    const [id] = ids.deriveParts("q3", { index: 0, last: true });
    await postMessage(foreign, { id, roomId, text: "not the answer" });
    expect(await findDelivery(sending(), { id: "q3", roomId })).toBeUndefined();
    const posts = await sendDelivery(sending(), { id: "q3", roomId, texts: ["the answer"] });
    expect(await findDelivery(sending(), { id: "q3", roomId })).toEqual(posts);
    expect(posted()).toEqual(["not the answer", "the answer"]);
  });
});
