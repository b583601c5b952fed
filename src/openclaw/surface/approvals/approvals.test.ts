import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { describe, expect, it } from "vitest";
import { accountSettings } from "../../../../test/support/settings.ts";
import { sendingFor, shareSending } from "../../account/sending.ts";
import { approvalCapability } from "./capability.ts";
import { asksOperators, shouldAsk } from "./policy.ts";
import { formatQuestion } from "./questions.ts";

const ACCOUNT = { serverUrl: "https://chat.example.org", userId: "bot", username: "labbot", pat: "a-token" };
const ON = { commandAllowFrom: ["HdaXZoiFxNLYR3LTY"], execApprovals: { enabled: "auto" } };

const configure = (section: object): OpenClawConfig => ({
  channels: { rocketchat: { ...ACCOUNT, ...section } },
});

const requestOf = (changes: object = {}) => ({
  id: "1f0c",
  createdAtMs: 0,
  expiresAtMs: 1,
  request: {
    command: "echo lantern",
    agentId: "main",
    sessionKey: "agent:main:rocketchat:channel:town",
    turnSourceChannel: "rocketchat",
    turnSourceTo: "room:town",
    turnSourceAccountId: "default",
    ...changes,
  },
});

const withKeys = (keys: object) => ({ ...ON, execApprovals: { enabled: true, ...keys } });

describe("an approval is asked for here", () => {
  it.each([
    ["unless told so", {}, false],
    ["without an operator", { execApprovals: { enabled: true } }, false],
    ["of everybody", { ...ON, commandAllowFrom: ["*"] }, false],
    ["where it is off", withKeys({ enabled: false }), false],
    ["by the operators", ON, true],
    ["by an account alone", { accounts: { default: ON } }, true],
    ["for another agent", withKeys({ agentFilter: ["ops"] }), false],
    ["for this agent", withKeys({ agentFilter: ["main"] }), true],
    ["for another session", withKeys({ sessionFilter: ["channel:plaza"] }), false],
    ["for this session", withKeys({ sessionFilter: ["channel:town"] }), true],
  ])("%s, %j: %s", (_title, section, expected) => {
    const cfg = configure(section);
    expect(shouldAsk({ cfg, accountId: "default", request: requestOf() })).toBe(expected);
  });

  it.each([
    [{ turnSourceChannel: "slack", turnSourceTo: "channel:C1" }, false],
    [{ turnSourceAccountId: "ops" }, false],
    [{ turnSourceChannel: null, turnSourceTo: null, turnSourceAccountId: null }, true],
  ])("where the agent was asked %j: %s", (place, expected) => {
    const cfg = configure(ON);
    expect(shouldAsk({ cfg, accountId: "default", request: requestOf(place) })).toBe(expected);
  });
});

describe("the question", () => {
  it("goes to each operator whose id is known, and to where the agent was asked", async () => {
    const cfg = configure({ ...ON, commandAllowFrom: [...ON.commandAllowFrom, "@bob", "user:Carol1", "*"] });
    const params = { cfg, accountId: "default", approvalKind: "exec" as const, request: requestOf() };
    const { native } = approvalCapability;
    expect(asksOperators(params)).toBe(true);
    expect(await native?.resolveApproverDmTargets?.(params)).toEqual([
      { to: "user:HdaXZoiFxNLYR3LTY" },
      { to: "user:Carol1" },
    ]);
    expect(await native?.resolveOriginTarget?.(params)).toEqual({ to: "room:town", threadId: null });
  });

  it("goes to who was looked up by name, whoever has the name now", async () => {
    const cfg = configure({ ...ON, commandAllowFrom: ["@bob", "@nobody"] });
    const params = { cfg, accountId: "default", approvalKind: "exec" as const, request: requestOf() };
    const settings = accountSettings({ commandAllowFrom: ["NjsSRD5cz6D6LfCqz", "@nobody"] });
    const unshare = shareSending("default", { ...sendingFor(settings), readSettings: () => settings });
    const targets = await approvalCapability.native?.resolveApproverDmTargets?.(params);
    unshare();
    expect(targets).toEqual([{ to: "user:NjsSRD5cz6D6LfCqz" }]);
    expect(await approvalCapability.native?.resolveApproverDmTargets?.(params)).toEqual([]);
  });

  it.each([
    [undefined, "approver-dm"],
    ["channel", "origin"],
    ["both", "both"],
  ])("goes, with target %j, to %s", (target, preferredSurface) => {
    const cfg = configure(withKeys(target === undefined ? {} : { target }));
    const params = { cfg, accountId: "default", approvalKind: "exec" as const, request: requestOf() };
    expect(approvalCapability.native?.describeDeliveryCapabilities(params)).toMatchObject({
      enabled: true,
      preferredSurface,
    });
  });

  it("shows a command that holds code blocks of its own as one", () => {
    const text = formatQuestion({
      approvalId: "1f0c",
      approvalKind: "exec",
      phase: "pending",
      title: "",
      metadata: [{ label: "Agent", value: "main" }],
      commandText: "cat <<E\n```\nhi\n```\nE",
      actions: [
        { decision: "allow-once", label: "", style: "success", command: "" },
        { decision: "deny", label: "", style: "danger", command: "" },
      ],
      expiresAtMs: 1,
    });
    expect(text).toContain("````\ncat <<E\n```\nhi\n```\nE\n````");
    expect(text.split("\n").slice(-3)).toEqual([
      "Agent: main",
      "ID: 1f0c",
      "Reply with: /approve 1f0c allow-once|deny",
    ]);
  });
});
