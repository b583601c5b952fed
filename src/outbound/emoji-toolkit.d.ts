// Owns the types of emoji-toolkit's data, which has none of its own.
declare module "emoji-toolkit/emoji.json" {
  /** By code points in hex, joined by dashes. */
  const entries: Readonly<
    Record<
      string,
      {
        /** With colons, as all names. */
        readonly shortname: string;
        readonly shortname_alternates: readonly string[];
        readonly diversity_children: readonly string[];
      }
    >
  >;
  export default entries;
}
