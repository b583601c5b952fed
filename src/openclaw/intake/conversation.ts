// Owns what commands tell of a conversation out of the account's queue: how many messages wait, and which.

import type { LinkFacts } from "../../commands/replies.ts";
import { decodeMessage, type MessageFacts } from "../../facts/message.ts";
import { laneOf } from "../../intake/receive.ts";
import type { TurnInput } from "../../turn/host.ts";
import type { StartContext } from "../account/scope.ts";
import type { AccountQueue } from "./queue.ts";
import type { StoredEvent } from "./queue-rows.ts";
import { parseRawEvent } from "./raw-event.ts";

/** Counts the stored messages that wait where a message was written; a direct message's threads are one place. */
export function createWaitingCounter(queue: Pick<AccountQueue, "countPending">) {
  return ({ message, room }: TurnInput): Promise<number> => {
    const withThreads = room.chatType === "direct";
    const lane = laneOf({ roomId: room.id, threadId: withThreads ? undefined : message.threadId });
    return queue.countPending(lane, { withThreads });
  };
}

/** Reads the stored messages that wait where one was written, in order. */
export function createWaitingReader(queue: Pick<AccountQueue, "listLane">) {
  return async (message: MessageFacts): Promise<readonly MessageFacts[]> => {
    const pending = await queue.listLane(laneOf(message));
    return pending.flatMap(({ payload }) => readStored(payload));
  };
}

/** What happened to a message, or in the room, is none. A row that cannot be read ends as failed when it is taken. */
function readStored({ rawEvent }: StoredEvent): readonly MessageFacts[] {
  try {
    const { message, change } = parseRawEvent(rawEvent);
    const facts = change === undefined ? decodeMessage(message) : undefined;
    return facts === undefined || facts.systemType !== undefined ? [] : [facts];
  } catch {
    return [];
  }
}

export function readLink(ctx: StartContext): LinkFacts {
  const { lifecycle, lastConnectedAt } = ctx.getStatus();
  return { state: lifecycle ?? "unknown", connectedAt: lastConnectedAt ?? undefined };
}
