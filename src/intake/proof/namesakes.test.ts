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

it("leaves a room for later while the others cannot be asked for", async () => {
  await expect(namesakes(new NetworkError("away")).compare(room)).rejects.toThrow("away");
});
