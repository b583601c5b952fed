import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BLOCKS, type Block } from "./decisions.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

it("has no fewer rows than promised, of which enough are tried in a real gateway", () => {
  const count = (blocks: readonly Block[]) => blocks.reduce((sum, { rows }) => sum + rows.length, 0);
  expect(count(BLOCKS)).toBeGreaterThanOrEqual(150);
  expect(count(BLOCKS.filter(({ gateway }) => gateway))).toBeGreaterThanOrEqual(40);
});

describe.each(BLOCKS)("with $name", (block) => {
  it.each(block.rows)("%s in %s, %s: %s", async (as, place, saying, verdict) => {
    const judge = await stage.open(block);
    const said = stage.town.speak(as, place, { saying, marker: "words" });
    expect(await judge.judge(stage.eventOf(said, as))).toBe(verdict);
  });
});
