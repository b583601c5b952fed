import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatHelp,
  formatModels,
  formatRefusal,
  formatStatus,
  formatStopped,
  formatUnknown,
  formatUnknownModel,
  type StatusFacts,
} from "./replies.ts";

const now = Date.UTC(2026, 0, 2, 12, 0);
const status: StatusFacts = {
  agent: "Clawd",
  model: "demo/scripted",
  session: { startedAt: now - 5 * 60_000, usedTokens: 3210, contextTokens: 128_000 },
  running: [
    { sender: "alice", sentAt: now - 12_000 },
    { sender: "bob", sentAt: now - 1000 },
  ],
  waiting: 1,
  account: "default",
  link: { state: "ready", connectedAt: now - 26 * 3_600_000 },
  words: ["help", "status"],
};

describe("formatStatus", () => {
  it("says everything in five short lines", () => {
    expect(formatStatus(status, now)).toBe(
      [
        "Agent Clawd, model `demo/scripted`",
        "Session: 5 min old, context 3.2k of 128k (3 %)",
        "Now: answering alice for 12 s, 2 waiting",
        "Account default: connected since 2026-01-01 10:00 UTC (1 d)",
        "You may use `!help` `!status`",
      ].join("\n"),
    );
  });

  it.each([
    ["no session", { session: undefined }, "Session: not begun"],
    [
      "an unknown context use",
      { session: { startedAt: undefined, usedTokens: undefined, contextTokens: undefined } },
      "Session: age unknown, context use not known yet",
    ],
    [
      "an unknown context size",
      { session: { startedAt: now, usedTokens: 999, contextTokens: undefined } },
      "Session: 0 s old, context 999",
    ],
    ["nothing to do", { running: [], waiting: 0 }, "Now: idle, nothing waiting"],
    [
      "a lost link",
      { link: { state: "recovering", connectedAt: 5 } },
      "Account default: not connected (recovering)",
    ],
    [
      "a link of unknown age",
      { link: { state: "ready", connectedAt: undefined } },
      "Account default: connected",
    ],
  ])("names %s", (_, change, line) => {
    expect(formatStatus({ ...status, ...change }, now).split("\n")).toContain(line);
  });
});

describe("the other replies", () => {
  it("never begin like a command, so that no bot takes them for one", () => {
    const replies = [
      formatStatus(status, now),
      formatHelp(["help", "stop"]),
      formatRefusal("stop", { chatType: "channel", operatorsListed: false }),
      formatUnknown("deploy"),
      formatStopped({ senders: ["alice"], otherRun: false, dropped: 0 }),
      formatModels({ current: "demo/a", choices: [] }),
      formatUnknownModel("x", []),
    ];
    for (const reply of replies) expect(reply).not.toMatch(/^\s*!/);
  });

  it.each([
    [{ chatType: "channel", operatorsListed: true }, "is for the command operators of this bot"],
    [{ chatType: "channel", operatorsListed: false }, "this bot has none"],
    [{ chatType: "group", operatorsListed: false }, "this bot has none"],
    [{ chatType: "direct", operatorsListed: false }, "people who are paired or in `allowFrom`"],
  ] as const)("refuse in one line that names the command and who may: %j", (place, who) => {
    const line = formatRefusal("model", place);
    expect(line).toContain("`!model`");
    expect(line).toContain(who);
    expect(line).not.toContain("\n");
  });

  it.each([
    [{ senders: ["alice"], otherRun: true, dropped: 0 }, "Stopped the answer to alice."],
    [
      { senders: ["alice", "bob", "alice"], otherRun: false, dropped: 2 },
      "Stopped the answer to alice and bob, and dropped 2 messages waiting.",
    ],
    [{ senders: [], otherRun: true, dropped: 0 }, "Stopped the agent's run here."],
    [{ senders: [], otherRun: false, dropped: 1 }, "Nothing was running; dropped 1 message waiting."],
    [{ senders: [], otherRun: false, dropped: 0 }, "Nothing is running here."],
  ])("say what a stop ended: %j", (stopped, text) => {
    expect(formatStopped(stopped)).toBe(text);
  });

  it("list twenty models and count the rest", () => {
    const choices = Array.from({ length: 23 }, (_, index) => `demo/m${index}`);
    expect(formatModels({ current: "demo/m1", choices })).toMatch(/`demo\/m19` and 3 more\.$/);
    expect(formatModels({ current: "demo/m1", choices: [] })).toContain("no other");
  });

  it("say back what was typed only in part and as code", () => {
    expect(formatUnknownModel(`\`*x*\`${"y".repeat(500)}`, ["demo/x"]).length).toBeLessThan(120);
    expect(formatUnknownModel("x", ["demo/x"])).toBe("There is no model `x`. Similar: `demo/x`.");
  });

  it.each([
    [-5000, "0 s"],
    [59_000, "59 s"],
    [60_000, "1 min"],
    [2 * 3_600_000, "2 h"],
    [3 * 86_400_000, "3 d"],
  ])("tell %d ms as %s", (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});
