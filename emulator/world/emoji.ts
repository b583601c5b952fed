// Which emoji short names exist, and their characters: the JoyPixels list, as Rocket.Chat has it.
import toolkit from "emoji-toolkit";

/** The character of each short name, with colons. */
export const characterOf: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(toolkit.emojiList).flatMap(([name, { shortnames, uc_full }]) => {
    const character = String.fromCodePoint(...uc_full.split("-").map((hex) => Number.parseInt(hex, 16)));
    return [name, ...shortnames].map((one) => [one, character]);
  }),
);

/** @param name without colons, for instance `eyes` or `+1` */
export function isKnownEmoji(name: string): boolean {
  return Object.hasOwn(characterOf, `:${name}:`);
}
