import { describe, expect, it } from "vitest";
import { createFakeClock, settle } from "../../test/support/fake-clock.ts";
import { MethodError } from "../errors.ts";
import { createDeletions, MAX_DELETION_ROOMS, readDeletedId } from "./deletions.ts";

function setUp(refuse: (room: string) => boolean = () => false) {
  const clock = createFakeClock();
  const asked: { room: string; at: number }[] = [];
  let complaints = 0;
  const deletions = createDeletions({
    clock,
    onTooMany: () => {
      complaints += 1;
    },
    listen: async ({ stream, eventName }) => {
      expect(stream).toBe("stream-notify-room");
      const room = eventName.replace("/deleteMessage", "");
      asked.push({ room, at: clock.now() });
      if (refuse(room)) throw new MethodError({ method: eventName, serverCode: "not-allowed" });
    },
  });
  return {
    clock,
    deletions,
    asked,
    rooms: () => asked.map(({ room }) => room),
    complaints: () => complaints,
  };
}

describe("the streams of deletions", () => {
  it("are asked for once a room, when it is seen", async () => {
    const { deletions, rooms, clock } = setUp();
    deletions.online();
    for (const room of ["a", "b", "a"]) deletions.noteRoom(room);
    await clock.advance(10_000);
    expect(rooms()).toEqual(["a", "b"]);
  });

  it("stay below the server's 40 within 40 s", async () => {
    const { deletions, asked, clock } = setUp();
    deletions.online();
    for (let index = 0; index < 100; index += 1) deletions.noteRoom(`r${index}`);
    await clock.advance(200_000);
    expect(asked).toHaveLength(100);
    const crowd = asked.map(
      ({ at }) => asked.filter((other) => other.at >= at && other.at < at + 40_000).length,
    );
    expect(Math.max(...crowd)).toBeLessThanOrEqual(30);
  });

  it("are asked for anew on every socket, and not while there is none", async () => {
    const { deletions, rooms, clock } = setUp();
    deletions.noteRoom("a");
    await clock.advance(5000);
    expect(rooms()).toEqual([]);
    deletions.online();
    await clock.advance(5000);
    deletions.offline();
    expect(clock.timers).toBe(0);
    deletions.online();
    await clock.advance(5000);
    expect(rooms()).toEqual(["a", "a"]);
  });

  it("survive a refusal, and are asked for again later", async () => {
    const { deletions, rooms, clock } = setUp((room) => room === "a");
    deletions.online();
    deletions.noteRoom("a");
    deletions.noteRoom("b");
    await clock.advance(10_000);
    await settle();
    expect(rooms()).toEqual(["a", "b"]);
    await clock.advance(5 * 60_000);
    expect(rooms()).toEqual(["a", "b", "a"]);
  });

  it("end at a number of rooms, which is told once", async () => {
    const { deletions, complaints, rooms, clock } = setUp();
    deletions.online();
    for (let index = 0; index < MAX_DELETION_ROOMS + 5; index += 1) deletions.noteRoom(`r${index}`);
    await clock.advance(1_000_000);
    expect(rooms()).toHaveLength(MAX_DELETION_ROOMS);
    expect(complaints()).toBe(1);
  });
});

describe("readDeletedId", () => {
  it.each([
    ["stream-notify-room", "r1/deleteMessage", [{ _id: "m1" }], "m1"],
    ["stream-notify-room", "r1/deleteMessage", ["m1"], undefined],
    ["stream-notify-room", "r1/user-activity", [{ _id: "m1" }], undefined],
    ["stream-room-messages", "__my_messages__", [{ _id: "m1" }], undefined],
  ])("reads %s %s %j", (stream, eventName, args, id) => {
    expect(readDeletedId({ stream, eventName, args })).toBe(id);
  });
});
