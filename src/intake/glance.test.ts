// Owns the test that a frame alone decides nothing else than its document would, and lets the same be remembered.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyFrame, recordedFrames } from "../../test/fixtures/frames.ts";
import { knowing } from "../../test/support/knowledge.ts";
import { memoryLedger } from "../../test/support/ledger.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { decodeRevision } from "../facts/change.ts";
import { FrameReader, type MessageFrame } from "../facts/frame.ts";
import { decodeMessage } from "../facts/message.ts";
import type { AccountSettings } from "../settings.ts";
import { readIdle, refuseFrame } from "./glance.ts";
import { createKnownMessages } from "./known.ts";
import { type Grounds, type RawMessageEvent, receive } from "./receive.ts";
import { createWatch } from "./watch.ts";

const DOCUMENTS = 100_000;
/** Of which several follow one another. */
const IN_SEQUENCES = 40_000;

const parents: Readonly<Record<string, string | undefined>> = { m1: "served", m2: "unknown" };
const known = knowing({
  parentOf: (roomId) => parents[roomId],
  threadRole: (threadId) => (threadId === "alice" ? "participant" : undefined),
  isOwnTeam: () => undefined,
  matchesPattern: ({ text }) => text.includes("漢"),
});

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
  const head = reader.read(text);
  // A frame that is no JSON is dropped either way.
  const args = parse(text);
  if (head === undefined || args === undefined) return [];
  const [message, room] = args;
  const frame = head.open();
  const read = frame?.message();
  const asParsed =
    frame === undefined ||
    (isDeepStrictEqual(frame.room, room) &&
      isDeepStrictEqual(decodeMessage(read), decodeMessage(message)) &&
      isDeepStrictEqual(decodeRevision(read), decodeRevision(message)));
  const faults = asParsed ? [] : [`${text} is read as ${JSON.stringify(read)}`];
  for (const grounds of ACCOUNTS) {
    const refusal = refuseFrame(head, grounds);
    if (refusal === undefined) continue;
    const receipt = receive({ message, room }, grounds);
    counts[refusal.reason] = (counts[refusal.reason] ?? 0) + 1;
    if (receipt.kind !== "dropped") faults.push(`${text} is refused as ${refusal.reason}, and not taken`);
    else if ((refusal.reason === "not-a-member") !== (receipt.reason === "not-a-member"))
      faults.push(`${text} is refused as ${refusal.reason}, and not as ${receipt.reason}`);
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

/** What an account makes of documents that come one after the other, and what it remembers of them. */
class World {
  readonly #grounds: Grounds;
  readonly #known = createKnownMessages();
  readonly #ledger = memoryLedger();
  readonly #watch = createWatch({
    known: this.#known,
    ledger: this.#ledger,
    parentOf: (roomId) => parents[roomId],
  });

  constructor(grounds: Grounds) {
    this.#grounds = grounds;
  }

  /** The whole way. */
  read(event: RawMessageEvent): string[] {
    const { events, keep } = this.#watch.read(event, this.#grounds.settings);
    const receipts = events.map((one) => receive(one, this.#grounds));
    const outcomes = receipts.map((receipt) => (receipt.kind === "dropped" ? receipt.reason : receipt.kind));
    keep(receipts.every(({ kind }) => kind === "dropped") ? "not-mentioned" : "stored");
    return outcomes;
  }

  /** By the frame; undefined when that does not suffice. */
  pass(frame: MessageFrame): string[] | undefined {
    const idle = readIdle(frame, this.#grounds);
    return idle && this.#watch.passBy(idle, this.#grounds.settings) ? ["not-mentioned"] : undefined;
  }

  memory(): unknown {
    this.#ledger.flush();
    return { known: [...this.#known.list()], judged: this.#ledger.written };
  }
}

/** What differs when an account takes frames as such, from when it takes their documents. Counts what passes by. */
function differencesOf(texts: readonly string[], counts: { passed: number }): string[] {
  return ACCOUNTS.flatMap((grounds) => {
    const [short, long] = [new World(grounds), new World(grounds)];
    return texts.flatMap((text) => {
      const frame = reader.read(text)?.open();
      const args = parse(text);
      if (frame === undefined || args === undefined) return [];
      const [message, room] = args;
      const outcomes = long.read({ message, room });
      const passed = short.pass(frame);
      if (passed === undefined) short.read({ message, room });
      else counts.passed += 1;
      const same =
        isDeepStrictEqual(passed ?? outcomes, outcomes) && isDeepStrictEqual(short.memory(), long.memory());
      return same ? [] : [`${text} comes to ${passed}, and not to ${outcomes}, or is remembered otherwise`];
    });
  });
}

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

it(`${IN_SEQUENCES} documents pass by only as they would be dropped and remembered`, () => {
  const counts = { passed: 0 };
  const [length, numRuns] = [4, IN_SEQUENCES / 4];
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: length, maxLength: length }), (texts) => {
      const differences = differencesOf(texts, counts);
      if (differences.length > 0) throw new Error(differences.join("\n"));
    }),
    { numRuns },
  );
  expect(counts.passed).toBeGreaterThan(IN_SEQUENCES / 50);
}, 480_000);

it("the recordings pass by only as they would be dropped and remembered", () => {
  const counts = { passed: 0 };
  const frames = recordedFrames();
  expect(differencesOf(frames, counts)).toEqual([]);
  expect(frames.flatMap((text) => differencesOf([text], counts))).toEqual([]);
  expect(counts.passed).toBeGreaterThan(100);
});

it("the recordings are read from their frames as they are parsed, and dropped only as they would be", () => {
  expect(recordedFrames().flatMap((text) => faultsOf(text))).toEqual([]);
});
