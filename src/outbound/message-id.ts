// Owns how the `_id` of a message we post follows from what it answers, so that a repeated post meets the first.

import { createHash, createHmac } from "node:crypto";

/** No letters or digits that look alike, as in Rocket.Chat's own client ids. */
const ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
const ID_LENGTH = 17;

type Identity = readonly (string | number)[];

/**
 * The `_id` that belongs to an identity which nobody else knows, such as a random one: the same parts give the same id in
 * every process. 17 characters, the form of the ids that Rocket.Chat's clients choose (recording `send-idempotency`).
 */
export function deriveMessageId(...identity: Identity): string {
  return spell(createHash("sha256").update(JSON.stringify(identity)).digest());
}

function spell(digest: Buffer): string {
  return Array.from(digest.subarray(0, ID_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** What an account has kept since its ids have a secret in them. */
export interface IdSecret {
  readonly secret: string;
  /** When it was made; epoch milliseconds of this machine. */
  readonly since: number;
}

/** The ids of one bot user's messages. All but `userId` throw StorageError when the secret cannot be read or kept. */
export interface MessageIds {
  /** What stands in a room under such an id counts when this user wrote it, and only then. */
  readonly userId: string;
  /** The id that belongs to an identity. Without the secret nobody can tell it, whatever else he knows. */
  derive(...identity: Identity): string;
  /**
   * For what answers an event that was received at an instant, epoch milliseconds of this machine. What was received
   * before there was a secret may have been answered under an id without it, and keeps that.
   */
  deriveAnswer(receivedAt: number, ...identity: Identity): string;
  /** The ids that a part of a delivery may stand under; new ones are posted under the first. */
  deriveParts(delivery: string, part: DeliveryPart): readonly [string, ...string[]];
}

/** The last part of a delivery has an id of its own kind, so that its presence says that nothing is missing. */
export interface DeliveryPart {
  readonly index: number;
  readonly last: boolean;
}

/** A name of a delivery that nobody else can know; others OpenClaw makes of what is delivered. */
const RANDOM = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The ids of a bot user at a server. `read` answers with the account's secret, and is asked when an id is. */
export function createMessageIds(
  { accountId, serverUrl, userId }: Readonly<Record<"accountId" | "serverUrl" | "userId", string>>,
  read: () => IdSecret,
): MessageIds {
  const derive = (...identity: Identity): string => {
    const text = JSON.stringify([serverUrl, userId, ...identity]);
    return spell(createHmac("sha256", read().secret).update(text).digest());
  };
  return {
    userId,
    derive,
    deriveAnswer: (receivedAt, ...identity) =>
      receivedAt < read().since ? deriveMessageId(accountId, ...identity) : derive(...identity),
    deriveParts(delivery, { index, last }) {
      const identity = [delivery, index, last ? "last" : "more"];
      const plain = deriveMessageId(...identity);
      return RANDOM.test(delivery) ? [plain] : [derive(...identity), plain];
    },
  };
}
