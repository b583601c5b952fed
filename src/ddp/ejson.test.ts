// Owns the tests of EJSON.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEjson, encodeEjson } from "./ejson.ts";

describe("decodeEjson", () => {
  it.each([
    ["a date", { $date: 1_700_000_000_000 }, new Date(1_700_000_000_000)],
    ["a date at depth", { a: [{ ts: { $date: 5 } }] }, { a: [{ ts: new Date(5) }] }],
    ["bytes", { $binary: "aGk=" }, new Uint8Array([104, 105])],
    ["infinity", { $InfNaN: 1 }, Number.POSITIVE_INFINITY],
    ["minus infinity", { $InfNaN: -1 }, Number.NEGATIVE_INFINITY],
    ["not a number", { $InfNaN: 0 }, Number.NaN],
    ["an escaped object", { $escape: { $date: { $date: 5 } } }, { $date: new Date(5) }],
    [
      "a custom type, which stays",
      { $type: "oid", $value: "0123456789ab" },
      { $type: "oid", $value: "0123456789ab" },
    ],
    ["the missing date of a token that never expires", { $date: null }, { $date: null }],
    ["bytes that are no base64", { $binary: "%" }, { $binary: "%" }],
    ["an unknown infinity", { $InfNaN: 7 }, { $InfNaN: 7 }],
    ["an escape of no object", { $escape: 7 }, { $escape: 7 }],
    ["a date among other keys", { $date: 5, more: 1 }, { $date: 5, more: 1 }],
    ["a date as text", { $date: "2026-01-01" }, { $date: "2026-01-01" }],
  ])("reads %s", (_, value, decoded) => {
    expect(decodeEjson(value)).toEqual(decoded);
  });

  it("keeps a key __proto__ as data", () => {
    const decoded = decodeEjson(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(Object.keys(decoded ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  it("survives nesting without end", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    expect(() => decodeEjson(deep)).not.toThrow();
  });

  it("reads every JSON value without throwing", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void decodeEjson(value)));
  });
});

describe("encodeEjson", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
  );
  const key = fc.oneof(fc.string(), fc.constantFrom("$date", "$binary", "$InfNaN", "$escape", "$type"));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie("value")), fc.dictionary(key, tie("value"))),
  }));

  it("is undone by decodeEjson, through JSON", () => {
    fc.assert(
      fc.property(value, (original) => {
        const encoded: unknown = JSON.parse(JSON.stringify(encodeEjson(original)));
        expect(decodeEjson(encoded)).toEqual(normalize(original));
      }),
    );
  });
});

/** JSON has no negative zero, and a dictionary of fast-check no prototype. */
function normalize(value: unknown): unknown {
  if (Object.is(value, -0)) {
    return 0;
  }
  if (Array.isArray(value)) {
    return value.map(normalize);
  }
  return value !== null &&
    typeof value === "object" &&
    !(value instanceof Date || value instanceof Uint8Array)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normalize(item)]))
    : value;
}
