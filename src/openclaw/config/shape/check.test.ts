import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject } from "../../../facts/json.ts";
import { ACCOUNT_SHAPE, AccountSchema } from "./account.ts";
import { findShapeFaults } from "./check.ts";

/** One value for each kind of key that there is. */
const account = {
  enabled: true,
  pat: { source: "env", provider: "default", id: "RC_PAT" },
  dm: { groupRooms: ["r1"] },
  allowFrom: ["u1", 2],
  rooms: {
    r1: {
      allowBots: "mentions",
      botLoopProtection: { maxEventsPerWindow: 3 },
      reactionTriggers: { eyes: "Look" },
      presenceEvents: { mode: "on", prompt: "x" },
      tools: { allow: ["read"] },
      toolsBySender: { u1: { deny: ["exec"] } },
    },
    "*": {},
  },
  reactionTriggers: { eyes: "Look" },
  mentionPatterns: { mode: "allow", allowIn: ["r1"] },
  textChunkLimit: 300,
  streaming: { mode: "partial", preview: { toolProgress: true }, progress: { label: false, maxLines: 2 } },
  markdown: { tables: "block" },
  capabilities: ["x"],
  healthMonitor: { enabled: true },
  heartbeatVisibility: { showOk: true },
  credentialCheckSeconds: 240,
  catchUp: { maxAgeMinutes: 0, maxMessagesPerRoom: 5_000 },
  replyToModeByChatType: { direct: "all" },
  dms: { u1: { historyLimit: 3 } },
  execApprovals: { enabled: "auto", agentFilter: ["a"] },
  tls: { caFile: "/a.pem" },
};

type Place = readonly (string | number)[];

/** The places of a value and of all that is in it. */
function placesIn(value: unknown, at: Place = []): Place[] {
  const members = Array.isArray(value) || isJsonObject(value) ? Object.entries(value) : [];
  return [at, ...members.flatMap(([key, member]) => placesIn(member, [...at, key]))];
}

function replaced(value: unknown, [key, ...rest]: Place, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (`${index}` === key ? replaced(item, rest, by) : item));
  // A place may have gone with an earlier change; JSON has no keys without a value.
  if (!isJsonObject(value) || (rest.length > 0 && !(key in value))) return value;
  return { ...value, [key]: replaced(value[key], rest, by) };
}

/** All keys of the shape and of what is in it that are words of JSON schema. */
function wordsOf(shape: unknown): string[] {
  if (Array.isArray(shape)) return shape.flatMap(wordsOf);
  if (!isJsonObject(shape)) return [];
  return Object.entries(shape).flatMap(([word, value]) => [
    word,
    ...(word === "properties" && isJsonObject(value)
      ? Object.values(value).flatMap(wordsOf)
      : wordsOf(value)),
  ]);
}

/** A reference's texts have patterns. */
const places = placesIn(account).filter(([key, member]) => key !== "pat" || member === undefined);
/** Names of keys that the shape has somewhere, and one that it has nowhere. */
const keys = [...new Set(places.flatMap((place) => place.at(-1) ?? [])), "historyLimit", "unknown", ""];
const leaf = fc.constantFrom(
  ...[null, true, "", "x", "on", "auto", "mentions", "x".repeat(20_001)],
  ...[0, -1, 1.5, 2, 100, 1e6, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
);
const anything = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom(...keys), fc.oneof(leaf, fc.constant({})), { maxKeys: 3 }),
);

describe("the check of a shape", () => {
  it("accepts an account with every kind of key", () => {
    expect(findShapeFaults(ACCOUNT_SHAPE, account)).toEqual([]);
    expect(AccountSchema.safeParse(account)).toMatchObject({ success: true });
  });

  it("finds a fault where the schema that the shape is made of finds one, and nowhere else", () => {
    const seen = { accepted: 0, refused: 0 };
    const change = fc.tuple(fc.constantFrom(...places), anything);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const value = changes.reduce<unknown>((before, [place, by]) => replaced(before, place, by), account);
        const { success } = AccountSchema.safeParse(value);
        seen[success ? "accepted" : "refused"] += 1;
        expect(findShapeFaults(ACCOUNT_SHAPE, value).length === 0).toBe(success);
      }),
      { numRuns: 5_000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
  });

  it("takes a key without a value for an absent one", () => {
    expect(findShapeFaults(ACCOUNT_SHAPE, { name: undefined })).toEqual([]);
    expect(findShapeFaults(ACCOUNT_SHAPE, { rooms: { r1: undefined } })).toEqual([]);
  });

  it("knows every word of JSON schema in the shape; those about the meaning of a text it leaves out", () => {
    const known = [
      ..."type properties additionalProperties propertyNames required items anyOf oneOf const enum".split(
        " ",
      ),
      ..."minimum maximum exclusiveMinimum minLength maxLength".split(" "),
    ];
    const others = wordsOf(ACCOUNT_SHAPE).filter((word) => !known.includes(word));
    expect([...new Set(others)].sort()).toEqual(["$schema", "pattern"]);
  });
});
