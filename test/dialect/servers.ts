// Owns the servers that texts are formatted for in tests, and the parsers that read what they are sent.

import { DEFAULT_KATEX } from "../../src/outbound/dialect/math.ts";
import type { FormatOptions } from "../../src/outbound/markdown.ts";
import { PARSERS } from "./rocketchat.ts";

export const OLD: FormatOptions = {
  tables: "code",
  modern: false,
  katex: DEFAULT_KATEX,
  limit: 5000,
  mode: "length",
};
export const MODERN: FormatOptions = { ...OLD, tables: "native", modern: true };

/** The older parsers are not those of a modern server. */
export const READINGS = [
  ...PARSERS.map((parser) => ({
    ...parser,
    server: "before 8.7",
    options: { ...OLD, ticksBreakFences: parser.version === "0.31.36" },
  })),
  ...PARSERS.slice(-1).map((parser) => ({ ...parser, server: "from 8.7 on", options: MODERN })),
];
