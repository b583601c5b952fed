// Owns what a message is made of: blocks of lines that know how they begin.

import type { Token } from "./token.ts";

export interface Line {
  /** What the line begins with: a list marker, `> `, `# `, indentation. */
  readonly lead: string;
  /** What its next part begins with where the line is too long for one message. */
  readonly rest: string;
  readonly tokens: readonly Token[];
}

/** `apart` says whether an empty line stands before the block. */
export type Block =
  | {
      readonly kind: "text";
      readonly apart: boolean;
      readonly lines: readonly Line[];
      /** How many lines are the head of a table, which every message with a part of it shows. */
      readonly heads?: number;
    }
  | {
      readonly kind: "code";
      readonly apart: boolean;
      readonly info: string;
      readonly lines: readonly string[];
      readonly heads?: number;
    };

/** Where in lists and quotes a block stands. */
export interface Place {
  /** `""`, or a `> ` for each quote around. */
  readonly quote: string;
  /** How many list items are around. */
  readonly level: number;
}

export const TOP: Place = { quote: "", level: 0 };

/** Only there does Rocket.Chat read lists, headings, tables and mathematics. */
export function isTop({ quote, level }: Place): boolean {
  return quote === "" && level === 0;
}

/** Wider than a space and not collapsed by the clients: lists are flat, so this shows what is inside of what. */
const INDENT = "\u2003";

/** The space at the end is for Rocket.Chat's parser, which finds addresses only behind one. */
export function leadOf({ quote, level }: Place): string {
  return quote + INDENT.repeat(level) + (level > 0 ? " " : "");
}

export function textBlock(lines: readonly Line[], apart = true): Block {
  return { kind: "text", apart, lines };
}
