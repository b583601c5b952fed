// Owns the run of stored events through the turn, and whether they may run.

import { resolveInboundDebounceMs } from "openclaw/plugin-sdk/channel-inbound";
import { systemClock } from "../../connection/driver.ts";
import { NotOnlineError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { createUserLookup } from "../../intake/lookups.ts";
import type { RawMessageEvent } from "../../intake/receive.ts";
import { findThreadRoot } from "../../outbound/resolve-target.ts";
import { sendMessage } from "../../outbound/send.ts";
import { fetchMessage, fetchMessagesUntil } from "../../rest/messages.ts";
import { findUser } from "../../rest/users.ts";
import { createBursts } from "../../turn/bursts.ts";
import { createCompanions } from "../../turn/companions.ts";
import type { InboundHost } from "../../turn/host.ts";
import { type FileQuery, fetchMessageFiles } from "../../turn/media.ts";
import { createRuns } from "../../turn/runs.ts";
import type { TurnDependencies } from "../../turn/stage.ts";
import {
  readBefore,
  readSurroundings,
  SURROUNDINGS_WAIT_MS,
  type SurroundingsQuery,
} from "../../turn/surroundings.ts";
import { runTurn } from "../../turn/turn.ts";
import type { AccountMemory } from "../account/memory/memory.ts";
import type { AccountScope } from "../account/scope.ts";
import { type AccountSending, sendingFor } from "../account/sending.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime, isDraining } from "../runtime.ts";
import { createFileStore, pause } from "../turn/context/file-store.ts";
import { keepRefusals, readRefusals } from "../turn/handover.ts";
import { createInboundHost } from "../turn/host.ts";
import type { HostOptions } from "../turn/scope.ts";
import { createWaitingCounter, createWaitingReader, readLink } from "./conversation.ts";
import type { Deliver, EventClaim, EventRunner } from "./monitor.ts";
import type { AccountQueue } from "./queue.ts";
import { idsOf, namesOf } from "./raw-event.ts";

export interface ProcessingOptions {
  readonly scope: AccountScope;
  readonly sending: AccountSending;
  readonly memory: AccountMemory;
  readonly queue: AccountQueue;
  readonly onTurn: HostOptions["onTurn"];
  /** Stores an event behind those of its place; answers false where it was stored before. */
  readonly store: (event: RawMessageEvent) => Promise<boolean>;
}

/** Runs the events of one account. It begins on hold. */
export class Processing implements EventRunner {
  readonly #options: ProcessingOptions;
  /** What all events share at the host. */
  readonly #shared: Omit<HostOptions, "lifecycle" | "assertOpen" | "refusals">;
  /** What all events share in the turn. */
  readonly #turn: Omit<TurnDependencies, "host" | "post" | "receivedAt">;
  #open = false;

  constructor(options: ProcessingOptions) {
    this.#options = options;
    this.#shared = shareAtHost(options);
    this.#turn = shareInTurn(options);
  }

  open(): void {
    this.#open = true;
  }

  /** From now on nothing is handed to an agent. */
  hold(): void {
    this.#open = false;
  }

  readonly deliver: Deliver = async (event, lifecycle, claim) => {
    // The host reads the settings when it is created: by then the names in them must be known.
    await this.#options.memory.learnNames();
    const refusals = readRefusals(claim.lastError);
    const assertOpen = () => this.#assertOpen();
    try {
      await this.#run(event, createInboundHost({ ...this.#shared, lifecycle, assertOpen, refusals }), claim);
    } catch (error) {
      this.#options.scope.log.debug("attempt failed", { error, ...idsOf(event) });
      throw keepRefusals(error, refusals);
    }
  };

  readonly noteStored = (lane: string): void => this.#turn.companions.wake(lane);

  /** The event goes back to the queue as if it had not been taken. */
  #assertOpen(): void {
    if (!this.#open || isDraining()) throw new NotOnlineError("on hold");
  }

  async #run(event: RawMessageEvent, host: InboundHost, claim: EventClaim): Promise<void> {
    const { scope } = this.#options;
    const post = createPost(this.#options, claim);
    const { receivedAt } = claim;
    const outcome = await runTurn(event, { ...this.#turn, host, post, receivedAt });
    if (outcome.kind === "ran") return;
    if (outcome.kind !== "dropped")
      return scope.log.debug("message handled", { as: outcome.kind, ...idsOf(event) });
    const { reason, detail } = outcome;
    scope.health.dropped(reason);
    scope.log.info("message dropped", { reason, detail, ...idsOf(event), ...namesOf(event) });
  }
}

function shareAtHost({ scope, sending, memory, queue, onTurn }: ProcessingOptions) {
  const { ctx, log, typing } = scope;
  const { readConfig, readSettings, pairings } = memory;
  return {
    core: getRuntime(),
    accountId: ctx.accountId,
    readConfig,
    readSettings,
    log,
    turns: new Map(),
    stopped: new Set<string>(),
    bursts: createBursts({ now: systemClock.now }),
    pairings,
    onTurn,
    countWaiting: createWaitingCounter(queue),
    readLink: () => readLink(ctx),
    rest: sending.rest,
    typing,
  };
}

/** The server tells its time in whole seconds: what was written just now is not later than this. Milliseconds. */
const CLOCK_GRAIN_MS = 2_000;

function shareInTurn(options: ProcessingOptions) {
  const { scope, sending, memory } = options;
  const { rest } = sending;
  const { rooms, known } = memory;
  const serverNow = (): number => rest.serverNow() ?? Date.now();
  const around = { rest, rooms, log: scope.log, patience: () => AbortSignal.timeout(SURROUNDINGS_WAIT_MS) };
  const files = { rest, store: createFileStore(getRuntime()), log: scope.log, wait: pause };
  return {
    rooms,
    users: createUserLookup({ findUser: (username) => findUser(rest, { username }), now: systemClock.now }),
    known,
    fetchMessage: (messageId: string) => fetchMessage(rest, messageId),
    readRecent: (room: RoomFacts, count: number) =>
      fetchMessagesUntil(rest, { room, until: serverNow() + CLOCK_GRAIN_MS, since: undefined, count }),
    takeUp: options.store,
    runs: createRuns(),
    companions: openCompanions(options),
    findRoot: (roomId: string, messageId: string) => findThreadRoot(rest, { roomId, messageId }),
    lookAround: (query: SurroundingsQuery) => readSurroundings(around, query),
    fetchFiles: (query: FileQuery) => fetchMessageFiles(files, query),
    discardFiles: files.store.discard,
    now: Date.now,
    serverNow,
  };
}

/** How long files wait for words where OpenClaw's `messages.inbound` says nothing. Milliseconds. */
const FILES_WAIT_MS = 2000;

function openCompanions({ scope, sending: { rest }, memory, queue }: ProcessingOptions) {
  const source = { rest, log: scope.log, patience: () => AbortSignal.timeout(SURROUNDINGS_WAIT_MS) };
  return createCompanions({
    windowMs() {
      const cfg = memory.readConfig();
      const isSet = cfg.messages?.inbound !== undefined;
      return isSet ? resolveInboundDebounceMs({ cfg, channel: CHANNEL_ID }) : FILES_WAIT_MS;
    },
    findWaiting: createWaitingReader(queue),
    readBefore: (query) => readBefore(source, query),
    now: Date.now,
    later: (callback, ms) => systemClock.setTimer(ms, callback),
  });
}

/** Posts what an event is answered with. An event that is run again counts anew, so that nothing comes twice. */
function createPost({ sending, memory }: ProcessingOptions, { id: eventId, receivedAt }: EventClaim) {
  let count = 0;
  return async (where: { roomId: string; threadId: string | undefined }, text: string): Promise<string> => {
    count += 1;
    const id = sending.ids.deriveAnswer(receivedAt, eventId, count);
    const { previews } = memory.readSettings().text;
    // A turn may outlast the account's start in which it began.
    return sendMessage(sendingFor(memory.readSettings()), { id, text, ...where, previews });
  };
}
