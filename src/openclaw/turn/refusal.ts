// Owns telling a person that the server refuses the agent's answer in a room.

import { RestError } from "../../errors.ts";
import { withPatience } from "../../outbound/patience.ts";
import { resolveTargetRoom, sendMessage } from "../../outbound/send.ts";
import { adviseRetry } from "../../retry.ts";
import { sendingFor } from "../account/sending.ts";
import type { TurnScope } from "./scope.ts";

/** The codes with which a room takes no message of the bot user, in words for people. */
const REASONS = new Map([
  ["room-is-readonly", "the room is read-only for me"],
  ["you-have-been-muted", "I have been muted there"],
  ["room_is_archived", "the room is archived"],
]);

/** Errors wrap each other on their way through OpenClaw's queue; never this deep. */
const MAX_DEPTH = 5;

/** The server's refusal for good in what a delivery ended with. */
export function findRefusal(error: unknown): RestError | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_DEPTH && cause instanceof Error; depth += 1, cause = cause.cause) {
    if (cause instanceof RestError) return adviseRetry(cause).kind === "blocked" ? cause : undefined;
  }
  return undefined;
}

/** As the port's. */
export async function takeRefusal(scope: TurnScope, error: unknown): Promise<boolean> {
  const refusal = findRefusal(error);
  if (refusal === undefined) return false;
  scope.log.error("reply could not be delivered", { error, messageId: scope.input.message.id });
  await tellRefusal(scope, refusal);
  return true;
}

/**
 * Writes to the person in a direct message that the answer was refused in the room, and why; once for a question.
 * A refusal in a direct message, or of this note, can be told to nobody but the log. Never rejects.
 */
export async function tellRefusal(scope: TurnScope, refusal: RestError): Promise<void> {
  const { settings, log, input } = scope;
  const { message, room } = input;
  if (room.chatType === "direct") return;
  const sending = sendingFor(settings);
  const where = room.label ?? "the room";
  const reason = REASONS.get(refusal.serverCode ?? "") ?? "the server refuses it";
  try {
    const person = { kind: "user", id: message.sender.id } as const;
    const roomId = await withPatience(sending, () => resolveTargetRoom(sending.rest, person));
    const text = `I could not answer you in ${where}: ${reason}.`;
    const id = sending.ids.deriveAnswer(message.sentAt, message.id, "refused");
    await sendMessage(sending, { id, roomId, text });
  } catch (error) {
    log.warn("a refused answer could not be told of", { message: message.id, error });
  }
}
