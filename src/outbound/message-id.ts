// Owns how the `_id` of a message we post follows from what it answers, so that a repeated post meets the first.

import { createHash } from "node:crypto";

/** No letters or digits that look alike, as in Rocket.Chat's own client ids. */
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
const ID_LENGTH = 17;

/**
 * The `_id` that belongs to a delivery's identity: the same parts give the same id in every process. 17
 * characters, the form of the ids that Rocket.Chat's clients choose (recording `send-idempotency`).
 */
export function deriveMessageId(...identity: readonly (string | number)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest();
  return Array.from(digest.subarray(0, ID_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** The last part of a delivery has an id of its own kind, so that its presence says that nothing is missing. */
export function partId(delivery: string, part: { index: number; last: boolean }): string {
  return deriveMessageId(delivery, part.index, part.last ? "last" : "more");
}
