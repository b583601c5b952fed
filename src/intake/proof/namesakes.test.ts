import { expect, it } from "vitest";
import { roomFacts } from "../../../test/support/room.ts";
import { NetworkError, ProtocolError } from "../../errors.ts";
import { createNamesakes } from "./namesakes.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const room = roomFacts({ id: "Room", label: "general" });

const namesakes = (error: Error) =>
  createNamesakes({
    findRoom: async () => undefined,
    listJoined: () => Promise.reject(error),
    log,
    now: () => 0,
  });

it("serves a room though the bot user is in too many to compare them", async () => {
  const error = new ProtocolError("more than 16 MB", { reason: "too-large" });
  expect(await namesakes(error).compare(room)).toEqual(room);
});

it("asks about each room once in a while, however often and with however many others they are compared", async () => {
  const asked: string[] = [];
  let now = 0;
  let seen = ["Room", "rOOM"];
  const { compare } = createNamesakes({
    async findRoom(id) {
      asked.push(id);
      return seen.includes(id) ? roomFacts({ id, createdAt: id === "Room" ? 1 : 2 }) : undefined;
    },
    async listJoined() {
      asked.push("all");
      return ["Room", "rOOM", "ROOM", "other"];
    },
    log,
    now: () => now,
  });
  const oldest = roomFacts({ id: "Room", createdAt: 1 });
  const younger = roomFacts({ id: "rOOM", createdAt: 2 });
  const unlisted = roomFacts({ id: "unlisted" });
  for (const compared of [oldest, unlisted, oldest, unlisted, oldest])
    expect(await compare(compared)).toEqual(compared);
  expect(asked).toEqual(["all", "rOOM", "ROOM", "all"]);
  expect(await compare(younger)).toMatchObject({ olderNamesakeId: "Room" });
  seen = ["rOOM"];
  now += 11 * 60_000;
  expect(await compare(younger)).toEqual(younger);
  // The bot user is back in the older one, which is compared itself.
  await compare(oldest);
  expect(await compare(younger)).toMatchObject({ olderNamesakeId: "Room" });
});

it("compares what it has met where there are too many rooms to list them", async () => {
  const error = new ProtocolError("more than 16 MB", { reason: "too-large" });
  const { compare } = namesakes(error);
  await compare(roomFacts({ id: "Room", createdAt: 1 }));
  expect(await compare(roomFacts({ id: "rOOM", createdAt: 2 }))).toMatchObject({ olderNamesakeId: "Room" });
});

it("leaves a room for later while the others cannot be asked for", async () => {
  await expect(namesakes(new NetworkError("away")).compare(room)).rejects.toThrow("away");
});
