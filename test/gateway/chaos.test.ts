import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { playSeed } from "../chaos/seed.ts";
import { startTown, type Town } from "../chaos/town.ts";
import { NO_TEST_RUNNER } from "./stack.ts";

let town: Town;
beforeAll(async () => {
  town = await startTown({ tarball: inject("tarball"), env: NO_TEST_RUNNER });
});
afterAll(() => town?.close());

it.each([1, 2, 3])(
  "random world %i: every question is answered once, in its place and order",
  async (seed) => {
    const { failures } = await playSeed(town, seed, { restarts: false });
    expect(failures).toEqual([]);
  },
);
