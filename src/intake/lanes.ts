// Owns doing work in order within a lane, and beside that of all other lanes.

export interface Lanes {
  /** Whether something of the lane is under way. */
  isBusy(key: string): boolean;
  /**
   * Does the work behind what its lane has under way; at once, and without a promise where it needs none, when that is
   * nothing. When work fails, what waits behind it fails with it.
   */
  run<T>(key: string, work: () => Promise<T> | T): Promise<T> | T;
}

export function createLanes(): Lanes {
  /** The last work of each lane that is under way. */
  const tails = new Map<string, Promise<unknown>>();

  return {
    isBusy: (key) => tails.has(key),
    run(key, work) {
      const ahead = tails.get(key);
      const result = ahead === undefined ? work() : ahead.then(work);
      if (!(result instanceof Promise)) return result;
      const leave = (): void => {
        if (tails.get(key) === result) tails.delete(key);
      };
      tails.set(key, result);
      result.then(leave, leave);
      return result;
    },
  };
}
