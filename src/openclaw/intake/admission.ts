// Owns judging the documents that come in and storing what goes on, one document after the other.

import type { LearnedKnowledge } from "../../intake/knowledge.ts";
import { type RawMessageEvent, type ReceivedEvent, receive } from "../../intake/receive.ts";
import type { Reading } from "../../intake/watch.ts";
import type { DropCounter } from "../../log.ts";
import type { AccountSettings } from "../../settings.ts";
import type { AccountScope } from "../account/scope.ts";
import type { Monitor } from "./monitor.ts";
import { idsOf } from "./raw-event.ts";

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

/** The admission of one account. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Settles when what was asked for is admitted; undefined when it is. */
  #admitting: Promise<unknown> | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * One after the other: what a document means depends on those before it, which must be stored by then. `prepare`
   * answers undefined when nothing has to be asked. Answers how many events were newly stored, at once when there was
   * nothing to ask and nothing to store; rejects when they could not be stored.
   */
  admit(prepare: () => Promise<void> | undefined, read: () => Reading): Promise<number> | number {
    const ready = this.#admitting === undefined ? prepare() : this.#admitting.then(prepare);
    const admitted = ready === undefined ? this.#take(read()) : ready.then(() => this.#take(read()));
    if (typeof admitted === "number") return admitted;
    const done: Promise<unknown> = admitted
      .catch(() => {})
      .then(() => {
        if (this.#admitting === done) this.#admitting = undefined;
      });
    this.#admitting = done;
    return admitted;
  }

  /** Of a document with nothing to store nobody has to be waited for, which are nearly all. */
  #take({ events, keep }: Reading): Promise<number> | number {
    const wanted = events.flatMap((event) => this.#judge(event) ?? []);
    if (wanted.length > 0) return this.#store(wanted, keep);
    keep();
    return 0;
  }

  /** Undefined when the event is dropped. */
  #judge(event: RawMessageEvent): Wanted | undefined {
    const { scope, readSettings, known, drops } = this.#options;
    const receipt = receive(event, { settings: readSettings(), known });
    if (receipt.kind !== "dropped") return { event, facts: receipt.event };
    const { reason } = receipt;
    if (reason === "malformed") drops.count("message malformed", {});
    const ids = idsOf(event);
    scope.log.debug("message dropped", { reason, ...ids });
    scope.health.dropped(reason);
    scope.notices.dropped(reason, ids.room);
    return undefined;
  }

  async #store(wanted: readonly Wanted[], keep: () => void): Promise<number> {
    let stored = 0;
    for (const { event, facts } of wanted) {
      const admission = await this.#options.monitor.admit(event, { facts });
      if (admission.kind === "durable" && admission.queueResult.kind === "accepted") stored += 1;
    }
    keep();
    return stored;
  }
}
