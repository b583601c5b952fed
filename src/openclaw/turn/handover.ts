// Owns turns that OpenClaw takes over while it stops: such a turn is handed back and runs after the start.

import type { ChannelIngressMonitorLifecycle } from "openclaw/plugin-sdk/channel-outbound";

/** The event's row keeps this message; it tells the next attempt how often OpenClaw has refused the question. */
export class HandedBackError extends Error {
  override readonly name = "HandedBackError";
  /** `cause`: with what OpenClaw refused it, or why an attempt after the last refusal failed. */
  constructor(refusals: number, cause?: unknown) {
    const then =
      cause === undefined ? "" : `; then: ${cause instanceof Error ? cause.message : String(cause)}`;
    super(`OpenClaw was stopping and did not run this (${refusals})${then}`, { cause });
  }
}

/** How often OpenClaw has refused a question because it stopped, by the error that its row keeps. */
export const readRefusals = (lastError: string | undefined): number =>
  Number(/^OpenClaw was stopping and did not run this \((\d+)\)/.exec(lastError ?? "")?.[1] ?? 0);

/** What the row of a question is to keep of an attempt that failed: the refusals before it are not to be forgotten. */
export const keepRefusals = (error: unknown, refusals: number): unknown =>
  refusals === 0 || error instanceof HandedBackError ? error : new HandedBackError(refusals, error);

/**
 * The name under which OpenClaw is given a message: it runs nothing twice, and takes what it refused for run. A reaction to
 * the message asks for something else than its words did.
 */
export const nameAsking = (messageId: string, refusals: number, reaction?: string): string =>
  [messageId, reaction ?? [], refusals === 0 ? [] : refusals + 1].flat().join("#");

/** The message's own id, from what `nameAsking` made of it. */
export const readMessageId = (name: string): string => name.replace(/(#:[^\s#]+:)?(#\d+)?$/, "");

export interface Handover {
  /** What OpenClaw is to be given in place of the row's own. */
  readonly lifecycle: ChannelIngressMonitorLifecycle;
  /** Hears of each payload of the turn; answers whether it is to be kept from the room. */
  hold(payload: { readonly isError?: boolean | undefined }): Promise<boolean>;
  /**
   * What the row of a turn is to keep that failed at OpenClaw's. What OpenClaw took over while it stopped is to be asked again,
   * under another name.
   */
  explain(error: unknown): unknown;
  /** After the turn: settles a row that is still ours. Rejects with `HandedBackError` when the question is to be asked again. */
  settle(): Promise<void>;
}

export interface Asking {
  readonly isStopping: () => boolean;
  /** How often OpenClaw has refused it before. */
  readonly refusals?: number;
  /** Nothing of the turn reaches the room, a refusal neither: that it ended without a word says nothing. */
  readonly isUnheard?: boolean;
}

/**
 * Between the beginning of a stop and the end of the process OpenClaw still takes turns over, but runs none: the
 * answer is an error that asks to try again, or the turn fails with one. Such a row is not given up before something else
 * than an error came.
 */
export function createHandover(
  row: ChannelIngressMonitorLifecycle,
  { isStopping, refusals = 0, isUnheard = false }: Asking,
): Handover {
  let doubtful = false;
  let refused = false;
  let over = false;
  async function giveUp(): Promise<void> {
    doubtful = false;
    await row.onAdopted();
  }
  return {
    lifecycle: {
      ...row,
      async onAdopted() {
        if (isStopping() && !over) doubtful = true;
        else await row.onAdopted();
      },
      async onAbandoned() {
        // The row would forget how often OpenClaw has refused the question.
        const known = refusals > 0 ? new HandedBackError(refusals, new Error("turn abandoned")) : undefined;
        if (known !== undefined && row.onFailed !== undefined) await row.onFailed(known);
        else await row.onAbandoned();
      },
    },
    async hold({ isError }) {
      if (!doubtful) return false;
      // Behind the refusal comes the word that there was no answer.
      if (isError === true) refused = true;
      if (!refused) await giveUp();
      return refused;
    },
    explain: (error) => (doubtful ? new HandedBackError(refusals + 1, error) : error),
    async settle() {
      over = true;
      if (!doubtful) return;
      if (refused || isUnheard) throw new HandedBackError(refusals + 1);
      await giveUp();
    },
  };
}
