// Owns what all sending on OpenClaw's behalf shares: what is asked for, and how the end is told.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { PlatformMessageNotDispatchedError } from "openclaw/plugin-sdk/error-runtime";
import { FileRefusedError, RestError, TargetError } from "../../errors.ts";
import { PartialDeliveryError } from "../../outbound/send.ts";
import { isTooLong } from "../../rest/answer.ts";
import { adviseRetry } from "../../retry.ts";
import { CHANNEL_ID } from "../config/schema.ts";

export interface SendRequest {
  readonly cfg: OpenClawConfig;
  readonly to: string;
  readonly text: string;
  readonly accountId?: string | null;
  readonly threadId?: string | number | null;
  /** A message to reply to; on Rocket.Chat that is to write in its thread. */
  readonly replyToId?: string | null;
  /** OpenClaw's queue entry; a repeated attempt carries the same. */
  readonly deliveryQueueId?: string;
  /** What the turn has handed to the first attempt. */
  readonly deps?: Readonly<Record<string, unknown>>;
  /**
   * Notes in the queue entry that the message goes out now, and who sends it. Without that note OpenClaw does not
   * find the entry its own afterwards, and takes a delivery that succeeded for a lost one.
   */
  readonly onPlatformSendDispatch?: () => Promise<void>;
  /** Throws when whoever asked may send no more. */
  readonly assertDirectAdapterHandoff?: () => void;
}

/** To be called just before a message is posted. Rejects when whoever asked may send no more. */
export async function noteDispatch(request: SendRequest): Promise<void> {
  await request.onPlatformSendDispatch?.();
  request.assertDirectAdapterHandoff?.();
}

/** What was posted in a room, as OpenClaw's receipts list it. */
export function listPosted(roomId: string, messageIds: readonly string[]) {
  const target = { kind: "channel" as const, id: roomId };
  return messageIds.map((messageId) => ({ channel: CHANNEL_ID, messageId, target }));
}

const REFUSED = (cause: Error) => ({ cause, retryable: false });

/**
 * Tells OpenClaw what became of a delivery that failed. Of a refusal: that nothing went out, and that trying again is
 * of no use. OpenClaw sends nothing again of which it knows only that it went out. A queued delivery may be sent again,
 * whatever became of it: its messages' ids follow from the queue entry, and what stands in the room is not posted twice.
 */
export const failDelivery =
  ({ deliveryQueueId }: Pick<SendRequest, "deliveryQueueId">) =>
  (error: unknown): never => {
    if (isRefusal(error)) throw new PlatformMessageNotDispatchedError(error.message, REFUSED(error));
    const reason = error instanceof PartialDeliveryError ? error.cause : error;
    const isTold = isRefusal(reason) || error instanceof PlatformMessageNotDispatchedError;
    if (deliveryQueueId === undefined || !(error instanceof Error) || isTold) throw error;
    throw new PlatformMessageNotDispatchedError(error.message, { cause: error });
  };

/** The server takes less than was assumed, and nothing stands of the delivery but what can be edited anew. */
export const mayDivideAnew = (error: unknown): boolean =>
  isTooLong(error instanceof PartialDeliveryError && error.isEditedOnly ? error.cause : error);

/** The server said no to the first message of a delivery: nothing was posted, and asking again changes nothing. */
function isRefusal(error: unknown): error is RestError | TargetError | FileRefusedError {
  return (
    error instanceof TargetError ||
    (error instanceof FileRefusedError && !error.passing) ||
    (error instanceof RestError && adviseRetry(error).kind === "blocked")
  );
}
