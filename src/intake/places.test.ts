import { describe, expect, it } from "vitest";
import { createFakeClock, settle } from "../../test/support/fake-clock.ts";
import { roomFacts } from "../../test/support/room.ts";
import type { RoomFacts } from "../facts/room.ts";
import { createLog } from "../log.ts";
import { createPlaces, PLACE_WAIT_MS } from "./places.ts";

function setUp(known: (roomId: string) => RoomFacts | undefined = () => undefined) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<RoomFacts | undefined>>();
  const log = createLog({ info: () => {}, warn: () => {}, error: () => {} }, { prefix: "t", secrets: [] });
  const places = createPlaces({
    ...clock,
    log,
    rooms: {
      known,
      room(roomId) {
        asked.push(roomId);
        const answer = Promise.withResolvers<RoomFacts | undefined>();
        answers.set(roomId, answer);
        return answer.promise;
      },
    },
  });
  return { clock, asked, places, answers };
}

const discussion = (id: string) => roomFacts({ id, parentId: "parent" });

describe("the places", () => {
  it("are asked about once, however many wait for the answer, and remembered", async () => {
    const { places, asked, answers } = setUp();
    expect(places.parentOf("d1")).toBe("unknown");
    const waiting = [places.learn("d1"), places.learn("d1")];
    answers.get("d1")?.resolve(discussion("d1"));
    await Promise.all(waiting);
    expect([asked, places.parentOf("d1")]).toEqual([["d1"], "parent"]);
  });

  it("that a turn has looked up need no question", () => {
    const { places } = setUp(discussion);
    expect(places.parentOf("d1")).toBe("parent");
  });

  it("that are not shown have no parent, and are asked about again after a minute", async () => {
    const { places, answers, clock } = setUp();
    const waiting = places.learn("d1");
    answers.get("d1")?.resolve(undefined);
    await waiting;
    expect(places.parentOf("d1")).toBeUndefined();
    await clock.advance(60_000);
    expect(places.parentOf("d1")).toBe("unknown");
  });

  it("that cannot be asked about stay open, and are not asked about for a minute", async () => {
    const { places, asked, answers, clock } = setUp();
    const waiting = places.learn("d1");
    answers.get("d1")?.reject(new Error("no network"));
    await waiting;
    expect([places.parentOf("d1"), places.learn("d1"), asked]).toEqual(["unknown", undefined, ["d1"]]);
    await clock.advance(60_000);
    void places.learn("d1");
    expect(asked).toEqual(["d1", "d1"]);
  });

  it("hold an event up for ten seconds at most, and not the next for ten more", async () => {
    const { places, asked, answers, clock } = setUp();
    let over = 0;
    const count = () => {
      over += 1;
    };
    void places.learn("d1")?.then(count);
    await clock.advance(PLACE_WAIT_MS - 1);
    void places.learn("d1")?.then(count);
    await settle();
    expect(over).toBe(0);
    await clock.advance(1);
    expect([over, places.learn("d1")]).toEqual([2, undefined]);
    answers.get("d1")?.resolve(discussion("d1"));
    await settle();
    expect([places.parentOf("d1"), asked, clock.timers]).toEqual(["parent", ["d1"], 0]);
  });

  it("are asked about a few at a time", async () => {
    const { places, asked, answers } = setUp();
    for (const id of ["d1", "d2", "d3", "d4", "d5", "d6"]) void places.learn(id);
    expect(asked).toEqual(["d1", "d2", "d3", "d4"]);
    answers.get("d2")?.resolve(discussion("d2"));
    await settle();
    expect(asked).toEqual(["d1", "d2", "d3", "d4", "d5"]);
  });
});
