import { expect, it } from "vitest";
import { inOrder, type Order, runsLater, type SessionTurns, type TurnProgress } from "./order.ts";

/** Turns of one session that are over when the test says so. */
function session() {
  const turns: SessionTurns = new Map();
  const begun: string[] = [];
  let waited = 0;
  return {
    turns,
    begun,
    waited: () => waited,
    begin(name: string, order: Partial<Order> = {}) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let progress: TurnProgress | undefined;
      const over = inOrder(
        turns,
        {
          sessionKey: "room",
          mayJoin: () => false,
          sentAt: 0,
          endsOthers: false,
          onWaiting: () => {
            waited += 1;
          },
          ...order,
        },
        (told) => {
          begun.push(name);
          progress = told;
          return promise;
        },
      );
      return { over, end: resolve, progress: () => progress };
    },
  };
}

it("begins a turn when the one before is over, and keeps the order", async () => {
  const { begin, begun, waited } = session();
  const [one, two] = [begin("one"), begin("two")];
  await expect.poll(waited).toBeGreaterThan(1);
  expect(begun).toEqual(["one"]);
  one.end();
  await expect.poll(() => begun).toEqual(["one", "two"]);
  const three = begin("three");
  two.end();
  three.end();
  await Promise.all([one.over, two.over, three.over]);
  expect(begun).toEqual(["one", "two", "three"]);
});

it("begins beside a turn whose run it may join, as soon as there is one", async () => {
  const { begin, begun, waited } = session();
  const one = begin("one");
  let running = false;
  const two = begin("two", { mayJoin: () => running });
  await expect.poll(waited).toBeGreaterThan(0);
  expect(begun).toEqual(["one"]);
  running = true;
  await expect.poll(() => begun).toEqual(["one", "two"]);
  one.end();
  two.end();
  await Promise.all([one.over, two.over]);
});

it("begins beside a turn whose agent asks something, and not any more when it goes on", async () => {
  const { begin, begun, waited } = session();
  const one = begin("one");
  one.progress()?.ask(true);
  const two = begin("two");
  await expect.poll(() => begun).toEqual(["one", "two"]);
  one.progress()?.ask(false);
  const three = begin("three");
  await expect.poll(waited).toBeGreaterThan(1);
  expect(begun).toEqual(["one", "two"]);
  for (const { end } of [one, two, three]) end();
  await Promise.all([one.over, two.over, three.over]);
});

it("joins nothing whose last reply is on its way", async () => {
  const { begin, begun, waited } = session();
  const one = begin("one");
  one.progress()?.finish();
  const two = begin("two", { mayJoin: () => true });
  await expect.poll(waited).toBeGreaterThan(1);
  expect(begun).toEqual(["one"]);
  one.end();
  await expect.poll(() => begun).toEqual(["one", "two"]);
  two.end();
  await two.over;
});

it("lets begin at once what ends the others, and other sessions", async () => {
  const { begin, begun } = session();
  const turns = [
    begin("one"),
    begin("stop", { endsOthers: true }),
    begin("elsewhere", { sessionKey: "other" }),
  ];
  expect(begun).toEqual(["one", "stop", "elsewhere"]);
  for (const turn of turns) turn.end();
  await Promise.all(turns.map(({ over }) => over));
});

it("begins nothing beside what ends the others", async () => {
  const { begin, begun, waited } = session();
  const stop = begin("stop", { endsOthers: true });
  const two = begin("two", { mayJoin: () => true });
  await expect.poll(waited).toBeGreaterThan(1);
  expect(begun).toEqual(["stop"]);
  stop.end();
  await expect.poll(() => begun).toEqual(["stop", "two"]);
  two.end();
  await two.over;
});

it("knows of a turn that came after a stop, and was not stopped itself", async () => {
  const { turns, begin } = session();
  const stopped = new AbortController();
  const later = begin("later", { sentAt: 20, signal: stopped.signal });
  expect([10, 20, 30].map((sentAt) => runsLater(turns, "room", sentAt))).toEqual([true, false, false]);
  expect(runsLater(turns, "other", 10)).toBe(false);
  stopped.abort();
  expect(runsLater(turns, "room", 10)).toBe(false);
  later.end();
  await later.over;
});

it("ends the waiting of a turn that is stopped", async () => {
  const { begin, begun, waited } = session();
  const stopped = new AbortController();
  const [one, two] = [begin("one"), begin("two", { signal: stopped.signal })];
  await expect.poll(waited).toBeGreaterThan(0);
  stopped.abort();
  await expect.poll(() => begun).toEqual(["one", "two"]);
  one.end();
  two.end();
  await Promise.all([one.over, two.over]);
});

it("forgets turns that are over, also those that fail", async () => {
  const { turns, begin } = session();
  const order: Order = {
    sessionKey: "room",
    sentAt: 0,
    mayJoin: () => false,
    endsOthers: false,
    onWaiting: () => {},
  };
  await expect(inOrder(turns, order, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  const next = begin("next");
  next.end();
  await next.over;
  expect(turns.size).toBe(0);
});
