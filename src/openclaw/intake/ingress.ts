// Owns the durable way in of one account: stored events, and their run through the turn.

import { join } from "node:path";
import {
  type ChannelIngressMonitorLifecycle,
  createChannelIngressMonitor,
} from "openclaw/plugin-sdk/channel-outbound";
import { systemClock } from "../../connection/driver.ts";
import type { StreamEvent } from "../../ddp/protocol.ts";
import { NotOnlineError } from "../../errors.ts";
import { isJsonObject, readText } from "../../facts/json.ts";
import type { Prune } from "../../facts/prune.ts";
import { createKnownMessages } from "../../intake/known.ts";
import { createUserLookup } from "../../intake/lookups.ts";
import { identify, type RawMessageEvent, type ReceivedEvent, receive } from "../../intake/receive.ts";
import { createWatch, type Origin, type Reading } from "../../intake/watch.ts";
import type { DropCounter } from "../../log.ts";
import { deriveMessageId } from "../../outbound/message-id.ts";
import { type Sending, sendMessage } from "../../outbound/send.ts";
import { fetchMessage } from "../../rest/messages.ts";
import { fetchPinnedIds, fetchRevision } from "../../rest/reactions.ts";
import { findUser } from "../../rest/users.ts";
import { createBursts } from "../../turn/bursts.ts";
import type { InboundHost } from "../../turn/host.ts";
import { createRuns } from "../../turn/runs.ts";
import { readSurroundings, SURROUNDINGS_WAIT_MS, type SurroundingsQuery } from "../../turn/surroundings.ts";
import { runTurn } from "../../turn/turn.ts";
import { openAccountMemory } from "../account/memory.ts";
import type { AccountScope } from "../account/scope.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime, isDraining } from "../runtime.ts";
import { keepRefusals, readRefusals } from "../turn/handover.ts";
import { createInboundHost } from "../turn/host.ts";
import type { SessionTurns } from "../turn/order.ts";
import { createWaitingCounter, readLink } from "./conversation.ts";
import { findPruned } from "./deletions.ts";
import { openKnownFile } from "./known-file.ts";
import { watchApprovals } from "./pairing-news.ts";
import { openIngressQueue } from "./queue.ts";
import type { StoredEvent } from "./queue-rows.ts";

/** A stored event ends as failed after this many attempts, but not before this age: a server may be away. */
const MAX_ATTEMPTS = 8;
const MIN_RETRY_AGE_MS = 60 * 60_000;

const TELL_FAILED_MS = 1_000;
const MAX_TOLD_FAILURES = 1_000;

/** A row of the queue that will never be read: trying again changes nothing. */
class UnreadableEventError extends Error {
  override readonly name = "UnreadableEventError";
}

/** An event that goes on, with its identity in the queue. */
interface Wanted {
  readonly event: RawMessageEvent;
  readonly facts: ReceivedEvent;
}

/** How often rows left by a failed attempt are looked for. Milliseconds. */
const QUEUE_POLL_MS = 1000;

/** Waiting events are counted up to this many. */
const MAX_COUNTED = 1000;

export type Ingress = ReturnType<typeof createIngress>;

/**
 * The durable way in: what `receive` lets pass is stored, and while the way is open run through `runTurn`. It begins
 * on hold. Throws when the queue cannot be opened.
 */
export function createIngress(scope: AccountScope, sending: Sending, drops: DropCounter) {
  const { ctx, log, report, audit, health, notices } = scope;
  const core = getRuntime();
  const { rest } = sending;
  const { accountId } = ctx;
  const memory = openAccountMemory(scope, rest);
  const { readConfig, readSettings, rooms, known, pairings } = memory;
  const turns: SessionTurns = new Map();
  const { now } = systemClock;
  const bursts = createBursts({ now });
  const runs = createRuns();
  const queue = openIngressQueue(core.state, accountId);
  const users = createUserLookup({ findUser: (username) => findUser(rest, { username }), now });
  const messages = createKnownMessages();
  const knownFile = openKnownFile(
    join(core.state.resolveStateDir(), CHANNEL_ID, `known-${accountId}.json`),
    scope.settings,
    log,
  );
  for (const remembered of knownFile.take()) messages.keep(remembered);
  const watch = createWatch(messages, (roomId) => rooms.known(roomId)?.parentId);

  /** Posts what an event is answered with. An event that is run again counts anew, so that nothing comes twice. */
  function createPost(eventId: string) {
    let count = 0;
    return async (where: { roomId: string; threadId: string | undefined }, text: string): Promise<string> => {
      count += 1;
      const id = deriveMessageId(accountId, eventId, count);
      await sendMessage(sending, { id, text, ...where, unfurlLinks: readSettings().text.unfurlLinks });
      return id;
    };
  }

  async function findRoot(roomId: string, messageId: string): Promise<string | undefined> {
    const message = await fetchMessage(rest, messageId);
    return message?.roomId === roomId ? (message.threadId ?? message.id) : undefined;
  }

  const patience = () => AbortSignal.timeout(SURROUNDINGS_WAIT_MS);
  const lookAround = (query: SurroundingsQuery) => readSurroundings({ rest, rooms, log, patience }, query);

  const hostOptions = {
    core,
    accountId,
    readConfig,
    readSettings,
    log,
    turns,
    bursts,
    pairings,
    countWaiting: createWaitingCounter(queue),
    readLink: () => readLink(ctx),
    rest,
    typing: scope.typing,
  };

  let open = false;

  /** Nothing is handed to an agent on hold: the event goes back to the queue as if it had not been taken. */
  function assertOpen(): void {
    if (!open || isDraining()) throw new NotOnlineError("on hold");
  }

  async function deliver(
    event: RawMessageEvent,
    lifecycle: ChannelIngressMonitorLifecycle,
    claim: { readonly id: string; readonly receivedAt: number; readonly lastError?: string },
  ): Promise<void> {
    const refusals = readRefusals(claim.lastError);
    try {
      await run(event, createInboundHost({ ...hostOptions, lifecycle, assertOpen, refusals }), claim);
    } catch (error) {
      throw keepRefusals(error, refusals);
    }
  }

  async function run(
    event: RawMessageEvent,
    host: InboundHost,
    { id, receivedAt }: { readonly id: string; readonly receivedAt: number },
  ): Promise<void> {
    await memory.learnNames();
    const post = createPost(id);
    const outcome = await runTurn(event, {
      host,
      rooms,
      users,
      known,
      runs,
      post,
      findRoot,
      lookAround,
      now,
      receivedAt,
    });
    if (outcome.kind === "dropped") {
      health.dropped(outcome.reason);
      log.info("message dropped", { reason: outcome.reason, detail: outcome.detail ?? "-", ...idsOf(event) });
    }
  }

  health.countQueuedBy(async () => (await queue.listPending({ limit: MAX_COUNTED })).length);
  /** Puts events that ended as failed into the account's status. */
  function tellFailed(): void {
    queue.listFailed?.({ limit: MAX_TOLD_FAILURES }).then(
      (failed) => {
        const [latest] = failed;
        if (latest !== undefined) audit({ failedEvents: { count: failed.length, reason: latest.reason } });
      },
      (error: unknown) => log.warn("failed events cannot be counted", { error }),
    );
  }

  const monitor = createChannelIngressMonitor<RawMessageEvent, string, StoredEvent>({
    queue,
    // Called for what was stored: what comes in is judged before, and brings its identity.
    inspect: (event) => identify(event) ?? null,
    payload: {
      version: 1,
      storage: "raw-event",
      serialize: (event) => JSON.stringify(event),
      deserialize: readStoredEvent,
      createClaimError: (kind, claim) => new UnreadableEventError(`Stored event ${claim.id}: ${kind}`),
    },
    deliver,
    onDurableAdmission(event, { isNew }) {
      if (isNew) log.debug("message admitted", idsOf(event));
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
  tellFailed();
  const approvals = watchApprovals({
    accountId,
    sending,
    pairings,
    readApproved: () => core.channel.pairing.readAllowFromStore({ channel: CHANNEL_ID, accountId }),
    log,
  });

  /** Judges an event; undefined when it is dropped. */
  function judge(event: RawMessageEvent): Wanted | undefined {
    const receipt = receive(event, { settings: readSettings(), known });
    if (receipt.kind !== "dropped") return { event, facts: receipt.event };
    const { reason } = receipt;
    if (reason === "malformed") drops.count("message malformed", {});
    const ids = idsOf(event);
    log.debug("message dropped", { reason, ...ids });
    health.dropped(reason);
    notices.dropped(reason, ids.room);
    return undefined;
  }

  /** Of a document with nothing to store nobody has to be waited for, which are nearly all. */
  function admitReading({ events, keep }: Reading): Promise<number> | number {
    const wanted = events.flatMap((event) => judge(event) ?? []);
    if (wanted.length > 0) return store(wanted, keep);
    keep();
    return 0;
  }

  async function store(wanted: readonly Wanted[], keep: () => void): Promise<number> {
    let stored = 0;
    for (const { event, facts } of wanted) {
      const admission = await monitor.admit(event, { facts });
      if (admission.kind === "durable" && admission.queueResult.kind === "accepted") stored += 1;
    }
    keep();
    return stored;
  }

  /** Settles when what was asked for is admitted; undefined when it is. */
  let admitting: Promise<unknown> | undefined;
  /** One after the other: what a document means depends on those before it, which must be stored by then. */
  function admitInOrder(
    prepare: () => Promise<void> | undefined,
    read: () => Reading,
  ): Promise<number> | number {
    const ready = admitting === undefined ? prepare() : admitting.then(prepare);
    const admitted = ready === undefined ? admitReading(read()) : ready.then(() => admitReading(read()));
    if (typeof admitted === "number") return admitted;
    const done: Promise<unknown> = admitted
      .catch(() => {})
      .then(() => {
        if (admitting === done) admitting = undefined;
      });
    admitting = done;
    return admitted;
  }

  function admitPrune(prune: Prune): Promise<number> | number {
    let gone: readonly string[] = [];
    const find = async (): Promise<void> => {
      await memory.learnNames();
      gone = await findPruned(prune, watch.listPruned(prune), {
        fetchMessage: (id) => fetchRevision(rest, id),
        fetchPinned: (roomId) => fetchPinnedIds(rest, roomId),
      });
    };
    return admitInOrder(find, () => watch.readDeletions(gone));
  }

  return {
    async stop(): Promise<void> {
      approvals.stop();
      // Before anything is waited for: OpenClaw may end while a turn hangs.
      knownFile.put(messages.list());
      await monitor.stop();
      memory.close();
    },
    /** Looks up the names in the configuration; a message is judged only after that. Never rejects. */
    prepare: memory.learnNames,
    /** The settings in force now. */
    settings: readSettings,
    /**
     * Takes a document of the message stream, or one that was asked for. Answers how many events were newly stored, at
     * once when there was nothing to ask and nothing to store; rejects when it could not be stored.
     */
    admit: (event: RawMessageEvent, origin?: Origin): Promise<number> | number =>
      admitInOrder(
        () => memory.prepare(event),
        () => watch.read(event, readSettings(), origin),
      ),
    /** Takes the news that messages were deleted for good. */
    admitDeletions: (messageIds: readonly string[]): Promise<number> | number =>
      admitInOrder(memory.learnNames, () => watch.readDeletions(messageIds)),
    /** Takes the news that a room was pruned. */
    admitPrune,
    /** The room of an admitted event, if it is served. */
    watchedRoom: (event: RawMessageEvent): string | undefined => watch.roomOf(idsOf(event).message ?? ""),
    /** Begins, or goes on, to process what is stored. */
    open(): void {
      open = true;
      monitor.start();
    },
    /** Processes nothing more; what is stored, and what comes in, stays stored. */
    hold(): void {
      open = false;
      monitor.pause().catch((error: unknown) => log.error("queue could not be held", { error }));
    },
  };
}

/** `args` of the stream are the message and `{roomParticipant, roomType, roomName?}`. */
export function toRawEvent({ args: [message, room] }: StreamEvent): RawMessageEvent {
  return { message, room };
}

/** Which message a log line is about. */
function idsOf({ message }: RawMessageEvent): { message: string | undefined; room: string | undefined } {
  return isJsonObject(message)
    ? { message: readText(message, "_id"), room: readText(message, "rid") }
    : { message: undefined, room: undefined };
}

function readStoredEvent(text: string): RawMessageEvent {
  try {
    return parseRawEvent(text);
  } catch {
    throw new UnreadableEventError("A stored event is not JSON");
  }
}

function parseRawEvent(text: string): RawMessageEvent {
  const value: unknown = JSON.parse(text);
  return isJsonObject(value)
    ? {
        message: value.message,
        room: value.room,
        ...(value.change !== undefined && { change: value.change }),
      }
    : { message: undefined, room: undefined };
}
