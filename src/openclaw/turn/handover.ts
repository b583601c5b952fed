// Owns who has a question while OpenClaw stops: a turn that is taken over then is refused, in front of who asked.

import type { ChannelIngressMonitorLifecycle } from "openclaw/plugin-sdk/channel-outbound";

/** The event's row keeps this message; it tells the next process that OpenClaw has seen the question before. */
export class HandedBackError extends Error {
  override readonly name = "HandedBackError";
  static readonly MESSAGE = "OpenClaw was stopping and did not run this";
  constructor() {
    super(HandedBackError.MESSAGE);
  }
}

const ASKED_AGAIN = "#2";

/** The name of a message that OpenClaw is given a second time: it runs nothing twice, and takes what it refused for run. */
export const nameSecondAsking = (messageId: string): string => `${messageId}${ASKED_AGAIN}`;

/** The message's own id; those of Rocket.Chat are letters and digits. */
export const readMessageId = (name: string): string =>
  name.endsWith(ASKED_AGAIN) ? name.slice(0, -ASKED_AGAIN.length) : name;

export interface Handover {
  /** What OpenClaw is to be given in place of the row's own. */
  readonly lifecycle: ChannelIngressMonitorLifecycle;
  /** Hears of each payload of the turn; answers whether it is to be kept from the room. */
  hold(payload: { readonly isError?: boolean | undefined }): Promise<boolean>;
  /** After the turn: settles a row that is still ours. Rejects with `HandedBackError` when the question is to be asked again. */
  settle(): Promise<void>;
}

/**
 * Between the beginning of a stop and the end of the process OpenClaw still takes turns over, but runs none: the
 * answer is an error that asks to try again. Such a row is not given up before something else than an error came.
 */
export function createHandover(row: ChannelIngressMonitorLifecycle, isStopping: () => boolean): Handover {
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
    },
    async hold({ isError }) {
      if (!doubtful) return false;
      // Behind the refusal comes the word that there was no answer.
      if (isError === true) refused = true;
      if (!refused) await giveUp();
      return refused;
    },
    async settle() {
      over = true;
      if (!doubtful) return;
      if (refused) throw new HandedBackError();
      await giveUp();
    },
  };
}
