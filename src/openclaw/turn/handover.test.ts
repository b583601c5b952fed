import { expect, it } from "vitest";
import { createHandover, HandedBackError, nameSecondAsking, readMessageId } from "./handover.ts";

/** A row that counts how often it was given up. */
function openRow() {
  let adopted = 0;
  const lifecycle = {
    admission: "exclusive" as const,
    abortSignal: new AbortController().signal,
    onAdopted: async () => {
      adopted += 1;
    },
    onAdoptionFinalizing: () => {},
    onDeferred: () => {},
    onAbandoned: async () => {},
  };
  return { lifecycle, adopted: () => adopted };
}

it("gives the row up as soon as OpenClaw takes the turn over", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, () => false);
  await handover.lifecycle.onAdopted();
  expect(row.adopted()).toBe(1);
  expect(await handover.hold({ isError: true })).toBe(false);
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("keeps the row, and the error from the room, when OpenClaw took it over while stopping and refused", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, () => true);
  await handover.lifecycle.onAdopted();
  expect(await handover.hold({ isError: true })).toBe(true);
  expect(await handover.hold({})).toBe(true);
  await expect(handover.settle()).rejects.toThrow(HandedBackError.MESSAGE);
  expect(row.adopted()).toBe(0);
});

it("gives the row up when there is an answer after all", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, () => true);
  await handover.lifecycle.onAdopted();
  expect(await handover.hold({})).toBe(false);
  expect(row.adopted()).toBe(1);
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("gives the row up when the turn ended without a word", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, () => true);
  await handover.lifecycle.onAdopted();
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("names a second asking so that the message is found again", () => {
  expect(nameSecondAsking("b37f5980af4c7316")).not.toBe("b37f5980af4c7316");
  expect(readMessageId(nameSecondAsking("b37f5980af4c7316"))).toBe("b37f5980af4c7316");
  expect(readMessageId("GXod8qAifh5RQmwji")).toBe("GXod8qAifh5RQmwji");
});
