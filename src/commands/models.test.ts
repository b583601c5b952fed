import { describe, expect, it } from "vitest";
import { findModel, findNearModels } from "./models.ts";

const choices = ["demo/scripted", "demo/scripted-two", "other/scripted", "hub/org/large"];

describe("findModel", () => {
  it.each([
    ["demo/scripted", "demo/scripted"],
    ["DEMO/Scripted", "demo/scripted"],
    ["scripted-two", "demo/scripted-two"],
    ["org/large", "hub/org/large"],
    ["scripted", undefined],
    ["large", undefined],
    ["", undefined],
  ])("%s means %s", (name, found) => {
    expect(findModel(name, choices)).toBe(found);
  });
});

describe("findNearModels", () => {
  it.each([
    ["scripted", ["demo/scripted", "demo/scripted-two", "other/scripted"]],
    ["scriptd-two", ["demo/scripted-two"]],
    ["demo/skripted", ["demo/scripted"]],
    ["large", ["hub/org/large"]],
    ["gpt-omega-nine", []],
    ["", []],
  ])("near %s are %j", (name, near) => {
    expect(findNearModels(name, choices)).toEqual(expect.arrayContaining(near));
    if (near.length < 2) expect(findNearModels(name, choices)).toHaveLength(near.length);
  });

  it("gives at most three, and compares no endless name", () => {
    const many = Array.from({ length: 50 }, (_, index) => `demo/model-${index}`);
    expect(findNearModels("model", many)).toHaveLength(3);
    expect(findNearModels("x".repeat(100_000), many)).toEqual([]);
  });
});
