// Owns reading the names of emoji from emoji-toolkit; the build puts the finished table in place of this file.

import entries from "emoji-toolkit/emoji.json" with { type: "json" };

type Entry = (typeof entries)[string];

/** One emoji a line: code points without selectors and joiners (`~`: with five skin tones), its name, other names. */
export const EMOJI_TABLE = writeTable(entries);

function writeTable(emoji: Readonly<Record<string, Entry>>): string {
  const regular = new Set(
    Object.values(emoji).flatMap((entry) => (hasRegularTones(emoji, entry) ? tonesOf(entry) : [])),
  );
  return Object.entries(emoji)
    .filter(([, { shortname }]) => !regular.has(shortname))
    .map(([codePoints, entry]) => {
      const names = [entry.shortname, ...entry.shortname_alternates.filter(isNoTone)].map(bare);
      const code = codePoints.replace(/-(?:fe0f|200d)/g, "");
      return `${code}${hasRegularTones(emoji, entry) ? "~" : ""} ${names.join(" ")}`;
    })
    .join("\n");
}

/** Whether the skin tones of an emoji are named after it, `_tone1` to `_tone5`, so that they need no lines of their own. */
function hasRegularTones(emoji: Readonly<Record<string, Entry>>, entry: Entry): boolean {
  const names = entry.diversity_children.map((code) => emoji[code]?.shortname);
  return tonesOf(entry).every((name) => names.includes(name));
}

function tonesOf({ shortname }: Entry): string[] {
  return [1, 2, 3, 4, 5].map((tone) => `:${bare(shortname)}_tone${tone}:`);
}

/** Names that give a tone in words (`_medium_dark_skin_tone`) are read by a rule. */
function isNoTone(name: string): boolean {
  return !name.includes("_skin_tone");
}

function bare(name: string): string {
  return name.slice(1, -1);
}
