// Owns handing a preview from the turn that wrote it to the delivery that makes it the answer.

import { resolveOutboundSendDep } from "openclaw/plugin-sdk/channel-outbound";
import type { StandingPreview } from "../../../outbound/send.ts";
import { namesSomebody } from "../../../outbound/streaming/names.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { knownPreviews, type Previews, warnOnce } from "./preview-file.ts";

/** A preview that stands where the answer goes, and is edited by nothing any more. */
export class PreviewOffer {
  readonly id: string;
  #taken = false;
  #closed = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Whether it is, or will be, the answer. */
  get taken(): boolean {
    return this.#taken;
  }

  note(taken: boolean): void {
    this.#taken = taken;
  }

  /** Whether it can still be taken. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Ends it, unless it was taken; answers whether it is over. */
  close(): boolean {
    this.#closed = !this.#taken;
    return this.#closed;
  }
}

/** As OpenClaw hands it on to the first attempt at a delivery; it keeps nothing of it for later ones. */
export const offerToDelivery = (offer: PreviewOffer | undefined) =>
  offer === undefined ? {} : { deps: { [CHANNEL_ID]: offer } };

/**
 * The preview that a queued delivery makes its first text: the one that an earlier attempt has claimed, else the one that
 * it is offered, which it claims. An answer that names somebody is posted: an edit notifies nobody. Throws when it cannot
 * be read whether an earlier attempt has claimed one; a claim that cannot be written is none.
 */
export function takePreview(
  delivery: string,
  texts: readonly string[],
  deps: Readonly<Record<string, unknown>> | undefined,
): StandingPreview | undefined {
  const file = knownPreviews();
  if (file === undefined) return undefined;
  const known = resolveOutboundSendDep<unknown>(deps, CHANNEL_ID);
  const offer = known instanceof PreviewOffer && known.isOpen ? known : undefined;
  const claimed = file.findClaimed(delivery);
  if (claimed !== undefined) attempt(() => file.renew(claimed));
  const id = claimed ?? (mayEdit(texts) ? claimOffered(file, delivery, offer) : undefined);
  if (id === undefined) return undefined;
  offer?.note(true);
  return {
    id,
    onEdited: () => void attempt(() => file.noteSent(id)),
    onRefused() {
      attempt(() => file.release(id));
      offer?.note(false);
    },
  };
}

const mayEdit = (texts: readonly string[]): boolean => texts.length > 0 && !texts.some(namesSomebody);

function claimOffered(file: Previews, delivery: string, offer: PreviewOffer | undefined): string | undefined {
  return offer && attempt(() => file.claim(offer.id, delivery)) ? offer.id : undefined;
}

/** What cannot be written must not keep the answer back: at worst it is edited again, or the preview withdrawn late. */
function attempt<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    warnOnce("previews.sqlite cannot be written", error);
    return undefined;
  }
}
