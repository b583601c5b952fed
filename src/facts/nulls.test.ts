// Owns the proof that null and absent are the same: servers with the setting `ignoreUndefined: false` store null.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChange, decodeRevision } from "./change.ts";
import { condenseMessage } from "./condense.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { decodeMessage } from "./message.ts";
import { decodePrune } from "./prune.ts";
import { decodeRoom } from "./room.ts";

/** A document somewhere in a recording: an object with an `_id`. */
function documentsIn(value: unknown, found: JsonObject[]): void {
  if (Array.isArray(value)) for (const one of value) documentsIn(one, found);
  if (!isJsonObject(value)) return;
  if (typeof value._id === "string") found.push(value);
  else for (const one of Object.values(value)) documentsIn(one, found);
}

function read(version: string): JsonObject[] {
  const file = new URL(`../../test/fixtures/recordings/rocketchat-${version}.jsonl.gz`, import.meta.url);
  const found: JsonObject[] = [];
  for (const line of gunzipSync(readFileSync(file)).toString().trim().split("\n")) {
    const dated = line
      .replace(/\{"\$date":"<date:(\d+)>"\}/g, '{"$date":$1000}')
      .replace(/"<date:(\d+)>"/g, (_, n: string) => JSON.stringify(new Date(Number(n) * 1000).toISOString()));
    const step: unknown = JSON.parse(dated);
    if (isJsonObject(step)) documentsIn([step.frame, isJsonObject(step.answer) && step.answer.body], found);
  }
  return found;
}

const isMessage = ({ rid, ts, u }: JsonObject) =>
  typeof rid === "string" && ts !== undefined && isJsonObject(u);
const isRoom = ({ t, msgs }: JsonObject) => typeof t === "string" && typeof msgs === "number";

/** Every fact that is read of a document. */
const factsOf = (document: unknown): unknown => [
  decodeMessage(document),
  decodeMessage(condenseMessage(document)),
  decodeRevision(document),
  decodeRoom(document),
  decodeChange(document),
  decodePrune(document),
];

/** By place (`attachments.0` is `attachments.*`): the keys seen there in any document. */
function keysByPlace(documents: readonly JsonObject[]): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  const walk = (value: unknown, place: string): void => {
    if (Array.isArray(value)) for (const one of value) walk(one, `${place}.*`);
    if (!isJsonObject(value)) return;
    const keys = places.get(place) ?? new Set();
    places.set(place, keys);
    for (const [key, one] of Object.entries(value)) {
      keys.add(key);
      walk(one, `${place}.${key}`);
    }
  };
  for (const document of documents) walk(document, "");
  return places;
}

/** The document again, some absent keys null and some null ones absent, as `choose` says of each. */
function blur(
  document: JsonObject,
  places: ReturnType<typeof keysByPlace>,
  choose: () => boolean,
): JsonObject {
  const walk = (value: unknown, place: string): unknown => {
    if (Array.isArray(value)) return value.map((one) => walk(one, `${place}.*`));
    if (!isJsonObject(value)) return value;
    const there = Object.entries(value).filter(([, one]) => one !== null || choose());
    const absent = [...(places.get(place) ?? [])].filter((key) => value[key] === undefined && choose());
    return {
      ...Object.fromEntries(there.map(([key, one]) => [key, walk(one, `${place}.${key}`)])),
      ...Object.fromEntries(absent.map((key) => [key, null])),
    };
  };
  const blurred = walk(document, "");
  return isJsonObject(blurred) ? blurred : {};
}

describe.each(["8.3", "7.7.1", "6.5.3"])("a document of Rocket.Chat %s", (version) => {
  const documents = read(version);

  it.each([
    ["message", isMessage],
    ["room", isRoom],
  ] as const)(
    "(%s) says the same when keys without a value are null, and when null ones are absent",
    (_, fits) => {
      const chosen = documents.filter(fits);
      expect(chosen.length).toBeGreaterThan(100);
      const places = keysByPlace(chosen);
      const property = fc.property(
        fc.constantFrom(...chosen),
        fc.infiniteStream(fc.boolean()),
        (document, coins) => {
          const blurred = blur(document, places, () => coins.next().value === true);
          expect(factsOf(blurred)).toEqual(factsOf(document));
        },
      );
      fc.assert(property, { numRuns: 1_000 });
      for (const document of chosen)
        expect(factsOf(blur(document, places, () => true))).toEqual(factsOf(document));
    },
  );
});
