// Owns the numbers that a seed draws.

export interface Random {
  /** In [0, 1). */
  next(): number;
  upTo(count: number): number;
  pick<T>(list: readonly T[]): T;
}

/** The same numbers for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (count: number): number => Math.floor(next() * count);
  return {
    next,
    upTo,
    pick<T>(list: readonly T[]): T {
      const found = list[upTo(list.length)];
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
  };
}
