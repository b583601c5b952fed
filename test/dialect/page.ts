// Owns the tables of docs/FORMATTING.md, written from the cases.

import { formatMarkdown } from "../../src/outbound/markdown.ts";
import { CASES } from "./cases.ts";
import { MODERN } from "./servers.ts";

const BEGIN = "<!-- cases -->";

/** The page with everything behind its mark written anew. */
export function writeFormattingPage(page: string): string {
  const prose = page.slice(0, page.indexOf(BEGIN) + BEGIN.length);
  const sections = CASES.map(({ title, cases }) => {
    const rows = cases.map(({ markdown, posted }) => {
      const modern = formatMarkdown(markdown, MODERN).join("\n");
      const lines = [markdown, posted, ...(modern === posted ? [] : [modern])];
      return lines.map((line) => `    ${show(line)}`).join("\n");
    });
    return `### ${title}\n\n${rows.join("\n\n")}\n`;
  });
  return `${prose}\n\n${sections.join("\n")}`;
}

/** On one line, with the invisible named: `⏎` a line end, `·` a separator without width, `→` an indentation. */
function show(text: string): string {
  return text === ""
    ? "(nothing)"
    : text.replaceAll("\n", "⏎").replaceAll("\u200b", "·").replaceAll("\u2003", "→");
}
