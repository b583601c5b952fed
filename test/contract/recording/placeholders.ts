// Owns the placeholders of a recording, `<id:3>` and its like: finding them and blurring their numbers away. Pure.

const NUMBERED = /<(id|date|ms|token|hash):[^>]*>/g;
const RUN_OF_SAME = /(?:<(id|date|ms|hash)>)+/g;
const ID = /<id:[^>]*>/g;

/** Drops the numbers of placeholders; several in a row count as one (6.5 joins two user ids to a direct room's id). */
export function blur(text: string): string {
  return text.replace(NUMBERED, "<$1>").replace(RUN_OF_SAME, "<$1>");
}

/** As `blur`, and every other number too: for texts in which counts and durations stand. */
export function blurNumbers(text: string): string {
  return blur(text).replace(/\d+/g, "#");
}

/** The id placeholders in a text, in order. */
export function idsIn(text: string): string[] {
  return text.match(ID) ?? [];
}

/** Whether a text is exactly one id placeholder. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && /^<id:[^>]*>$/.test(value);
}
