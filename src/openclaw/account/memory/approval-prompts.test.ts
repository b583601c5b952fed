import { afterEach, describe, expect, it } from "vitest";
import {
  askedIn,
  awaitPrompt,
  chooseApproval,
  findApprovalPrompt,
  forgetApprovalPrompt,
  isToldIn,
  noteApprovalPrompt,
  rememberApprovalPrompt,
} from "./approval-prompts.ts";

const FIRST = "3f0c1f6e-9d4b-4a51-8a6e-0d5b8c2e7a10";
const SECOND = "3f9d2a7b-1c3e-4f60-9b7d-5e6f70819203";
const UNSEEN = "b5a1c2d3-0000-4000-8000-1234567890ab";

/** As OpenClaw marks a question. */
const questionFor = (approvalId: string) => ({
  text: "Approval required.",
  channelData: { execApproval: { approvalId, approvalSlug: approvalId.slice(0, 8) } },
});

const ask = (messageId: string, approvalId: string, place: ReturnType<typeof askedIn>): void =>
  noteApprovalPrompt(questionFor(approvalId), [messageId], place);

const listed = (accountId: string, ...targets: string[]) => ({
  ...askedIn(accountId, ...targets),
  isListed: true,
});
const inDirect = (accountId: string, ...targets: string[]) => ({
  ...askedIn(accountId, ...targets),
  isListed: false,
});

afterEach(() => {
  for (const id of [FIRST, SECOND]) forgetApprovalPrompt(id);
});

it("is told by OpenClaw where OpenClaw asked, and nowhere else", () => {
  ask("m1", FIRST, askedIn("ops", "room:town"));
  rememberApprovalPrompt(SECOND, ["m2"], askedIn("ops", "room:town"));
  const told = (id: string, account: string, ...targets: string[]) =>
    isToldIn(id, askedIn(account, ...targets));
  expect([
    told(FIRST, "ops", "room:town"),
    told(FIRST, "ops", "room:lab", "user:alice"),
    told(FIRST, "sales", "room:town"),
    told(SECOND, "ops", "room:town"),
  ]).toEqual([true, false, false, false]);
});

describe("a question whose post is not answered yet", () => {
  it.each([
    ["a reaction", () => findApprovalPrompt("ops", "m1")],
    ["a command", () => chooseApproval(FIRST.slice(0, 8), inDirect("ops", "room:dm-alice"))],
  ])("is found by %s", async (_, look) => {
    const found = awaitPrompt(look);
    setImmediate(() => ask("m1", FIRST, askedIn("ops", "room:dm-alice")));
    expect(await found).toBe(FIRST);
  });
});

describe("which approval an id means", () => {
  it.each([FIRST, FIRST.slice(0, 8), "3"])(
    "completes %s to what the account asked, for a listed operator",
    (id) => {
      ask("m1", FIRST, askedIn("ops", "room:town"));
      expect(chooseApproval(id, listed("ops", "room:elsewhere"))).toBe(FIRST);
    },
  );

  it.each([FIRST, FIRST.slice(0, 8), "3"])("is nothing of another account's: %s", (id) => {
    ask("m1", FIRST, askedIn("ops", "room:town"));
    expect(chooseApproval(id, listed("guests", "room:town"))).toBeUndefined();
  });

  it.each([FIRST, FIRST.slice(0, 8), "3"])(
    "is for whom a direct message makes an operator what was asked there: %s",
    (id) => {
      ask("m1", FIRST, askedIn("ops", "user:alice-id"));
      ask("m2", FIRST, askedIn("ops", { kind: "room", id: "dm-alice" }));
      expect(chooseApproval(id, inDirect("ops", "room:dm-alice", "user:alice-id"))).toBe(FIRST);
      expect(chooseApproval(id, inDirect("ops", "room:dm-mallory", "user:mallory-id"))).toBeUndefined();
    },
  );

  it("is not told by the beginning of an id that was asked nowhere here, and a whole one by a listed operator alone", () => {
    for (const id of ["b", "b5a1c2d3", "plugin:b"]) expect(chooseApproval(id, listed("ops"))).toBeUndefined();
    expect(chooseApproval(UNSEEN, listed("ops"))).toBe(UNSEEN);
    expect(chooseApproval(`plugin:${UNSEEN}`, listed("ops"))).toBe(`plugin:${UNSEEN}`);
    expect(chooseApproval(UNSEEN, inDirect("ops", "room:dm-mallory"))).toBeUndefined();
  });

  it("is open where several begin so, of those alone that the person may decide about", () => {
    ask("m1", FIRST, askedIn("ops", "room:town"));
    ask("m2", SECOND, askedIn("ops", "room:dm-bob"));
    expect(chooseApproval("3f", listed("ops"))).toBe("ambiguous");
    expect(chooseApproval("3f", inDirect("ops", "room:dm-bob"))).toBe(SECOND);
    expect(chooseApproval(FIRST, listed("ops"))).toBe(FIRST);
  });
});

it("a message asks something of its own account's people alone", () => {
  ask("m1", FIRST, askedIn("ops", "room:town"));
  expect([findApprovalPrompt("ops", "m1"), findApprovalPrompt("guests", "m1")]).toEqual([FIRST, undefined]);
});
