// Owns fenced code: its content is never changed.

import { type Block, type Line, textBlock } from "./block.ts";
import type { Token } from "./token.ts";
import { cutWord } from "./words.ts";

export const FENCE = "```";

/** Words for languages whose usual name has signs that Rocket.Chat does not take behind a fence. */
const LANGUAGES: Readonly<Record<string, string>> = {
  "c++": "cpp",
  "c#": "csharp",
  "f#": "fsharp",
  "objective-c++": "objectivec",
};
const MAX_INFO_UNITS = 30;

/** The language of an info string; everything else in it would make the block plain text. */
export function readLanguage(info: string): string {
  const word = /[a-z][\w+#.-]*/i.exec(info)?.[0].toLowerCase() ?? "";
  const language = LANGUAGES[word] ?? word.replace(/[+#]/g, "");
  return language.slice(0, MAX_INFO_UNITS);
}

/** A block that a fence opens on its first line; the closing one may be missing. */
export function readFenced(text: string): Block[] {
  const [opening = "", ...lines] = text.split("\n");
  const [, fence = "", info = ""] = /^(`+|~+)(.*)/.exec(opening) ?? [];
  const last = lines.at(-1)?.trim() ?? "";
  const isClosed = last.length >= fence.length && last === fence.slice(0, 1).repeat(last.length);
  return readCodeBlock(lines.slice(0, isClosed ? -1 : undefined).join("\n"), readLanguage(info));
}

/** A fence holds no three backticks in a row; lines that have them stand as text between two code blocks. */
export function readCodeBlock(value: string, info: string): Block[] {
  const blocks: Block[] = [];
  let run: string[] = [];
  const flush = (): void => {
    if (run.join("") !== "" || run.length > 1)
      blocks.push({ kind: "code", apart: blocks.length === 0, info, lines: run });
    run = [];
  };
  for (const line of value.split("\n")) {
    if (!line.includes(FENCE)) {
      run.push(line);
      continue;
    }
    flush();
    blocks.push(textBlock([literalLine(line)], blocks.length === 0));
  }
  flush();
  return blocks;
}

/** The line as text, each character of it that could be markup escaped. */
function literalLine(text: string): Line {
  const tokens = text.split(/([*_~`]|[ \t]+)/).flatMap((piece): Token[] => {
    if (piece === "") return [];
    if (/^[*_~`]$/.test(piece)) return [{ kind: "glue", text: `\\${piece}`, marks: [] }];
    if (/^[ \t]/.test(piece)) return [{ kind: "space", text: piece, marks: [] }];
    return [{ kind: "word", text: piece, marks: [], cut: (limit) => cutWord(piece, limit) }];
  });
  return { lead: "", rest: "", tokens };
}
