import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { type AccountClient, createRestClient } from "../../rest/client.ts";
import type { Patience } from "../patience.ts";
import { Preview, type PreviewOptions, withdrawPreview } from "./preview.ts";

let emulator: Emulator;
let rest: AccountClient;
let roomId: string;
let notes: string[];
let errors: unknown[];
let ids = 0;

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
  const name = `room${emulator.world.rooms.size}`;
  roomId = emulator.control.addRoom({ name, type: "p", members: ["ann", "bot"] });
  notes = [];
  errors = [];
});

/** A preview for which time goes by only as it is edited: every edit is due at once. */
function open(patience: Patience = {}): Preview {
  let now = 0;
  return openBy({
    patience,
    now: () => {
      now += 2_000;
      return now;
    },
  });
}

function openBy(options: Pick<PreviewOptions, "patience" | "now" | "pause">): Preview {
  ids += 1;
  return new Preview({
    rest,
    place: { roomId, threadId: undefined },
    id: `preview${ids}`,
    notes: {
      note: () => void notes.push("noted"),
      forget: () => void notes.push("forgotten"),
      abandon: () => void notes.push("abandoned"),
    },
    onError: (error) => void errors.push(error),
    ...options,
  });
}

const texts = () => emulator.control.messages(roomId).flatMap(({ t, msg }) => (t ? [] : [msg]));
const calls = () => emulator.control.requests().filter(({ path }) => path.endsWith("chat.update")).length;
const show = async (preview: Preview, text: string | undefined) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  preview.update(async () => {
    resolve();
    return text;
  });
  await promise;
};
const stands = (text: string) => vi.waitFor(() => expect(texts()).toEqual([text]), 10_000);

it("is noted, posted and edited, and is not edited without a change", async () => {
  const preview = open();
  await show(preview, undefined);
  await show(preview, "");
  expect(texts()).toEqual([]);
  await show(preview, "one");
  await stands("one");
  const before = calls();
  await show(preview, "one");
  await show(preview, "one two");
  await stands("one two");
  expect(calls() - before).toBe(1);
  expect(await preview.settle()).toBe(true);
  preview.update(async () => "too late");
  expect([texts(), notes, errors]).toEqual([["one two"], ["noted"], []]);
});

it("shows the latest of several texts, one edit at a time", async () => {
  const preview = open();
  const writes = Array.from({ length: 50 }, (_, index) => async () => `text ${index}`);
  for (const write of writes) preview.update(write);
  await stands("text 49");
  expect(
    emulator.control.requests().filter(({ path }) => path.endsWith("chat.sendMessage")).length,
  ).toBeLessThan(5);
});

it("grows on when a timer goes off a little too early, as Node's do", async () => {
  let now = 0.4;
  const pause = async (ms: number) => {
    now += Math.max(Math.trunc(ms), 0.3);
  };
  const preview = openBy({ now: () => now, pause });
  for (const text of ["one", "one two", "one two three"]) {
    await show(preview, text);
    await stands(text);
    now += 0.7;
  }
  expect(errors).toEqual([]);
});

it("calls nobody by his name", async () => {
  const preview = open();
  await show(preview, "@ann, look");
  expect(await preview.settle()).toBe(false);
  expect(texts()).toEqual([]);
});

it("is withdrawn: deleted and forgotten", async () => {
  const preview = open();
  await show(preview, "one");
  await stands("one");
  await preview.withdraw();
  expect([texts(), notes]).toEqual([[], ["noted", "forgotten", "abandoned"]]);
});

it("is withdrawn although the server is away for a while", async () => {
  const preview = open({ patience: new AbortController().signal, wait: async () => {} });
  await show(preview, "one");
  await stands("one");
  emulator.faults.rest({ path: "chat.delete", times: 3, status: 503 });
  await preview.withdraw();
  await vi.waitFor(() => expect([texts(), notes]).toEqual([[], ["noted", "forgotten", "abandoned"]]), 10_000);
});

it("holds nobody up while its withdrawal waits for the server's limit", async () => {
  const limit = Promise.withResolvers<void>();
  const preview = open({ patience: new AbortController().signal, wait: () => limit.promise });
  await show(preview, "one");
  await stands("one");
  emulator.faults.rest({ path: "chat.delete", times: 1, status: 503 });
  await preview.withdraw();
  expect([texts(), notes]).toEqual([["one"], ["noted"]]);
  limit.resolve();
  await vi.waitFor(() => expect(texts()).toEqual([]), 10_000);
});

it("is over with an edit that is lost, and is not offered as an answer", async () => {
  const preview = open();
  await show(preview, "one");
  await stands("one");
  emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: false });
  await show(preview, "one two");
  await vi.waitFor(() => expect(errors).toHaveLength(1), 10_000);
  expect(await preview.settle()).toBe(false);
  await preview.withdraw();
  expect(texts()).toEqual([]);
});

it("is deleted when it stands although its answer was lost, and looked for again when it does not", async () => {
  emulator.faults.rest({ path: "chat.sendMessage", times: 1, lost: true, effect: true });
  const posted = open();
  await show(posted, "one");
  await posted.withdraw();
  expect([texts(), notes]).toEqual([[], ["noted", "forgotten", "abandoned"]]);
  emulator.faults.rest({ path: "chat.sendMessage", times: 1, lost: true, effect: false });
  const lost = open();
  await show(lost, "one");
  await lost.withdraw();
  expect(notes.slice(3)).toEqual(["noted", "abandoned"]);
});

it("is refused once, and forgotten", async () => {
  const body = { success: false, error: "no", errorType: "room-is-readonly" };
  emulator.faults.rest({ path: "chat.sendMessage", status: 400, body });
  const preview = open();
  await show(preview, "one");
  await vi.waitFor(() => expect(errors).toHaveLength(1), 10_000);
  preview.update(async () => "two");
  expect(await preview.settle()).toBe(false);
  expect(notes).toEqual(["noted", "forgotten"]);
});

it("becomes a line where it may not be deleted", async () => {
  const preview = open();
  await show(preview, "one");
  await stands("one");
  const body = { success: false, error: "Not allowed", errorType: "error-action-not-allowed" };
  emulator.faults.rest({ path: "chat.delete", status: 400, body });
  expect(await withdrawPreview(rest, { id: preview.id, roomId })).toBe(true);
  expect(texts()).toEqual(["_The draft that stood here was withdrawn._"]);
  emulator.faults.clear();
  expect(await withdrawPreview(rest, { id: "nothing", roomId })).toBe(false);
});
