// The part of emoji-toolkit the emulator uses; the package has no types of its own.
declare module "emoji-toolkit" {
  const toolkit: { readonly emojiList: Readonly<Record<string, { shortnames: string[] }>> };
  export default toolkit;
}
