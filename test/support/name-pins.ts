// Owns what names mean where no file keeps it: as long as the test that made it.

import type { NamePins } from "../../src/intake/names.ts";

export class MemoryPins implements NamePins {
  #ids: ReadonlyMap<string, string> = new Map();

  read(): ReadonlyMap<string, string> {
    return this.#ids;
  }

  write(ids: ReadonlyMap<string, string>): void {
    this.#ids = new Map(ids);
  }
}
