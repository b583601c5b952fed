import { expect, it } from "vitest";
import {
  createHandover,
  HandedBackError,
  keepRefusals,
  nameAsking,
  readMessageId,
  readRefusals,
} from "./handover.ts";

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

const STOPPING = { isStopping: () => true };

it("gives the row up as soon as OpenClaw takes the turn over", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, { isStopping: () => false });
  await handover.lifecycle.onAdopted();
  expect(row.adopted()).toBe(1);
  expect(await handover.hold({ isError: true })).toBe(false);
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("keeps the row, and the error from the room, when OpenClaw took it over while stopping and refused", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, STOPPING);
  await handover.lifecycle.onAdopted();
  expect(await handover.hold({ isError: true })).toBe(true);
  expect(await handover.hold({})).toBe(true);
  await expect(handover.settle()).rejects.toThrow(HandedBackError);
  expect(row.adopted()).toBe(0);
});

it("gives the row up when there is an answer after all", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, STOPPING);
  await handover.lifecycle.onAdopted();
  expect(await handover.hold({})).toBe(false);
  expect(row.adopted()).toBe(1);
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("gives the row up when the turn ended without a word", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, STOPPING);
  await handover.lifecycle.onAdopted();
  await handover.settle();
  expect(row.adopted()).toBe(1);
});

it("keeps the row of a turn that nobody hears, since that says nothing of whether it ran", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, { ...STOPPING, isUnheard: true });
  await handover.lifecycle.onAdopted();
  await expect(handover.settle()).rejects.toThrow(HandedBackError);
  expect(row.adopted()).toBe(0);
});

it("keeps how often a question was refused when OpenClaw abandons it", async () => {
  const failures: unknown[] = [];
  const row = { ...openRow().lifecycle, onFailed: (error: unknown) => void failures.push(error) };
  await createHandover(row, { isStopping: () => false }).lifecycle.onAbandoned();
  expect(failures).toEqual([]);
  await createHandover(row, { isStopping: () => false, refusals: 2 }).lifecycle.onAbandoned();
  expect(failures.map((error) => readRefusals((error as Error).message))).toEqual([2]);
});

it("asks again under another name what OpenClaw took over while stopping and then failed", async () => {
  const row = openRow();
  const handover = createHandover(row.lifecycle, { ...STOPPING, refusals: 1 });
  await handover.lifecycle.onAdopted();
  const error = handover.explain(new Error("Gateway is draining"));
  expect(error).toBeInstanceOf(HandedBackError);
  expect(readRefusals((error as Error).message)).toBe(2);
  expect(row.adopted()).toBe(0);
});

it("lets a failure be what it is where OpenClaw took nothing over while stopping, or answered", async () => {
  const failure = new Error("late");
  const running = createHandover(openRow().lifecycle, { isStopping: () => false });
  await running.lifecycle.onAdopted();
  const untouched = createHandover(openRow().lifecycle, STOPPING);
  const answered = createHandover(openRow().lifecycle, STOPPING);
  await answered.lifecycle.onAdopted();
  await answered.hold({});
  for (const handover of [running, untouched, answered]) expect(handover.explain(failure)).toBe(failure);
});

it("names each asking anew, and so that the message is found again", () => {
  const names = [0, 1, 2].map((refusals) => nameAsking("b37f5980af4c7316", refusals));
  expect(new Set(names).size).toBe(3);
  expect(names.map(readMessageId)).toEqual(names.map(() => "b37f5980af4c7316"));
  expect(names[0]).toBe("b37f5980af4c7316");
  expect(["abc#x", "abc#:x"].map(readMessageId)).toEqual(["abc#x", "abc#:x"]);
});

it("counts the refusals of a question over attempts that failed otherwise", async () => {
  const kept = (error: unknown, lastError?: string): string =>
    String(keepRefusals(error, readRefusals(lastError))).replace(/^\w+: /, "");
  const refuse = async (lastError?: string): Promise<string> => {
    const handover = createHandover(openRow().lifecycle, { ...STOPPING, refusals: readRefusals(lastError) });
    await handover.lifecycle.onAdopted();
    await handover.hold({ isError: true });
    return handover.settle().then(String, (error: unknown) => kept(error, lastError));
  };
  const once = await refuse();
  const failed = kept(new Error("another process owns the state"), once);
  const twice = await refuse(failed);
  expect([once, failed, twice].map(readRefusals)).toEqual([1, 1, 2]);
  expect(failed).toContain("another process owns the state");
  expect(readRefusals(kept(new Error("another process owns the state")))).toBe(0);
  expect(readRefusals(undefined)).toBe(0);
});
