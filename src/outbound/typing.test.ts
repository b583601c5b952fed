import { describe, expect, it } from "vitest";
import { MethodError } from "../errors.ts";
import { createTyping, type TypingPlace } from "./typing.ts";

/** A far end that limits calls as Rocket.Chat does: 40 within 40 s, counted from the first. */
function farEnd() {
  let time = 0;
  let windowFrom = 0;
  let inWindow = 0;
  let names = 0;
  const sent: unknown[][] = [];
  const refused: unknown[][] = [];
  const typing = createTyping({
    now: () => time,
    readName: async () => {
      names += 1;
      return "labbot";
    },
    call: async (method, params) => {
      expect(method).toBe("stream-notify-room");
      if (time - windowFrom >= 40_000) [windowFrom, inWindow] = [time, 0];
      inWindow += 1;
      if (inWindow > 40) {
        refused.push([...params]);
        throw new MethodError({ method, serverCode: "too-many-requests", retryAfterMs: 10_000 });
      }
      sent.push([...params]);
      return undefined;
    },
  });
  const pass = (ms: number): void => {
    time += ms;
  };
  return { typing, sent, refused, pass, asked: () => names };
}

const place = (roomId: string, threadId?: string): TypingPlace => ({ roomId, threadId });

describe("the typing sign", () => {
  it("is shown and ended in the room, or in the thread, by the name that the server knows", async () => {
    const { typing, sent, asked } = farEnd();
    const [inRoom, inThread] = [typing.open(place("r1")), typing.open(place("r1", "m0"))];
    for (const sign of [inRoom, inThread]) await sign.show();
    for (const sign of [inRoom, inThread]) await sign.end();
    expect(sent).toEqual([
      ["r1/user-activity", "labbot", ["user-typing"], {}],
      ["r1/user-activity", "labbot", ["user-typing"], { tmid: "m0" }],
      ["r1/user-activity", "labbot", [], {}],
      ["r1/user-activity", "labbot", [], { tmid: "m0" }],
    ]);
    expect(asked()).toBe(1);
  });

  it("is ended once, and only where it was shown", async () => {
    const { typing, sent } = farEnd();
    await typing.open(place("r1")).end();
    const sign = typing.open(place("r2"));
    await sign.show();
    await sign.end();
    await sign.end();
    expect(sent).toHaveLength(2);
  });

  it("is not shown again by a work that is over", async () => {
    const { typing, sent } = farEnd();
    const sign = typing.open(place("r1"));
    await sign.end();
    await sign.show();
    expect(sent).toEqual([]);
  });

  it("stays until the last of several works in one place is over", async () => {
    const { typing, sent, pass } = farEnd();
    const works = [1, 2, 3].map(() => typing.open(place("r1")));
    for (const work of works) await work.show();
    expect(sent).toHaveLength(1);
    for (const work of works.slice(0, 2)) await work.end();
    pass(6000);
    for (const work of works) await work.show();
    expect(sent.map(([, , activities]) => activities)).toEqual([["user-typing"], ["user-typing"]]);
    for (const work of works) await work.end();
    expect(sent.slice(2).map(([, , activities]) => activities)).toEqual([[]]);
  });

  it("is shown before it is ended, also when its name takes long to learn", async () => {
    const sent: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const typing = createTyping({
      now: () => 0,
      readName: () => promise,
      call: async (_, params) => sent.push(params[2]),
    });
    const sign = typing.open(place("r1"));
    const all = [sign.show(), sign.end()];
    resolve("labbot");
    await Promise.all(all);
    expect(sent).toEqual([["user-typing"], []]);
  });

  it("is ended everywhere at the end, and not shown any more", async () => {
    const { typing, sent, pass } = farEnd();
    const signs = ["a", "b", "c"].map((room) => typing.open(place(room)));
    for (const sign of signs) await sign.show();
    await typing.hideAll();
    pass(6000);
    for (const sign of signs) await sign.show();
    await typing.open(place("d")).show();
    expect(sent.slice(3).map(([event, , activities]) => [event, activities])).toEqual([
      ["a/user-activity", []],
      ["b/user-activity", []],
      ["c/user-activity", []],
    ]);
  });

  it("asks for its name anew after ten minutes, and when it may have changed", async () => {
    const { typing, asked, pass } = farEnd();
    const sign = typing.open(place("r1"));
    await sign.show();
    pass(10 * 60_000 + 1);
    await sign.show();
    expect(asked()).toBe(2);
    typing.forgetName();
    pass(6000);
    await sign.show();
    expect(asked()).toBe(3);
  });

  it.each([1, 3, 8, 50])(
    "stays within the server's limit in %i rooms at once, and ends in each",
    async (rooms) => {
      const { typing, sent, refused, pass } = farEnd();
      const signs = Array.from({ length: rooms }, (_, index) => typing.open(place(`r${index}`)));
      for (let second = 0; second < 60; second += 6) {
        for (const sign of signs) await sign.show();
        pass(6000);
      }
      const shown = new Set(sent.map(([event]) => event));
      expect(refused).toEqual([]);
      expect(shown.size).toBeGreaterThanOrEqual(Math.min(rooms, 30));
      const before = sent.length;
      await signs[0]?.end();
      expect(sent.length).toBe(before + 1);
    },
  );

  it("rests when it is refused all the same, and fails nothing", async () => {
    let calls = 0;
    let time = 0;
    const typing = createTyping({
      now: () => time,
      readName: async () => "labbot",
      call: async (method) => {
        calls += 1;
        throw new MethodError({ method, serverCode: "too-many-requests", retryAfterMs: 10_000 });
      },
    });
    await typing.open(place("r1")).show();
    const sign = typing.open(place("r2"));
    await sign.show();
    expect(calls).toBe(1);
    time = 10_000;
    await sign.show();
    expect(calls).toBe(2);
  });

  it("fails nothing where its name cannot be learned, and asks again", async () => {
    let asked = 0;
    let time = 0;
    const typing = createTyping({
      now: () => time,
      readName: () => {
        asked += 1;
        return Promise.reject(new Error("away"));
      },
      call: async () => undefined,
    });
    const sign = typing.open(place("r1"));
    await expect(sign.show()).resolves.toBeUndefined();
    time = 6000;
    await sign.show();
    expect(asked).toBe(2);
    await expect(typing.hideAll()).resolves.toBeUndefined();
  });
});
