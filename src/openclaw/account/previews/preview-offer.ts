// Owns handing a preview from the turn that wrote it to the delivery that makes it the answer.

import { resolveOutboundSendDep } from "openclaw/plugin-sdk/channel-outbound";
import type { StandingPreview } from "../../../outbound/send.ts";
import { namesSomebody } from "../../../outbound/streaming/names.ts";
import { withdrawPreview } from "../../../outbound/streaming/preview.ts";
import type { RestClient } from "../../../rest/client.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { type KeptPreview, knownPreviews, type Previews, warnOnce } from "./preview-file.ts";

/** A preview that stands where the answer goes, and is edited by nothing any more. */
export class PreviewOffer {
  readonly id: string;
  readonly #withdraw: () => Promise<void>;
  #taken = false;
  #closed = false;

  /** `withdraw` takes the preview away, and never rejects. */
  constructor(id: string, withdraw: () => Promise<void> = async () => {}) {
    this.id = id;
    this.#withdraw = withdraw;
  }

  /** Whether a delivery has it, which makes it the answer or lets it go. */
  get taken(): boolean {
    return this.#taken;
  }

  /** A delivery has it. */
  note(): void {
    this.#taken = true;
  }

  /** The delivery posts the answer anew: the preview goes before. */
  refuse(): void {
    if (this.close()) void this.#withdraw();
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

export interface Takeover {
  /** OpenClaw's queue entry. */
  readonly delivery: string;
  readonly texts: readonly string[];
  readonly deps: Readonly<Record<string, unknown>> | undefined;
  readonly rest: RestClient;
}

/**
 * The preview that a queued delivery makes its first text: the one that an earlier attempt has claimed, else the one that
 * it is offered, which it claims. An answer that names somebody is posted: an edit notifies nobody. Where the answer has to
 * be posted although it has claimed a preview, that is withdrawn afterwards, or when the account connects again. Throws
 * when it cannot be read whether an earlier attempt has claimed one; a claim that cannot be written is none.
 */
export function takePreview({ delivery, texts, deps, rest }: Takeover): StandingPreview | undefined {
  const file = knownPreviews();
  if (file === undefined) return undefined;
  const known = resolveOutboundSendDep<unknown>(deps, CHANNEL_ID);
  const offer = known instanceof PreviewOffer && known.isOpen ? known : undefined;
  const before = file.findClaimed(delivery);
  if (before !== undefined) attempt(() => file.renew(before.id));
  const isClaimed = before === undefined && mayEdit(texts) && claimOffered(file, delivery, offer);
  const claimed = isClaimed ? file.findClaimed(delivery) : before;
  if (claimed === undefined) {
    offer?.refuse();
    return undefined;
  }
  offer?.note();
  const { id } = claimed;
  return {
    id,
    known: claimed.known,
    onEdited: () => void attempt(() => file.noteSent(id)),
    onRefused: () => void attempt(() => file.noteRefused(id)),
    onReplaced() {
      attempt(() => file.release(id));
      void withdraw(file, rest, claimed);
    },
  };
}

/** Nobody waits for it; what cannot be done now is done when the account connects again. Never rejects. */
async function withdraw(file: Previews, rest: RestClient, preview: KeptPreview): Promise<void> {
  try {
    await withdrawPreview(rest, preview);
    file.forget(preview.id);
  } catch (error) {
    warnOnce("a preview could not be withdrawn, and is when the account connects again", error);
  }
}

const mayEdit = (texts: readonly string[]): boolean => texts.length > 0 && !texts.some(namesSomebody);

function claimOffered(file: Previews, delivery: string, offer: PreviewOffer | undefined): boolean {
  return offer !== undefined && attempt(() => file.claim(offer.id, delivery)) === true;
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
