import { describe, expect, it } from "vitest";
import { roomFacts } from "../../test/support/room.ts";
import type { RoomFacts } from "../facts/room.ts";
import { createRoomLookup, createUserLookup } from "./lookups.ts";

function setUp(known: (roomId: string) => boolean = () => true) {
  const asked: string[] = [];
  let now = 0;
  const lookup = createRoomLookup({
    now: () => now,
    fetchRoom: async (roomId): Promise<RoomFacts | undefined> => {
      asked.push(roomId);
      return known(roomId) ? roomFacts({ id: roomId }) : undefined;
    },
  });
  return { asked, lookup, pass: (ms: number) => (now += ms) };
}

describe("the room lookup", () => {
  it("asks the server once for a room", async () => {
    const { asked, lookup } = setUp();
    expect(await lookup.room("a")).toEqual(await lookup.room("a"));
    expect(asked).toEqual(["a"]);
  });

  it("still knows what it heard long ago", async () => {
    const { lookup, pass } = setUp();
    expect(lookup.known("a")).toBeUndefined();
    await lookup.room("a");
    pass(60 * 60_000);
    expect(lookup.known("a")?.id).toBe("a");
  });

  it("asks again after ten minutes", async () => {
    const { asked, lookup, pass } = setUp();
    await lookup.room("a");
    pass(10 * 60_000);
    await lookup.room("a");
    expect(asked).toEqual(["a", "a"]);
  });

  it("does not remember that a room was not visible", async () => {
    const { asked, lookup } = setUp(() => false);
    expect(await lookup.room("a")).toBeUndefined();
    await lookup.room("a");
    expect(asked).toEqual(["a", "a"]);
  });

  it("forgets the room that was used longest ago when there are too many", async () => {
    const { asked, lookup } = setUp();
    for (let index = 0; index < 1000; index += 1) await lookup.room(`r${index}`);
    await lookup.room("r0");
    await lookup.room("new");
    asked.length = 0;
    await lookup.room("r0");
    await lookup.room("r1");
    expect(asked).toEqual(["r1"]);
  });
});

describe("the user lookup", () => {
  it("trusts a username for a minute, since another person may take it", async () => {
    const owners = ["alice-id", "bob-id"];
    let now = 0;
    const lookup = createUserLookup({
      now: () => now,
      findUser: async (username) => ({ id: owners.shift() ?? "", username, name: undefined }),
    });
    expect(await lookup.named("al")).toMatchObject({ id: "alice-id" });
    now = 59_999;
    expect(await lookup.named("al")).toMatchObject({ id: "alice-id" });
    now = 60_000;
    expect(await lookup.named("al")).toMatchObject({ id: "bob-id" });
  });

  it("asks anew where much depends on who it is", async () => {
    const owners = ["alice-id", "bob-id"];
    const lookup = createUserLookup({
      now: () => 0,
      findUser: async (username) => ({ id: owners.shift() ?? "", username, name: undefined }),
    });
    expect(await lookup.named("al")).toMatchObject({ id: "alice-id" });
    expect(await lookup.named("al", "now")).toMatchObject({ id: "bob-id" });
    expect(await lookup.named("al")).toMatchObject({ id: "bob-id" });
  });

  it("does not remember that nobody had a name", async () => {
    const answers = [undefined, { id: "u1", username: "al", name: undefined }];
    const lookup = createUserLookup({ now: () => 0, findUser: async () => answers.shift() });
    expect(await lookup.named("al")).toBeUndefined();
    expect(await lookup.named("al")).toMatchObject({ id: "u1" });
  });
});
