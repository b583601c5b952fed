// Owns EJSON, Meteor's spelling of values that JSON lacks: dates, bytes, infinities.

/** Nesting up to which values are looked at; deeper ones stay as they came, so no frame can exhaust the stack. */
const MAX_DEPTH = 100;

const NON_FINITE = new Map<unknown, number>([
  [1, Number.POSITIVE_INFINITY],
  [-1, Number.NEGATIVE_INFINITY],
  [0, Number.NaN],
]);

const WRAPPER_KEYS = new Set(["$date", "$binary", "$InfNaN", "$escape"]);

/**
 * Parsed JSON -> values: `{"$date": ms}` -> Date, `{"$binary": base64}` -> Uint8Array, `{"$InfNaN": 1 | -1 | 0}` ->
 * Infinity, -Infinity, NaN, `{"$escape": {…}}` -> the object itself. Custom types (`{"$type", "$value"}`) and wrappers with a
 * content that is none, like the `{"$date": null}` of a token that never expires (recording login-resume), stay as they
 * are. Never throws.
 */
export function decodeEjson(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => decodeEjson(item, depth + 1));
  const [entry, ...others] = Object.entries(value);
  if (entry !== undefined && others.length === 0 && WRAPPER_KEYS.has(entry[0])) {
    return decodeWrapper(value, entry, depth);
  }
  return mapValues(value, (item) => decodeEjson(item, depth + 1));
}

/** Values -> what `JSON.stringify` can carry; the reverse of `decodeEjson`. */
export function encodeEjson(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $InfNaN: Number.isNaN(value) ? 0 : Math.sign(value) };
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) {
    return { $date: value.getTime() };
  }
  if (value instanceof Uint8Array) {
    return { $binary: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join("")) };
  }
  if (Array.isArray(value)) return value.map(encodeEjson);
  const encoded = mapValues(value, encodeEjson);
  const keys = Object.keys(encoded);
  return keys.length === 1 && WRAPPER_KEYS.has(keys[0] ?? "") ? { $escape: encoded } : encoded;
}

function decodeWrapper(wrapper: object, [key, content]: [string, unknown], depth: number): unknown {
  if (key === "$date") return typeof content === "number" ? new Date(content) : wrapper;
  if (key === "$binary") return typeof content === "string" ? (decodeBase64(content) ?? wrapper) : wrapper;
  if (key === "$InfNaN") return NON_FINITE.get(content) ?? wrapper;
  return typeof content === "object" && content !== null && !Array.isArray(content)
    ? mapValues(content, (item) => decodeEjson(item, depth + 1))
    : wrapper;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** `fromEntries` defines own properties, so a key `__proto__` from the wire stays data. */
function mapValues(object: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
