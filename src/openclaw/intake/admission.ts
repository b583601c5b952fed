// Owns the order of the way in: each document is judged by receive.ts and stored, one of a room after the other.

import type { LearnedKnowledge } from "../../intake/knowledge.ts";
import { createLanes } from "../../intake/lanes.ts";
import type { Verdict } from "../../intake/ledger.ts";
import { type RawMessageEvent, type Receipt, type ReceivedEvent, receive } from "../../intake/receive.ts";
import type { Reading } from "../../intake/watch.ts";
import type { DropCounter } from "../../log.ts";
import type { DropReason } from "../../policy/admission.ts";
import type { AccountSettings } from "../../settings.ts";
import type { AccountScope } from "../account/scope.ts";
import type { Monitor } from "./monitor.ts";
import { idsOf, namesOf } from "./raw-event.ts";

export interface AdmissionOptions {
  readonly scope: Pick<AccountScope, "log" | "health" | "notices">;
  readonly readSettings: () => AccountSettings;
  readonly known: LearnedKnowledge;
  readonly drops: DropCounter;
  readonly monitor: Pick<Monitor, "admit">;
}

/** An event that goes on, with its identity in the queue. */
interface Wanted {
  readonly event: RawMessageEvent;
  readonly facts: ReceivedEvent;
}

/** What is done for one document. */
export interface AdmissionRequest {
  /** Documents of one room are admitted in order; what a document means depends on those before it. */
  readonly roomId: string;
  /** Asks what judging needs; undefined when nothing has to be asked. */
  readonly prepare: () => Promise<void> | undefined;
  readonly read: () => Reading;
}

/** The admission of one account. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #lanes = createLanes();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Answers how many events were newly stored, at once when there was nothing to ask, to wait for and to store; rejects when
   * they could not be stored.
   */
  admit({ roomId, prepare, read }: AdmissionRequest): Promise<number> | number {
    return this.#lanes.run(roomId, () => {
      const ready = prepare();
      return ready === undefined ? this.#take(read()) : ready.then(() => this.#take(read()));
    });
  }

  /** Whether something of a room is being admitted. */
  isBusy(roomId: string): boolean {
    return this.#lanes.isBusy(roomId);
  }

  /** Does something behind what is admitted of a room now. */
  behind<T>(roomId: string, work: () => T): Promise<T> | T {
    return this.#lanes.run(roomId, work);
  }

  /** Whether all of these would go on as things stand. */
  wouldTake({ events }: Reading): boolean {
    return events.length > 0 && events.every((event) => this.#receive(event).kind !== "dropped");
  }

  #receive(event: RawMessageEvent): Receipt {
    const { readSettings, known } = this.#options;
    return receive(event, { settings: readSettings(), known });
  }

  /** Of a document with nothing to store nobody has to be waited for, which are nearly all. */
  #take({ events, keep }: Reading): Promise<number> | number {
    let verdict: Verdict = "nothing";
    const wanted: Wanted[] = [];
    for (const event of events) {
      const judged = this.#judge(event);
      if (typeof judged === "string") verdict = judged;
      else wanted.push(judged);
    }
    if (wanted.length > 0) return this.#store(wanted, keep);
    keep(verdict);
    return 0;
  }

  /** The reason when the event is dropped. */
  #judge(event: RawMessageEvent): Wanted | DropReason {
    const receipt = this.#receive(event);
    if (receipt.kind !== "dropped") return { event, facts: receipt.event };
    this.noteDrop(receipt.reason, idsOf(event), () => namesOf(event).in);
    return receipt.reason;
  }

  /** Notes that an event goes no further. */
  noteDrop(reason: DropReason, ids: ReturnType<typeof idsOf>, nameRoom?: () => string | undefined): void {
    const { scope, drops } = this.#options;
    if (reason === "malformed") drops.count("message malformed", {});
    scope.log.debug("message dropped", { reason, ...ids });
    scope.health.dropped(reason);
    scope.notices.dropped(reason, ids.room, nameRoom);
  }

  async #store(wanted: readonly Wanted[], keep: Reading["keep"]): Promise<number> {
    let stored = 0;
    for (const { event, facts } of wanted) {
      const admission = await this.#options.monitor.admit(event, { facts });
      if (admission.kind === "durable" && admission.queueResult.kind === "accepted") stored += 1;
    }
    keep("stored");
    return stored;
  }
}
