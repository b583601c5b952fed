// Owns a queue with one reader, who waits when it is empty.

export class Mailbox<T> {
  readonly #weigh: (item: T) => number;
  #items: T[] = [];
  #weight = 0;
  #reader: ((item: T | undefined) => void) | undefined;
  #closed = false;

  /** `weigh`: how much an item adds to `weight`; nothing when absent. */
  constructor(weigh: (item: T) => number = () => 0) {
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Of all that waits together. */
  get weight(): number {
    return this.#weight;
  }

  /** Appends; false when the mailbox is closed and the item was not taken. */
  push(item: T): boolean {
    return this.#add(item, (items) => items.push(item));
  }

  /** Puts before everything that waits; false when the mailbox is closed. */
  pushFirst(item: T): boolean {
    return this.#add(item, (items) => items.unshift(item));
  }

  /** The next item, if one waits. */
  takeNow(): T | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#weight -= this.#weigh(item);
    return item;
  }

  /** The next item; undefined when the mailbox is closed and empty. For one reader at a time. */
  take(): Promise<T | undefined> {
    if (this.#items.length > 0 || this.#closed) return Promise.resolve(this.takeNow());
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  /** Removes and returns what waits. */
  clear(): T[] {
    const items = this.#items;
    this.#items = [];
    this.#weight = 0;
    return items;
  }

  /** Takes nothing more; what waits can still be read. */
  close(): void {
    this.#closed = true;
    this.#hand(undefined);
  }

  #add(item: T, insert: (items: T[]) => void): boolean {
    if (this.#closed) return false;
    if (!this.#hand(item)) {
      insert(this.#items);
      this.#weight += this.#weigh(item);
    }
    return true;
  }

  #hand(item: T | undefined): boolean {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(item);
    return reader !== undefined;
  }
}
