// Owns the tests of what a person types at the demo's prompt.
import { expect, it } from "vitest";
import { readTypedLine } from "./typed-line.ts";

it.each([
  ["dm hello there", { kind: "post", to: "dm", text: "hello there" }],
  ["  general  @openclaw-bot hi ", { kind: "post", to: "general", text: "@openclaw-bot hi" }],
  ["thread more", { kind: "post", to: "thread", text: "more" }],
  ["approve ABCD1234", { kind: "approve", code: "ABCD1234" }],
  ["status", { kind: "status" }],
  ["quit", { kind: "quit" }],
  ["", { kind: "nothing" }],
  ["help", { kind: "help" }],
  ["dm", { kind: "help" }],
  ["approve", { kind: "help" }],
  ["what now", { kind: "help" }],
])("%j is read as %j", (line, expected) => {
  expect(readTypedLine(line)).toEqual(expected);
});
