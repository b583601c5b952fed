// Owns reading values of unknown shape: each reader answers the value of the asked type, or undefined.

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readObject(from: JsonObject, key: string): JsonObject | undefined {
  const value = from[key];
  return isJsonObject(value) ? value : undefined;
}

/** A non-empty string, or undefined. Rocket.Chat sends `""` and `null` where it means "none". */
export function readText(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The writer of a message chooses its `_id` and `tmid` freely (recording `send-idempotency`), and both become parts of
 * session keys and of what the agent is told. Nobody else's ids have blanks or line ends in them, or are longer, or read
 * like the part of a session key that names a thread.
 */
const ID = /^[\x21-\x7e]{1,128}$/;
const KEY_PART = /:thread|thread:/i;

/** An id of a message, or undefined where it has not the form of one. */
export function readId(from: JsonObject, key: string): string | undefined {
  const id = readText(from, key);
  if (id === undefined || !ID.test(id)) return undefined;
  return id.includes(":") && KEY_PART.test(id) ? undefined : id;
}

/** Whether an optional id is absent or has the form of one. */
export function mayBeId(from: JsonObject, key: string): boolean {
  return readText(from, key) === undefined || readId(from, key) !== undefined;
}

export function readNumber(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/**
 * The members of an array that are objects; an absent or malformed array reads as empty. `most`: of a longer array only so
 * many are looked at.
 */
export function readObjects(from: JsonObject, key: string, most?: number): readonly JsonObject[] {
  const value = from[key];
  if (!Array.isArray(value) || value.length === 0) return NO_OBJECTS;
  return (most === undefined ? value : value.slice(0, most)).filter(isJsonObject);
}

/** Most lists of a message are empty, and every message is read. */
const NO_OBJECTS: readonly JsonObject[] = [];

/** The members of an array that are strings; undefined when there is no array. */
export function readTexts(from: JsonObject, key: string): readonly string[] | undefined {
  const value = from[key];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : undefined;
}

/**
 * A point in time as epoch milliseconds. The stream writes `{"$date": ms}`, REST writes ISO text, some
 * fields are plain numbers (recordings `public-message`, `history`).
 */
export function readInstant(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value instanceof Date) return numberOrUndefined(value.getTime());
  if (typeof value === "string") return numberOrUndefined(Date.parse(value));
  return isJsonObject(value) ? readNumber(value, "$date") : undefined;
}

function numberOrUndefined(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
