import { describe, expect, it } from "vitest";
import { createFakeClock, settle } from "../../../test/support/fake-clock.ts";
import { MethodError } from "../../errors.ts";
import { decodeRevision, type Revision } from "../../facts/change.ts";
import { decodePrune } from "../../facts/prune.ts";
import {
  createDeletions,
  findPruned,
  MAX_DELETION_ROOMS,
  type PruneQuestions,
  readGone,
} from "./deletions.ts";

function setUp(refuse: (eventName: string) => boolean = () => false) {
  const clock = createFakeClock();
  const asked: { eventName: string; at: number }[] = [];
  let complaints = 0;
  const deletions = createDeletions({
    clock,
    onTooMany: () => {
      complaints += 1;
    },
    listen: async ({ stream, eventName }) => {
      expect(stream).toBe("stream-notify-room");
      asked.push({ eventName, at: clock.now() });
      if (refuse(eventName)) throw new MethodError({ method: eventName, serverCode: "not-allowed" });
    },
  });
  return {
    clock,
    deletions,
    asked,
    names: () => asked.map(({ eventName }) => eventName),
    complaints: () => complaints,
  };
}

const both = (room: string): string[] => [`${room}/deleteMessage`, `${room}/deleteMessageBulk`];

describe("the streams of deletions", () => {
  it("are asked for once a room, when it is seen", async () => {
    const { deletions, names, clock } = setUp();
    deletions.online();
    for (const room of ["a", "b", "a"]) deletions.noteRoom(room);
    await clock.advance(10_000);
    expect(names()).toEqual([...both("a"), ...both("b")]);
  });

  it("stay below the server's 40 within 40 s", async () => {
    const { deletions, asked, clock } = setUp();
    deletions.online();
    for (let index = 0; index < 100; index += 1) deletions.noteRoom(`r${index}`);
    await clock.advance(400_000);
    expect(asked).toHaveLength(200);
    const crowd = asked.map(
      ({ at }) => asked.filter((other) => other.at >= at && other.at < at + 40_000).length,
    );
    expect(Math.max(...crowd)).toBeLessThanOrEqual(30);
  });

  it("are asked for anew on every socket, single deletions first, and not while there is none", async () => {
    const { deletions, names, clock } = setUp();
    deletions.noteRoom("a");
    deletions.noteRoom("b");
    await clock.advance(10_000);
    expect(names()).toEqual([]);
    const all = ["a/deleteMessage", "b/deleteMessage", "a/deleteMessageBulk", "b/deleteMessageBulk"];
    deletions.online();
    await clock.advance(10_000);
    expect(names()).toEqual(all);
    deletions.offline();
    expect(clock.timers).toBe(0);
    deletions.online();
    await clock.advance(10_000);
    expect(names()).toEqual([...all, ...all]);
  });

  it("survive a refusal, and are asked for again later", async () => {
    const { deletions, names, clock } = setUp((eventName) => eventName === "a/deleteMessage");
    deletions.online();
    deletions.noteRoom("a");
    deletions.noteRoom("b");
    await clock.advance(10_000);
    await settle();
    expect(names()).toEqual([...both("a"), ...both("b")]);
    await clock.advance(5 * 60_000);
    expect(names().slice(4)).toEqual(["a/deleteMessage"]);
  });

  it("end at a number of rooms, which is told once", async () => {
    const { deletions, complaints, names, clock } = setUp();
    deletions.online();
    for (let index = 0; index < MAX_DELETION_ROOMS + 5; index += 1) deletions.noteRoom(`r${index}`);
    await clock.advance(1_000_000);
    expect(names()).toHaveLength(2 * MAX_DELETION_ROOMS);
    expect(complaints()).toBe(1);
  });

  it("are heard of in the rooms that were used last, from the next socket on", async () => {
    const { deletions, names, clock } = setUp();
    deletions.online();
    for (let index = 0; index < MAX_DELETION_ROOMS; index += 1) deletions.noteRoom(`r${index}`);
    deletions.noteRoom("new");
    deletions.noteRoom("r0");
    await clock.advance(1_000_000);
    expect(names()).not.toContain("new/deleteMessage");
    const before = names().length;
    deletions.offline();
    deletions.online();
    await clock.advance(1_000_000);
    const heard = names().slice(before);
    expect(heard).toHaveLength(2 * MAX_DELETION_ROOMS);
    expect(heard).toContain("new/deleteMessage");
    expect(heard).toContain("r0/deleteMessage");
    expect(heard).not.toContain("r1/deleteMessage");
  });
});

describe("readGone", () => {
  it.each([
    ["stream-notify-room", "r1/deleteMessage", [{ _id: "m1" }], { roomId: "r1", messageId: "m1" }],
    ["stream-notify-room", "r1/deleteMessage", ["m1"], undefined],
    ["stream-notify-room", "r1/user-activity", [{ _id: "m1" }], undefined],
    ["stream-room-messages", "__my_messages__", [{ _id: "m1" }], undefined],
    ["stream-notify-room", "r1/deleteMessageBulk", [{ rid: "r1", ids: ["m1"] }], { prune: { roomId: "r1" } }],
    ["stream-notify-room", "r1/deleteMessageBulk", [{ rid: "r1", ids: ["m1"], filesOnly: true }], undefined],
  ])("reads %s %s %j", (stream, eventName, args, expected) => {
    const gone = readGone({ stream, eventName, args });
    if (expected === undefined) expect(gone).toBeUndefined();
    else expect(gone).toMatchObject(expected);
  });
});

describe("findPruned", () => {
  const revision = (document: object) => {
    const whole = { rid: "r1", ts: { $date: 1 }, u: { _id: "alice", username: "alice" }, ...document };
    return decodeRevision(whole) ?? expect.fail("no revision");
  };
  const lone = revision({ _id: "lone" });
  const root = revision({ _id: "root", tcount: 1 });
  const reply = revision({ _id: "reply", tmid: "root" });

  const rule = (more: object = {}) =>
    decodePrune({ rid: "r1", ts: { $lte: { $date: 9 } }, ...more }) ?? expect.fail("no rule");
  const nothing: PruneQuestions = {
    fetchMessage: () => expect.fail("asked for a message"),
    fetchPinned: () => expect.fail("asked for pins"),
  };

  it.each([
    ["were spared", async () => root, ["lone"]],
    ["were taken", async () => undefined, ["lone", "root", "reply"]],
    ["may have been spared", () => Promise.reject(new Error("away")), ["lone"]],
  ])("asks one message whether threads %s", async (_, fetch, expected) => {
    let asked = 0;
    const fetchMessage = (): Promise<Revision | undefined> => {
      asked += 1;
      return fetch();
    };
    expect(await findPruned(rule(), [lone, root, reply], { ...nothing, fetchMessage })).toEqual(expected);
    expect(asked).toBe(1);
  });

  it.each<[string, () => Promise<readonly string[]>, readonly string[]]>([
    ["spares them", async () => ["lone"], ["other"]],
    ["tells nothing where it cannot know", () => Promise.reject(new Error("away")), []],
  ])("asks which messages are pinned where those are spared, and %s", async (_, fetchPinned, expected) => {
    const other = revision({ _id: "other" });
    const asked = findPruned(rule({ excludePinned: true }), [lone, other], { ...nothing, fetchPinned });
    expect(await asked).toEqual(expected);
  });

  it("asks nothing where no thread is concerned, or the messages are named, or none is known", async () => {
    expect(await findPruned(rule(), [lone], nothing)).toEqual(["lone"]);
    const named = rule({ ids: ["root"], excludePinned: true });
    expect(await findPruned(named, [root], nothing)).toEqual(["root"]);
    expect(await findPruned(rule({ excludePinned: true }), [], nothing)).toEqual([]);
  });
});
