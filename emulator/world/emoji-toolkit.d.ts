// The part of emoji-toolkit the emulator uses; the package has no types of its own.
declare module "emoji-toolkit" {
  const toolkit: {
    /** By short name with colons; `uc_full` is the character's code points in hex, joined by dashes. */
    readonly emojiList: Readonly<Record<string, { shortnames: string[]; uc_full: string }>>;
  };
  export default toolkit;
}
