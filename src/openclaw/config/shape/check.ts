// Owns checking a value against a shape, which is written in the part of JSON schema that the account's schema needs.

import { isJsonObject, type JsonObject, readNumber, readObject, readObjects } from "../../../facts/json.ts";

export type ShapeFault = { readonly path: (string | number)[]; readonly message: string };

/** Where the value is not of the shape. What its texts mean, a `pattern` or rules over several keys, is not asked here. */
export function findShapeFaults(
  shape: JsonObject,
  value: unknown,
  path: (string | number)[] = [],
): ShapeFault[] {
  const message = judgeValue(shape, value);
  if (message !== undefined) return [{ path, message }];
  if (Array.isArray(value)) {
    const items = readObject(shape, "items") ?? {};
    return value.flatMap((item, index) => findShapeFaults(items, item, [...path, index]));
  }
  return isJsonObject(value) ? findMemberFaults(shape, value, path) : [];
}

/** What is wrong with a value itself, whatever is in it. */
function judgeValue(shape: JsonObject, value: unknown): string | undefined {
  const choices = [...readObjects(shape, "anyOf"), ...readObjects(shape, "oneOf")];
  if (choices.length > 0)
    return choices.some((choice) => findShapeFaults(choice, value).length === 0)
      ? undefined
      : "Invalid input";
  const allowed: unknown[] = "const" in shape ? [shape.const] : Array.isArray(shape.enum) ? shape.enum : [];
  if (allowed.length > 0 && !allowed.includes(value))
    return `Invalid option: expected one of ${allowed.map((one) => JSON.stringify(one)).join("|")}`;
  const types: unknown[] = Array.isArray(shape.type) ? shape.type : [shape.type];
  if (!types.some((type) => isOfType(type, value))) return `Invalid input: expected ${types.join("|")}`;
  if (typeof value === "number") return judgeRange(shape, value, "");
  return typeof value === "string" ? judgeRange(lengthsOf(shape), value.length, " characters") : undefined;
}

function lengthsOf({ minLength, maxLength }: JsonObject): JsonObject {
  return { minimum: minLength, maximum: maxLength };
}

function judgeRange(shape: JsonObject, value: number, unit: string): string | undefined {
  const [least, most] = [readNumber(shape, "minimum"), readNumber(shape, "maximum")];
  const above = readNumber(shape, "exclusiveMinimum");
  if (least !== undefined && value < least) return `Too small: expected at least ${least}${unit}`;
  if (above !== undefined && value <= above) return `Too small: expected more than ${above}${unit}`;
  return most !== undefined && value > most ? `Too big: expected at most ${most}${unit}` : undefined;
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === "object") return isJsonObject(value);
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return Number.isFinite(value);
  return type === undefined || typeof value === type;
}

/** A key without a value counts as absent. */
function findMemberFaults(shape: JsonObject, value: JsonObject, path: (string | number)[]): ShapeFault[] {
  const properties = readObject(shape, "properties") ?? {};
  const other = readObject(shape, "additionalProperties");
  const names = readObject(shape, "propertyNames") ?? {};
  const required: unknown[] = Array.isArray(shape.required) ? shape.required : [];
  const missing = required.filter((key) => typeof key === "string" && value[key] === undefined);
  return [
    ...missing.map((key) => ({ path, message: `Missing key: "${key}"` })),
    ...Object.entries(value).flatMap(([key, member]) => {
      if (member === undefined) return [];
      const place = [...path, key];
      const own = Object.hasOwn(properties, key) ? readObject(properties, key) : undefined;
      if (own !== undefined) return findShapeFaults(own, member, place);
      if (shape.additionalProperties === false) return [{ path, message: `Unrecognized key: "${key}"` }];
      return [...findShapeFaults(names, key, place), ...findShapeFaults(other ?? {}, member, place)];
    }),
  ];
}
