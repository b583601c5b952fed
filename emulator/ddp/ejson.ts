// DDP's way to write dates into JSON: `{"$date": milliseconds}`.

/** A value as it stands in a frame: dates become `{$date}`, undefined keys vanish. */
export function toEjson(value: unknown): unknown {
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  if (Array.isArray(value)) return value.map(toEjson);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, toEjson(one)]));
}

/** The value of a frame: `{$date}` becomes a date. */
export function fromEjson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromEjson);
  if (!isRecord(value)) return value;
  const { $date } = value;
  if (typeof $date === "number" && Object.keys(value).length === 1) return new Date($date);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromEjson(one)]));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
