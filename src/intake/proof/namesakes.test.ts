import { expect, it } from "vitest";
import { roomFacts } from "../../../test/support/room.ts";
import { NetworkError, ProtocolError } from "../../errors.ts";
import { createNamesakes } from "./namesakes.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const room = roomFacts({ id: "Room", label: "general" });

const namesakes = (error: Error) =>
  createNamesakes({ findRoom: async () => undefined, listJoined: () => Promise.reject(error), log });

it("serves a room though the bot user is in too many to compare them", async () => {
  const error = new ProtocolError("more than 16 MB", { reason: "too-large" });
  expect(await namesakes(error).compare(room)).toEqual(room);
});

it("asks about each room once, however often they are compared, and in however many others the bot user is", async () => {
  const asked: string[] = [];
  const ids = ["Room", "rOOM", "ROOM", "other"];
  const { compare } = createNamesakes({
    async findRoom(id) {
      asked.push(id);
      return id === "ROOM" ? undefined : roomFacts({ id, createdAt: 2 });
    },
    async listJoined() {
      asked.push("all");
      return ids;
    },
    log,
  });
  const oldest = roomFacts({ id: "Room", createdAt: 1 });
  const unlisted = roomFacts({ id: "unlisted" });
  for (const compared of [oldest, unlisted, oldest, unlisted, oldest])
    expect(await compare(compared)).toEqual(compared);
  expect(asked).toEqual(["all", "rOOM", "ROOM", "all", "rOOM", "ROOM"]);
  expect(await compare(roomFacts({ id: "rOOM", createdAt: 2 }))).toMatchObject({ olderNamesakeId: "Room" });
});

it("leaves a room for later while the others cannot be asked for", async () => {
  await expect(namesakes(new NetworkError("away")).compare(room)).rejects.toThrow("away");
});
