// Which emoji short names exist: the JoyPixels list, as Rocket.Chat has it.
import toolkit from "emoji-toolkit";

const names: ReadonlySet<string> = collect(toolkit.emojiList);

/** @param name without colons, for instance `eyes` or `+1` */
export function isKnownEmoji(name: string): boolean {
  return names.has(`:${name}:`);
}

function collect(list: Readonly<Record<string, { shortnames: string[] }>>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const [name, entry] of Object.entries(list)) {
    all.add(name);
    for (const alias of entry.shortnames) all.add(alias);
  }
  return all;
}
