import { expect, it } from "vitest";
import { readApproval, readDecision } from "./approval.ts";
import { readCommand } from "./parse.ts";

it.each([
  ["!approve 1a2b allow-once", { id: "1a2b", decision: "allow-once" }],
  ["!approve 1a2b ALWAYS", { id: "1a2b", decision: "allow-always" }],
  ["!approve always 1a2b", { id: "1a2b", decision: "allow-always" }],
  ["!approve `1a2b` `deny`", { id: "1a2b", decision: "deny" }],
  ["!approve 1a2b", { id: "1a2b", decision: "allow-once" }],
  ["!approve plugin:1a2b allow-once", { id: "plugin:1a2b", decision: "allow-once" }],
  ["!deny 1a2b", { id: "1a2b", decision: "deny" }],
  ["!Deny 1a2b", { id: "1a2b", decision: "deny" }],
  ["!approve", undefined],
  ["!approve deny", undefined],
  ["!approve 1a2b perhaps", undefined],
  ["!approve 1a2b allow-once now", undefined],
  ["!deny", undefined],
  ["!deny 1a2b allow-once", undefined],
])("%s", (text, approval) => {
  const command = readCommand(text);
  expect(command && readApproval(command)).toEqual(approval);
});

it.each([
  [":thumbsup:", "allow-once"],
  [":+1:", "allow-once"],
  [":thumbsup_tone3:", "allow-once"],
  [":infinity:", "allow-always"],
  [":-1:", "deny"],
  [":thumbsdown_tone5:", "deny"],
  [":tada:", undefined],
  ["::", undefined],
])("the reaction %s decides %s", (emoji, decision) => expect(readDecision(emoji)).toBe(decision));
