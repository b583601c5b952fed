import { describe, expect, it } from "vitest";
import { createFakeClock, settle } from "../../test/support/fake-clock.ts";
import { roomFacts } from "../../test/support/room.ts";
import type { RoomFacts } from "../facts/room.ts";
import { createLog } from "../log.ts";
import { createPlaces, PLACE_WAIT_MS } from "./places.ts";

/** Discussions that a parent confirms, by its id; what it is asked is counted. Rejects for `"broken"`. */
class Parents {
  questions = 0;
  readonly held = new Map<string, string[]>();

  get = async (path: string, { roomId = "" }: Record<string, string> = {}) => {
    if (path === "v1/subscriptions.get") return { update: [] };
    this.questions += 1;
    if (roomId === "broken") throw new Error("no network");
    const messages = (this.held.get(roomId) ?? []).map((drid) => ({ rid: roomId, drid }));
    return { messages, total: messages.length };
  };
  post = () => Promise.reject(new Error("nothing is posted"));
}

function setUp(known: (roomId: string) => RoomFacts | undefined = () => undefined) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const parents = new Parents();
  const listed = new Set<string>();
  const warned: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<RoomFacts | undefined>>();
  const log = createLog(
    { info: () => {}, warn: (line) => warned.push(line), error: () => {} },
    { prefix: "t", secrets: [] },
  );
  const places = createPlaces({
    ...clock,
    log,
    rest: parents,
    decides: (roomId) => listed.has(roomId),
    rooms: {
      known,
      find: known,
      room(roomId) {
        asked.push(roomId);
        const answer = Promise.withResolvers<RoomFacts | undefined>();
        answers.set(roomId, answer);
        return answer.promise;
      },
    },
  });
  return { clock, asked, places, answers, parents, listed, warned };
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

describe("a discussion", () => {
  const shown = async (
    { places, answers }: Pick<ReturnType<typeof setUp>, "places" | "answers">,
    facts: RoomFacts,
  ) => {
    const waiting = places.learn(facts.id);
    await settle();
    answers.get(facts.id)?.resolve(facts);
    await waiting;
  };

  it("of a room that has an entry counts as one when that confirms it, which is asked once", async () => {
    const stage = setUp();
    stage.listed.add("parent");
    stage.parents.held.set("parent", ["other", "d1"]);
    await shown(stage, discussion("d1"));
    await shown(stage, discussion("d1"));
    expect([stage.places.parentOf("d1"), stage.parents.questions, stage.warned]).toEqual(["parent", 1, []]);
  });

  it("that its parent does not confirm has none; that is told once, and asked again after a minute", async () => {
    const stage = setUp();
    const { places, parents, listed, warned, clock } = stage;
    listed.add("parent");
    await shown(stage, discussion("d1"));
    await shown(stage, discussion("d1"));
    expect([places.parentOf("d1"), parents.questions]).toEqual([undefined, 1]);
    await clock.advance(60_000);
    expect(places.parentOf("d1")).toBe("unknown");
    await shown(stage, discussion("d1"));
    expect([places.parentOf("d1"), parents.questions, warned.length]).toEqual([undefined, 2, 1]);
    expect(warned[0]).toContain("room=d1 parent=parent");
    await clock.advance(60_000);
    parents.held.set("parent", ["d1"]);
    await shown(stage, discussion("d1"));
    expect(places.parentOf("d1")).toBe("parent");
  });

  it("of a room without an entry is asked about once it has one", async () => {
    const stage = setUp();
    const { places, parents, listed } = stage;
    await shown(stage, discussion("d1"));
    expect(parents.questions).toBe(0);
    listed.add("parent");
    expect(places.parentOf("d1")).toBe("unknown");
    await shown(stage, discussion("d1"));
    expect([places.parentOf("d1"), parents.questions]).toEqual([undefined, 1]);
  });

  it("whose parent cannot be asked stays open", async () => {
    const stage = setUp();
    stage.listed.add("broken");
    await shown(stage, roomFacts({ id: "d1", parentId: "broken" }));
    expect(stage.places.parentOf("d1")).toBe("unknown");
  });

  it("that was deleted and made again is asked about again by its turn", async () => {
    const stage = setUp();
    const { places, answers, parents } = stage;
    const look = async (createdAt: number) => {
      const looking = places.room("d1");
      answers.get("d1")?.resolve({ ...discussion("d1"), createdAt });
      return looking;
    };
    parents.held.set("parent", ["d1"]);
    expect(await look(1)).toMatchObject({ parentId: "parent" });
    parents.held.clear();
    expect(await look(1)).toMatchObject({ parentId: "parent" });
    expect(await look(2)).toMatchObject({ parentId: undefined, unconfirmedParentId: "parent" });
  });

  it("is known without its parent, or not at all, until that has confirmed it", async () => {
    const { places, answers } = setUp((id) => discussion(id));
    expect([places.known("d1"), places.find("d1")]).toEqual([undefined, undefined]);
    const looking = places.room("d1");
    answers.get("d1")?.resolve(discussion("d1"));
    await looking;
    expect(places.known("d1")).toMatchObject({ id: "d1", parentId: undefined });
  });
});
