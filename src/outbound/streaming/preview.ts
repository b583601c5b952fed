// Owns one preview: a message that is posted when there is something to read, and edited as the answer grows.

import { setTimeout as sleep } from "node:timers/promises";
import { RateLimitedError, RestError } from "../../errors.ts";
import type { AccountClient, RestClient } from "../../rest/client.ts";
import { postMessage } from "../../rest/messages.ts";
import { deleteMessage, updateMessage } from "../../rest/reactions.ts";
import { type Patience, withPatience } from "../patience.ts";
import { namesSomebody } from "./names.ts";
import { Pace } from "./pace.ts";

const UPDATE = "v1/chat.update";
/** Nobody waits for a preview: what is limited is left out, and half of a limited window is left to answers. */
const IN_BACKGROUND = { patienceMs: 0, background: true } as const;

export interface PreviewPlace {
  readonly roomId: string;
  readonly threadId: string | undefined;
}

/** What is kept of previews on disk, so that none is forgotten when the process dies. */
export interface PreviewNotes {
  /** Before it is posted. */
  note(preview: { readonly id: string; readonly roomId: string }): void;
  /** It is gone, or never stood. */
  forget(id: string): void;
  /** Nothing more is done about it here. */
  abandon(id: string): void;
}

/** For how long a withdrawal is waited for; one that takes longer goes on by itself. Milliseconds. */
const WITHDRAWAL_MS = 1_000;

export interface PreviewOptions {
  readonly rest: AccountClient;
  /** For how long the preview is tried to be taken away while its server is away. */
  readonly patience?: Patience;
  readonly place: PreviewPlace;
  /** Not used by any message before. */
  readonly id: string;
  readonly notes: PreviewNotes;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Passes the time until the next edit is due; rejects when the signal aborts. The real clock unless a test says otherwise. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const pauseOnClock = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false });

/** Writes the message that shows what there is by now; undefined or empty: nothing to show yet. */
export type Writer = () => Promise<string | undefined>;

export class Preview {
  readonly id: string;
  readonly place: PreviewPlace;
  readonly #options: PreviewOptions;
  readonly #now: () => number;
  readonly #pace = new Pace();
  readonly #stop = new AbortController();
  #pending: Writer | undefined;
  #running: Promise<void> | undefined;
  #removal: Promise<void> | undefined;
  #shown: string | undefined;
  /** An edit was sent of which is not known whether it is still under way: it may come after any later one. */
  #doubtful = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.id = options.id;
    this.place = options.place;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Shows what `write` answers with as soon as may be; the latest call wins. Never throws. */
  update(write: Writer): void {
    if (this.#stop.signal.aborted) return;
    this.#pending = write;
    this.#running ??= this.#run();
  }

  /** Ends the edits; resolves when none is on its way, with whether a message stands that may become the answer. */
  async settle(): Promise<boolean> {
    this.#stop.abort();
    await this.#running;
    return this.#shown !== undefined && !this.#doubtful;
  }

  /**
   * Takes the message away, if there is one. Resolves when it is gone, or after a moment: a server that is slow, away or
   * limits calls holds nobody up. Never rejects.
   */
  async withdraw(): Promise<void> {
    this.#removal ??= this.#remove();
    await Promise.race([this.#removal, sleep(WITHDRAWAL_MS, undefined, { ref: false })]);
  }

  async #remove(): Promise<void> {
    await this.settle();
    if (this.#shown === undefined && !this.#doubtful) return;
    const { rest, place, notes, onError, patience = {} } = this.#options;
    const message = { id: this.id, roomId: place.roomId };
    try {
      const wasThere = await withPatience(patience, () => withdrawPreview(rest, message));
      // What was not heard of may still come; it is looked for again when the account connects.
      if (wasThere || !this.#doubtful) notes.forget(this.id);
    } catch (error) {
      onError(error);
    } finally {
      notes.abandon(this.id);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { onError } = this.#options;
    try {
      while (this.#pending !== undefined && !signal.aborted) {
        await this.#untilDue(signal);
        const write = this.#pending;
        this.#pending = undefined;
        const text = await write?.();
        if (!text || text === this.#shown || signal.aborted) continue;
        if (!(await this.#show(text))) this.#pending ??= write;
      }
    } catch (error) {
      if (!signal.aborted) onError(error);
      this.#stop.abort();
    } finally {
      this.#running = undefined;
    }
  }

  /** A timer may go off a little before its time. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    const { pause = pauseOnClock } = this.#options;
    const left = () => this.#pace.due(this.#now()) ?? 0;
    for (let due = left(); due > 0; due = left()) await pause(Math.ceil(due), signal);
  }

  /** Answers whether the server took it; rejects when the preview is over: what is refused once is refused again. */
  async #show(text: string): Promise<boolean> {
    // To name somebody is to call him, once: by the answer.
    if (this.#shown === undefined && namesSomebody(text)) return true;
    this.#pace.begin(this.#now());
    let waitMs: number | undefined;
    try {
      if (this.#shown === undefined) await this.#post(text);
      else await this.#edit(text);
      this.#shown = text;
      return true;
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      waitMs = error.waitMs;
      return false;
    } finally {
      this.#pace.end(this.#now(), { spacingMs: this.#options.rest.spacing(UPDATE), waitMs });
    }
  }

  async #post(text: string): Promise<void> {
    const { rest, place, notes } = this.#options;
    notes.note({ id: this.id, roomId: place.roomId });
    await this.#try(() => postMessage(rest, { ...place, id: this.id, text }, IN_BACKGROUND)).catch(
      (error) => {
        if (!this.#doubtful) notes.forget(this.id);
        throw error;
      },
    );
  }

  async #edit(text: string): Promise<void> {
    const { rest, place } = this.#options;
    const message = { roomId: place.roomId, messageId: this.id };
    await this.#try(() => updateMessage(rest, { ...message, text, previewUrls: [] }, IN_BACKGROUND));
  }

  async #try(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      const isAnswer =
        error instanceof RateLimitedError || (error instanceof RestError && error.status < 500);
      if (!isAnswer) this.#doubtful = true;
      throw error;
    }
  }
}

/** What stands in the place of a preview that the bot may not delete: the role `bot` alone does not allow it. */
const WITHDRAWN = "_The draft that stood here was withdrawn._";

/**
 * Takes a preview away: deletes it, or where the bot may not do that, leaves a line in its place. Answers whether there
 * was one; rejects when the server could not be asked.
 */
export async function withdrawPreview(
  rest: RestClient,
  { id, roomId }: { readonly id: string; readonly roomId: string },
): Promise<boolean> {
  const message = { roomId, messageId: id };
  try {
    await deleteMessage(rest, message);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // "No message found" has no code; a missing permission has one.
    if (error.serverCode === undefined) return false;
    await updateMessage(rest, { ...message, text: WITHDRAWN }).catch((refused: unknown) => {
      if (!isRefusal(refused)) throw refused;
    });
  }
  return true;
}

const isRefusal = (error: unknown): error is RestError =>
  error instanceof RestError && error.status < 500 && !(error instanceof RateLimitedError);
