// Owns writing src/outbound/emoji-table.ts from emoji-toolkit, whose names are those of Rocket.Chat.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Entry {
  readonly shortname: string;
  readonly shortname_alternates: readonly string[];
  readonly diversity_children: readonly string[];
}

const source = fileURLToPath(import.meta.resolve("emoji-toolkit/emoji.json"));
const target = fileURLToPath(new URL("../src/outbound/emoji-table.ts", import.meta.url));
const entries: Record<string, Entry> = JSON.parse(readFileSync(source, "utf8"));

const bare = (name: string): string => name.slice(1, -1);

/** Whether the skin tones of an emoji are named after it, `_tone1` to `_tone5`, so that they need no lines of their own. */
function hasRegularTones({ shortname, diversity_children }: Entry): boolean {
  const names = diversity_children.map((code) => entries[code]?.shortname);
  return [1, 2, 3, 4, 5].every((tone) => names.includes(`:${bare(shortname)}_tone${tone}:`));
}

const regular = new Set(
  Object.values(entries)
    .filter(hasRegularTones)
    .flatMap(({ shortname }) => [1, 2, 3, 4, 5].map((tone) => `:${bare(shortname)}_tone${tone}:`)),
);

/** `codepoints name alias…`, with `~` where there are five skin tones, too. */
const lines = Object.entries(entries)
  .filter(([, { shortname }]) => !regular.has(shortname))
  .map(([codePoints, entry]) => {
    const names = [entry.shortname, ...entry.shortname_alternates].map(bare);
    const code = codePoints.replace(/-(?:fe0f|200d)/g, "");
    return `${code}${hasRegularTones(entry) ? "~" : ""} ${names.join(" ")}`;
  });

const header = `// Owns the names of emoji, written by \`node scripts/emoji.ts\` from emoji-toolkit 11.0.0.
//
// The names are Rocket.Chat's own. emoji-toolkit's data is used under the MIT License:
// Copyright (c) JoyPixels, https://github.com/joypixels/emoji-toolkit
//
// One emoji a line: code points without selectors and joiners (\`~\`: with five skin tones), its name, other names.

export const EMOJI_TABLE = \`
`;
writeFileSync(target, `${header}${lines.join("\n")}\n\`;\n`);
