// Owns OpenClaw's monitor over the queue: how stored events are read, tried again and given up.

import {
  type ChannelIngressMonitorLifecycle,
  createChannelIngressMonitor,
} from "openclaw/plugin-sdk/channel-outbound";
import { identify, type RawMessageEvent, type ReceivedEvent } from "../../intake/receive.ts";
import type { AccountScope } from "../account/scope.ts";
import type { AccountQueue } from "./queue.ts";
import type { Queue, QueueClaim, StoredEvent } from "./queue-rows.ts";
import { encodeRawEvent, idsOf, parseRawEvent } from "./raw-event.ts";

/** A stored event ends as failed after this many attempts, but not before this age: a server may be away. */
const MAX_ATTEMPTS = 8;
const MIN_RETRY_AGE_MS = 60 * 60_000;

/** How often rows left by a failed attempt are looked for. Milliseconds. */
const QUEUE_POLL_MS = 1000;

/** How long after an event was given up its row says so. Milliseconds. */
const TELL_FAILED_MS = 1_000;
const MAX_TOLD_FAILURES = 1_000;

/** Waiting events are counted up to this many. */
const MAX_COUNTED = 1000;

/** A row of the queue that will never be read: trying again changes nothing. */
class UnreadableEventError extends Error {
  override readonly name = "UnreadableEventError";
}

/** What is known of a stored event besides itself. */
export type EventClaim = Pick<QueueClaim, "id" | "receivedAt" | "lastError">;

/** Runs a stored event; a rejection is tried again. */
export type Deliver = (
  event: RawMessageEvent,
  lifecycle: ChannelIngressMonitorLifecycle,
  claim: EventClaim,
) => Promise<void>;

/** What runs stored events. */
export interface EventRunner {
  readonly deliver: Deliver;
  /** Told in which lane an event was stored. */
  readonly noteStored: (lane: string) => void;
}

export type Monitor = ReturnType<typeof openMonitor>;

/** Opens the monitor, which runs nothing before it is started. Throws when the queue cannot be used. */
export function openMonitor(scope: AccountScope, queue: AccountQueue, { deliver, noteStored }: EventRunner) {
  const { ctx, log, report } = scope;
  const tellFailed = () => tellFailedEvents(scope, queue);
  const monitor = createChannelIngressMonitor<RawMessageEvent, string, StoredEvent>({
    // The drain lists it again and again for what to begin next, one of each lane, and for nothing else (OpenClaw 2026.9.6).
    queue: { ...queue, listPending: queue.listFirst },
    // Called for what was stored: what comes in is judged before, and brings its identity.
    inspect: (event, context) => identifyStored(event, context),
    payload: {
      version: 1,
      storage: "raw-event",
      serialize: encodeRawEvent,
      deserialize: readStoredEvent,
      createClaimError: (kind, claim) => new UnreadableEventError(`Stored event ${claim.id}: ${kind}`),
    },
    deliver,
    onDurableAdmission(event, { isNew }) {
      if (isNew) log.debug("message admitted", idsOf(event));
      const { laneKey } = identify(event) ?? {};
      if (laneKey !== undefined) noteStored(laneKey);
      report({ lastInboundAt: Date.now(), lastEventAt: Date.now() });
    },
    pollIntervalMs: QUEUE_POLL_MS,
    retention: "standard",
    drain: {
      retryPolicy: { maxAttempts: MAX_ATTEMPTS, deadLetterMinAgeMs: MIN_RETRY_AGE_MS },
      resolveNonRetryableFailure(error) {
        // The row is settled a moment after this question.
        setTimeout(tellFailed, TELL_FAILED_MS).unref();
        return error instanceof UnreadableEventError
          ? { reason: "unreadable", message: error.message }
          : null;
      },
    },
    // A lane is free again once its turn is adopted; waiting for the whole run would keep `!stop` behind it.
    waitForDeliveryIdleBeforeRepump: false,
    // A stopping account has five seconds; runs that were adopted go on and deliver by themselves.
    waitForDeliveryIdleOnStop: false,
    abortSignal: ctx.abortSignal,
    onError: (error) => log.error("stored event failed", { error }),
  });
  monitor.ensureQueueAvailable();
  scope.health.countQueuedBy(async () => (await queue.listPending({ limit: MAX_COUNTED })).length);
  tellFailed();
  return monitor;
}

/** When OpenClaw asks who an event is: when it is stored, and when its row, which stands in a lane, is taken. */
interface Inspection {
  readonly phase: "admission" | "claim";
  readonly claimedLaneKey?: string | undefined;
}

/** A row keeps the lane that it was stored in: an earlier version may have called it otherwise, which is no fault of the event. */
function identifyStored(event: RawMessageEvent, { claimedLaneKey }: Inspection): ReceivedEvent | null {
  const facts = identify(event);
  return facts === undefined ? null : { ...facts, laneKey: claimedLaneKey ?? facts.laneKey };
}

/** Puts events that ended as failed into the account's status. */
function tellFailedEvents({ audit, log }: AccountScope, queue: Queue): void {
  queue.listFailed?.({ limit: MAX_TOLD_FAILURES }).then(
    (failed) => {
      const [latest] = failed;
      if (latest !== undefined) audit({ failedEvents: { count: failed.length, reason: latest.reason } });
    },
    (error: unknown) => log.warn("failed events cannot be counted", { error }),
  );
}

function readStoredEvent(text: string): RawMessageEvent {
  try {
    return parseRawEvent(text);
  } catch {
    throw new UnreadableEventError("A stored event is not JSON");
  }
}
