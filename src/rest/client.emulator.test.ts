// Owns the tests of sending under the rate limits of the emulated Rocket.Chat.

import { afterEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { messageIds } from "../../test/support/message-ids.ts";
import { sendMessage } from "../outbound/send.ts";
import { createRestClient } from "./client.ts";
import type { RestClock } from "./exchange.ts";

vi.setConfig({ testTimeout: 20_000 });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two rooms and a bot user whose waits are told and last until the test lets them end. */
async function start({ roles = ["user", "bot"] } = {}) {
  const emulator = await startEmulator();
  cleanups.push(() => emulator.close());
  const { control } = emulator;
  const { userId } = control.addUser({ username: "bot", roles });
  const [slow, quick] = ["slow", "quick"].map((name) =>
    control.addRoom({ name, type: "p", members: ["bot"] }),
  );
  const waits: number[] = [];
  const waiting: (() => void)[] = [];
  const clock: RestClock = {
    now: () => emulator.faults.lasting.clockSkewMs,
    sleep: (ms) =>
      new Promise((resolve) => {
        waits.push(ms);
        waiting.push(() => {
          emulator.faults.lasting.clockSkewMs += ms;
          resolve();
        });
      }),
  };
  const rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("bot"),
    fetch: async (url, { follow: _, ...init }) => ({
      response: await fetch(url, init),
      release: async () => {},
    }),
    onUnauthorized: () => {},
    clock,
  });
  const send = (roomId: string, id: string) =>
    sendMessage({ rest, ids: messageIds(userId) }, { id, roomId, text: id });
  return { emulator, send, slow: slow ?? "", quick: quick ?? "", waits, endWait: () => waiting.shift()?.() };
}

const messages = (emulator: Emulator, rid: string) =>
  emulator.control.messages(rid).flatMap(({ t, _id }) => (t === undefined ? [_id] : []));

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Ends wait after wait until the promise is settled. */
async function seeThrough(promise: Promise<unknown>, endWait: () => void): Promise<void> {
  let over = false;
  void promise.finally(() => {
    over = true;
  });
  while (!over) {
    endWait();
    await settle();
  }
  await promise;
}

describe("a reply that is limited", () => {
  it.each([
    ["once", { times: 1 }, 1],
    ["twice", { times: 2 }, 2],
  ])("%s arrives, once, and the other room's meanwhile", async (_, fault, waits) => {
    const bot = await start();
    bot.emulator.faults.rest({ path: "chat.sendMessage", mentioning: bot.slow, status: 429, ...fault });
    const limited = bot.send(bot.slow, "limited");
    await bot.send(bot.quick, "prompt");
    expect(messages(bot.emulator, bot.quick)).toEqual(["prompt"]);
    expect(messages(bot.emulator, bot.slow)).toEqual([]);
    await seeThrough(limited, bot.endWait);
    expect(messages(bot.emulator, bot.slow)).toEqual(["limited"]);
    expect(bot.waits).toHaveLength(waits);
  });

  it("for a minute arrives, once, after the minute", async () => {
    const bot = await start();
    bot.emulator.faults.rest({ path: "chat.sendMessage", mentioning: bot.slow, status: 429 });
    const limited = bot.send(bot.slow, "limited");
    for (const id of ["a", "b", "c"]) await bot.send(bot.quick, id);
    expect(messages(bot.emulator, bot.quick)).toEqual(["a", "b", "c"]);
    while (bot.waits.reduce((sum, ms) => sum + ms, 0) < 60_000) {
      bot.endWait();
      await settle();
    }
    bot.emulator.faults.clear();
    await seeThrough(limited, bot.endWait);
    expect(messages(bot.emulator, bot.slow)).toEqual(["limited"]);
  });
});

describe("a bot user without the role bot", () => {
  it("sends more than the limit takes, each message once, and asks for no refusal", async () => {
    const bot = await start({ roles: ["user"] });
    const ids = Array.from({ length: 25 }, (_, index) => `m${index}`);
    const sent = Promise.all(ids.slice(0, 10).map((id) => bot.send(bot.slow, id)));
    await sent;
    const rest = (async () => {
      for (const id of ids.slice(10)) await bot.send(bot.slow, id);
    })();
    await seeThrough(rest, bot.endWait);
    expect(messages(bot.emulator, bot.slow).toSorted()).toEqual(ids.toSorted());
    const refused = bot.emulator.control.requests().filter(({ status }) => status === 429);
    expect(refused).toEqual([]);
    expect(bot.waits.length).toBeGreaterThanOrEqual(2);
  });
});
