import { expect, it } from "vitest";
import { judgeConversation, judgeNetwork } from "./verdicts.ts";

it("says in one line how many answers came as expected", () => {
  const good = { what: "a", failure: undefined };
  expect(judgeConversation([good, good])).toEqual({ held: true, text: "2 of 2 as expected" });
  expect(judgeConversation([good, { what: "b", failure: "late" }])).toEqual({
    held: false,
    text: "1 of 2 as expected; what failed is marked above",
  });
});

it("takes what OpenClaw always asks for, and is kept from, for no failure", () => {
  const refusals = [{ attempt: "lookup clawhub.ai", program: "openclaw gateway" }];
  const { held, text } = judgeNetwork({ processes: 3, refusals }, []);
  expect(held).toBe(true);
  expect(text).toContain("0 connections outside loopback (3 processes watched)");
  expect(text).not.toContain("refused");
});

it("names what nobody expected, and fails", () => {
  const refusals = [{ attempt: "lookup example.org", program: "node" }];
  const { held, text } = judgeNetwork({ processes: 1, refusals }, ["chat.example.org"]);
  expect(held).toBe(false);
  expect(text).toContain("outside loopback and chat.example.org");
  expect(text).toContain("not expected, and stopped: lookup example.org by node");
});
