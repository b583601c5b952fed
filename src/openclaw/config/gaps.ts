// Owns leaving out keys that are there without a value, so that they hide none that comes after them.

type Filled<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The keys that have a value. */
export function withoutGaps<T extends object>(keys: T): Filled<T> {
  const filled: Filled<T> = { ...keys };
  for (const key in keys) if (keys[key] === undefined) delete filled[key];
  return filled;
}
