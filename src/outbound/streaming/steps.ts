// Owns mode `block`: by how much a preview grows from one edit to the next, and where it may end.

import type { PreviewSteps } from "../../settings.ts";

/** As of OpenClaw's other channels. UTF-16 units. */
const MIN_UNITS = 200;
const MAX_UNITS = 800;

const BREAKS = {
  paragraph: /\n[ \t]*\n/g,
  newline: /\n/g,
  sentence: /[.!?。！？]["')\]]*(?:\s|$)/g,
} as const;

/**
 * How much of a text is shown after `shown` units of it: up to the last break behind `minChars` more, or, without one, all
 * when there are `maxChars` more; else as much as before.
 */
export function nextStep(
  text: string,
  shown: number,
  { minChars = MIN_UNITS, maxChars = MAX_UNITS, breakPreference = "paragraph" }: PreviewSteps = {},
): number {
  const ends = [...text.slice(shown).matchAll(BREAKS[breakPreference])].map(
    ({ 0: sign, index }) => index + sign.length,
  );
  const last = ends.findLast((end) => end >= minChars);
  if (last !== undefined) return shown + last;
  return text.length - shown >= Math.max(minChars, maxChars) ? text.length : shown;
}
