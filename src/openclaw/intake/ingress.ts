// Owns the durable way in of one account: what comes in is judged, stored, and run through the turn.

import { join } from "node:path";
import { systemClock } from "../../connection/driver.ts";
import type { Revision } from "../../facts/change.ts";
import type { FrameHead, MessageFrame } from "../../facts/frame.ts";
import type { Prune } from "../../facts/prune.ts";
import { readIdle, refuseFrame } from "../../intake/glance.ts";
import { createKnownMessages } from "../../intake/known.ts";
import { createLedger, type Ledger } from "../../intake/ledger.ts";
import type { RawMessageEvent } from "../../intake/receive.ts";
import { createWatch, type Origin, type Watch } from "../../intake/watch.ts";
import type { DropCounter } from "../../log.ts";
import { forgetThreads } from "../../outbound/resolve-target.ts";
import type { Sending } from "../../outbound/send.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchPinnedIds, fetchRevision } from "../../rest/reactions.ts";
import type { AccountSettings } from "../../settings.ts";
import { type AccountMemory, openAccountMemory } from "../account/memory/memory.ts";
import type { AccountScope } from "../account/scope.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime } from "../runtime.ts";
import { Admission } from "./admission.ts";
import { findPruned } from "./deletions.ts";
import { openKnownFile } from "./known-file.ts";
import { openLedgerFile } from "./ledger.ts";
import { openMonitor } from "./monitor.ts";
import { watchApprovals } from "./pairing-news.ts";
import { Processing, type ProcessingOptions } from "./processing.ts";
import { openIngressQueue } from "./queue.ts";
import { idsOf } from "./raw-event.ts";

export interface Ingress {
  /** Looks up the names in the configuration; a message is judged only after that. Never rejects. */
  prepare(): Promise<void> | undefined;
  /** The settings in force now. */
  settings(): AccountSettings;
  /** Whether the event is of a place that is served, as far as that is known. */
  watches(event: RawMessageEvent): boolean;
  /**
   * Asks what judging an event needs and is not remembered: of what room it is, and what the names in the configuration
   * mean where it would be dropped without them. Undefined when that is nothing, as mostly. Never rejects.
   */
  learn(event: RawMessageEvent): Promise<void> | undefined;
  /**
   * Drops a message of the stream for what the head of its frame shows; false when more has to be looked at or done. Judges as `admit`
   * would.
   */
  drop(head: FrameHead): boolean;
  /**
   * Takes a message that names nobody in a room where `isFree` says that none waits before it; answers the room. Undefined
   * when it has to be admitted. Judges and remembers as `admit` would.
   */
  passBy(frame: MessageFrame, isFree: (roomId: string) => boolean): string | undefined;
  /**
   * Takes a document of the message stream, or one that was asked for. Answers how many events were newly stored, at
   * once when there was nothing to ask and nothing to store; rejects when it could not be stored.
   */
  admit(event: RawMessageEvent, origin?: Origin): Promise<number> | number;
  /** Takes the news that messages of a room were deleted for good. */
  admitDeletions(roomId: string, messageIds: readonly string[]): Promise<number> | number;
  /** Takes the news that a room was pruned; what has to be asked about that holds nothing up, not even in the room. */
  admitPrune(prune: Prune): Promise<number>;
  /** How far rooms were read when the account started; writes down how far they are. */
  readonly round: Ledger["round"];
  readonly saveRound: Ledger["saveRound"];
  /** The room of an admitted event, if it is served. */
  watchedRoom(event: RawMessageEvent): string | undefined;
  /** Begins, or goes on, to process what is stored. */
  open(): void;
  /** Processes nothing more; what is stored, and what comes in, stays stored. */
  hold(): void;
  stop(): Promise<void>;
}

export interface IngressOptions extends Pick<ProcessingOptions, "scope" | "sending" | "onTurn"> {
  readonly drops: DropCounter;
}

/**
 * The durable way in: what `receive` lets pass is stored, and while the way is open run through `runTurn`. It begins
 * on hold. Throws when the queue cannot be opened.
 */
export function createIngress({ scope, sending, drops, onTurn }: IngressOptions): Ingress {
  const { log } = scope;
  const queue = openIngressQueue(getRuntime().state, scope.ctx.accountId, log);
  const memory = openAccountMemory(scope, sending.rest);
  const { readSettings, known } = memory;
  const ledger = openLedger(scope);
  const { watch, close } = openWatch(scope, memory, ledger);
  const { processing, monitor } = openProcessing({ scope, sending, memory, queue, onTurn });
  const approvals = openApprovals(scope, sending, memory);
  const admission = new Admission({ scope, readSettings, known, drops, monitor });
  const learn = createLearning({ memory, watch, admission });

  const admitDeletions = (roomId: string, ids: readonly string[]): Promise<number> | number => {
    forgetThreads(roomId, ids);
    return admission.admit({ roomId, prepare: memory.learnNames, read: () => watch.readDeletions(ids) });
  };

  return {
    prepare: memory.learnNames,
    settings: readSettings,
    watches: (event) => watch.watches(event, readSettings()),
    learn,
    drop: createDropping({ scope, memory, watch, admission }),
    passBy: createPassing({ scope, memory, watch, admission }),
    admit(event, origin) {
      memory.noteOwn(event);
      return admission.admit({
        roomId: idsOf(event).room ?? "",
        prepare: () => learn(event, origin),
        read: () => watch.read(event, readSettings(), origin),
      });
    },
    admitDeletions,
    async admitPrune(prune) {
      const messages = await admission.behind(prune.roomId, () => watch.listPruned(prune));
      return admitDeletions(prune.roomId, await findGone(sending.rest, prune, messages));
    },
    round: ledger.round,
    saveRound: ledger.saveRound,
    watchedRoom: (event) => watch.roomOf(idsOf(event).message ?? ""),
    open() {
      processing.open();
      monitor.start();
    },
    hold() {
      processing.hold();
      monitor.pause().catch((error: unknown) => log.error("queue could not be held", { error }));
    },
    async stop() {
      approvals.stop();
      processing.hold();
      // Before anything is waited for: OpenClaw may end while a turn hangs.
      close();
      ledger.flush();
      await monitor.stop();
      ledger.close();
      memory.close();
    },
  };
}

/** The run of stored events, and the monitor that takes them one by one, also those that come of others. */
function openProcessing(parts: Omit<ProcessingOptions, "store">) {
  const store = async (event: RawMessageEvent): Promise<boolean> => {
    const admission = await monitor.admit(event);
    return admission.kind === "durable" && admission.queueResult.kind === "accepted";
  };
  const processing = new Processing({ ...parts, store });
  const monitor = openMonitor(parts.scope, parts.queue, processing);
  return { processing, monitor };
}

interface LearningOptions {
  readonly memory: AccountMemory;
  readonly watch: Watch;
  readonly admission: Admission;
}

/** Asks the server what judging an event needs: its place, then the names that may decide about it. */
function createLearning({ memory, watch, admission }: LearningOptions) {
  function learnNames(event: RawMessageEvent, origin?: Origin): Promise<void> | undefined {
    const asking = memory.learnNames();
    if (asking === undefined) return undefined;
    return admission.wouldTake(watch.read(event, memory.readSettings(), origin)) ? undefined : asking;
  }

  return (event: RawMessageEvent, origin?: Origin): Promise<void> | undefined => {
    const asking = memory.learnPlace(event);
    return asking === undefined ? learnNames(event, origin) : asking.then(() => learnNames(event, origin));
  };
}

/** Drops what its frame alone decides about. */
function createDropping(parts: LearningOptions & { readonly scope: AccountScope }): Ingress["drop"] {
  const { scope, memory, watch, admission } = parts;
  return (head) => {
    // While a name is looked up, what it may decide about waits for the answer.
    if (scope.ctx.abortSignal.aborted || memory.learnNames() !== undefined) return false;
    const settings = memory.readSettings();
    const refusal = refuseFrame(head, { settings, known: memory.known });
    if (refusal === undefined) return false;
    const { reason, message, room } = refusal;
    // Of a place that is watched all is remembered.
    if (watch.watches({ message: { rid: room }, room: head.room }, settings)) return false;
    admission.noteDrop(reason, { message, room });
    return true;
  };
}

/** Takes what names nobody without its document. */
function createPassing(parts: LearningOptions & { readonly scope: AccountScope }): Ingress["passBy"] {
  const { scope, memory, watch, admission } = parts;
  return (frame, isFree) => {
    if (scope.ctx.abortSignal.aborted || memory.learnNames() !== undefined) return undefined;
    const settings = memory.readSettings();
    const idle = readIdle(frame, { settings, known: memory.known });
    if (idle === undefined) return undefined;
    const { id, roomId } = idle.facts;
    if (!isFree(roomId) || admission.isBusy(roomId) || !watch.passBy(idle, settings)) return undefined;
    admission.noteDrop("not-mentioned", { message: id, room: roomId });
    return roomId;
  };
}

/** The watch over what happens to messages; `close` stores what it remembers for the next start. */
function openWatch({ ctx, settings, log }: AccountScope, { known }: AccountMemory, ledger: Ledger) {
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  const file = openKnownFile(join(directory, `known-${ctx.accountId}.json`), settings, log);
  const messages = createKnownMessages();
  for (const remembered of file.take()) messages.keep(remembered);
  const watch = createWatch({ known: messages, ledger, parentOf: known.parentOf });
  return { watch, close: () => file.put(messages.list()) };
}

/** What was judged, and how far rooms were read. */
function openLedger({ ctx, settings, log }: AccountScope): Ledger {
  const directory = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  return createLedger({
    file: openLedgerFile({ directory, accountId: ctx.accountId, owner: settings, log }),
    later: systemClock.setTimer,
    onError: (error) => log.warn("judgements cannot be written down yet", { error }),
  });
}

function openApprovals({ ctx, log }: AccountScope, sending: Sending, { pairings }: AccountMemory) {
  const { accountId } = ctx;
  const { pairing } = getRuntime().channel;
  const readApproved = () => pairing.readAllowFromStore({ channel: CHANNEL_ID, accountId });
  return watchApprovals({ accountId, sending, pairings, readApproved, log });
}

function findGone(rest: RestClient, prune: Prune, messages: readonly Revision[]): Promise<readonly string[]> {
  return findPruned(prune, messages, {
    fetchMessage: (id) => fetchRevision(rest, id),
    fetchPinned: (roomId) => fetchPinnedIds(rest, roomId),
  });
}
