// The edits of a preview at the paces at which models write, by a clock that goes on only when nothing is under way.

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { type AccountClient, createRestClient } from "../../rest/client.ts";
import { Preview } from "./preview.ts";
import { settledPart } from "./settled.ts";

let emulator: Emulator;
const secrets = new Map<string, { readonly userId: string; readonly pat: string }>();

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  control.addUser({ username: "ann" });
  for (const [username, roles] of [
    ["bot", ["user", "bot"]],
    ["second", ["user", "bot"]],
    ["plain", ["user"]],
  ] as const) {
    const { userId } = control.addUser({ username, roles: [...roles] });
    secrets.set(username, { userId, pat: control.personalAccessToken(username) });
  }
});
afterAll(() => emulator.close());

/** Goes on from one thing to the next, when nothing is under way any more. Milliseconds. */
class Time {
  now = 0;
  readonly #due: { readonly at: number; readonly resolve: () => void }[] = [];
  readonly underWay = new Set<Promise<unknown>>();

  readonly pause = (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    this.#due.push({ at: this.now + ms, resolve });
    return promise;
  };

  async goOnTo(end: number): Promise<void> {
    for (;;) {
      await this.rest();
      const [next] = this.#due.toSorted((a, b) => a.at - b.at);
      if (next === undefined || next.at > end) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = next.at;
      next.resolve();
    }
    this.now = end;
  }

  async rest(): Promise<void> {
    do {
      await Promise.all(this.underWay);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.underWay.size > 0);
  }
}

interface Sent {
  readonly at: number;
  readonly text: string;
}

/** A preview of a user in a room, and what it has sent so far; fails when two calls are under way at a time. */
function open(time: Time, username: string, roomId: string) {
  const { userId, pat } = secrets.get(username) ?? { userId: "", pat: "" };
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat,
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
  const sent: Sent[] = [];
  let running = 0;
  const post: AccountClient["post"] = async (path, body, options) => {
    running += 1;
    expect(running).toBe(1);
    sent.push({ at: time.now, text: JSON.stringify(body) });
    const call = rest.post(path, body, options).finally(() => {
      running -= 1;
      time.underWay.delete(call);
    });
    time.underWay.add(call);
    return call;
  };
  const preview = new Preview({
    rest: { ...rest, post },
    place: { roomId, threadId: undefined },
    id: `preview-of-${username}-in-${roomId}`,
    notes: { note: () => {}, forget: () => {}, abandon: () => {} },
    onError: (error) => expect(error).toBeUndefined(),
    now: () => time.now,
    pause: time.pause,
  });
  return { preview, sent };
}

const addRoom = (): string =>
  emulator.control.addRoom({
    name: `room${emulator.world.rooms.size}`,
    type: "p",
    members: ["ann", "bot", "second", "plain"],
  });
const standing = (roomId: string) =>
  emulator.control.messages(roomId).flatMap(({ t, u, msg }) => (t ? [] : [`${u.username}: ${msg}`]));

/** Writes words at a pace, into several previews in turn, and lets the last edit come. */
async function write(time: Time, previews: readonly Preview[], pace: { perSecond: number; seconds: number }) {
  let text = "";
  for (let index = 0; index < pace.perSecond * pace.seconds; index += 1) {
    await time.goOnTo((index * 1_000) / pace.perSecond);
    text += `word${index} `;
    const shown = settledPart(text);
    for (const preview of previews) preview.update(async () => shown);
  }
  await time.goOnTo(time.now + 60_000);
  return text.trim();
}

const gaps = (sent: readonly Sent[]): number[] =>
  sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));

it.each([5, 50, 500])(
  "at %i pieces a second edits are a second apart, and the last one shows all",
  async (perSecond) => {
    const [time, roomId] = [new Time(), addRoom()];
    const { preview, sent } = open(time, "bot", roomId);
    const text = await write(time, [preview], { perSecond, seconds: 10 });
    expect(standing(roomId)).toEqual([`bot: ${text}`]);
    expect([sent[0]?.at, Math.min(...gaps(sent)) >= 1_000, sent.length]).toEqual([0, true, 11]);
    expect(new Set(sent.map(({ text }) => text)).size).toBe(sent.length);
  },
);

it("where calls are limited, edits are ten seconds apart, and an answer of a minute needs seven calls", async () => {
  const [time, roomId] = [new Time(), addRoom()];
  const { preview, sent } = open(time, "plain", roomId);
  const text = await write(time, [preview], { perSecond: 5, seconds: 40 });
  expect(standing(roomId)).toEqual([`plain: ${text}`]);
  // The limit is known from the first edit on.
  expect(gaps(sent.slice(1)).filter((ms) => ms < 10_000)).toEqual([]);
  expect(sent.length).toBeLessThanOrEqual(7);
});

it("two agents write in one room at a time, each at its own pace", async () => {
  const [time, roomId] = [new Time(), addRoom()];
  const both = [open(time, "bot", roomId), open(time, "second", roomId)];
  const previews = both.map(({ preview }) => preview);
  const text = await write(time, previews, { perSecond: 50, seconds: 5 });
  expect(standing(roomId).toSorted()).toEqual([`bot: ${text}`, `second: ${text}`]);
  for (const { sent } of both) expect(Math.min(...gaps(sent))).toBeGreaterThanOrEqual(1_000);
});
