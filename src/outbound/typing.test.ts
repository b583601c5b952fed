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
    await typing.show(place("r1"));
    await typing.show(place("r1", "m0"));
    await typing.hide(place("r1"));
    await typing.hide(place("r1", "m0"));
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
    await typing.hide(place("r1"));
    await typing.show(place("r2"));
    await typing.hide(place("r2"));
    await typing.hide(place("r2"));
    expect(sent).toHaveLength(2);
  });

  it("is ended everywhere at the end", async () => {
    const { typing, sent } = farEnd();
    for (const room of ["a", "b", "c"]) await typing.show(place(room));
    await typing.hideAll();
    expect(sent.slice(3).map(([event, , activities]) => [event, activities])).toEqual([
      ["a/user-activity", []],
      ["b/user-activity", []],
      ["c/user-activity", []],
    ]);
  });

  it("asks for its name anew after ten minutes", async () => {
    const { typing, asked, pass } = farEnd();
    await typing.show(place("r1"));
    pass(10 * 60_000 + 1);
    await typing.show(place("r1"));
    expect(asked()).toBe(2);
  });

  it.each([1, 3, 8, 50])(
    "stays within the server's limit in %i rooms at once, and ends in each",
    async (rooms) => {
      const { typing, sent, refused, pass } = farEnd();
      const places = Array.from({ length: rooms }, (_, index) => place(`r${index}`));
      for (let second = 0; second < 60; second += 6) {
        for (const one of places) await typing.show(one);
        pass(6000);
      }
      const shown = new Set(sent.map(([event]) => event));
      expect(refused).toEqual([]);
      expect(shown.size).toBeGreaterThanOrEqual(Math.min(rooms, 30));
      const before = sent.length;
      await typing.hide(place("r0"));
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
    await typing.show(place("r1"));
    await typing.show(place("r2"));
    expect(calls).toBe(1);
    time = 10_000;
    await typing.show(place("r2"));
    expect(calls).toBe(2);
  });

  it("fails nothing where its name cannot be learned", async () => {
    const typing = createTyping({
      now: () => 0,
      readName: () => Promise.reject(new Error("away")),
      call: async () => undefined,
    });
    await expect(typing.show(place("r1"))).resolves.toBeUndefined();
    await expect(typing.hideAll()).resolves.toBeUndefined();
  });
});
