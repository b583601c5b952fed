// Owns the test that a frame alone decides nothing else than its document would.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyFrame, recordedFrames } from "../../test/fixtures/frames.ts";
import { knowing } from "../../test/support/knowledge.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { decodeRevision } from "../facts/change.ts";
import { FrameReader } from "../facts/frame.ts";
import { decodeMessage } from "../facts/message.ts";
import type { AccountSettings } from "../settings.ts";
import { refuseFrame } from "./glance.ts";
import { type Grounds, receive } from "./receive.ts";

const DOCUMENTS = 100_000;

const parents: Readonly<Record<string, string | undefined>> = { m1: "served", m2: "unknown" };
const known = knowing({ parentOf: (roomId) => parents[roomId] });

/** Accounts that serve some rooms, all but some, or none. */
const ACCOUNTS: readonly Grounds[] = [
  { rooms: new Map([["served", {}]]) },
  { rooms: new Map([["served", { enabled: false }]]), groupPolicy: "open" as const },
  { groupPolicy: "disabled" as const, bots: new Set(["helper"]) },
  { rooms: new Map([["#town", {}]]), pendingNames: new Set(["#town"]) },
  { userId: "alice", allowBots: true, bots: new Set(["bot"]), requireMention: false },
].map((changes: Partial<AccountSettings>) => ({ settings: accountSettings(changes), known }));

const reader = new FrameReader();

/** What is wrong with how a frame was read, by each account; empty when nothing is. Counts what was refused. */
function faultsOf(text: string, counts: Record<string, number> = {}): string[] {
  const frame = reader.read(text);
  if (frame === undefined) return [];
  const args = parse(text);
  // A frame that is no JSON is dropped either way.
  if (args === undefined) return [];
  const [message, room] = args;
  const read = frame.message();
  const asParsed =
    isDeepStrictEqual(frame.room, room) &&
    isDeepStrictEqual(decodeMessage(read), decodeMessage(message)) &&
    isDeepStrictEqual(decodeRevision(read), decodeRevision(message));
  const faults = asParsed ? [] : [`${text} is read as ${JSON.stringify(read)}`];
  for (const grounds of ACCOUNTS) {
    const refusal = refuseFrame(frame, grounds);
    if (refusal === undefined) continue;
    const receipt = receive({ message, room }, grounds);
    const reason = receipt.kind === "dropped" ? receipt.reason : receipt.kind;
    counts[reason] = (counts[reason] ?? 0) + 1;
    if (reason !== refusal.reason)
      faults.push(`${text} is refused as ${refusal.reason}, and not as ${reason}`);
    if (isOwn(message, grounds)) faults.push(`${text} is the bot user's own`);
  }
  return faults;
}

function parse(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text).fields.args;
  } catch {
    return undefined;
  }
}

const isOwn = (message: unknown, { settings }: Grounds): boolean =>
  decodeMessage(message)?.sender.id === settings.userId;

it(`${DOCUMENTS} documents are read from their frames as they are parsed, and dropped only as they would be`, () => {
  const counts: Record<string, number> = {};
  fc.assert(
    fc.property(anyFrame, (text) => {
      const faults = faultsOf(text, counts);
      if (faults.length > 0) throw new Error(faults.join("\n"));
    }),
    { numRuns: DOCUMENTS },
  );
  expect(counts["not-a-member"]).toBeGreaterThan(DOCUMENTS / 10);
  expect(counts["room-not-allowed"]).toBeGreaterThan(DOCUMENTS / 10);
  expect(Object.keys(counts)).toHaveLength(2);
}, 240_000);

it("the recordings are read from their frames as they are parsed, and dropped only as they would be", () => {
  expect(recordedFrames().flatMap((text) => faultsOf(text))).toEqual([]);
});
