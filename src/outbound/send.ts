// Owns posting text: each message once, the parts of a delivery in order, through what passes by itself.

import { RestError, RocketChatError } from "../errors.ts";
import { isTooLong } from "../rest/answer.ts";
import type { RestClient } from "../rest/client.ts";
import { findAuthor, type NewMessage, postMessage, takeBack } from "../rest/messages.ts";
import { updateMessage } from "../rest/reactions.ts";
import { openDirectRoom } from "../rest/rooms.ts";
import { fetchUser } from "../rest/users.ts";
import { adviseRetry } from "../retry.ts";
import type { PreviewSettings } from "../settings.ts";
import type { MessageIds } from "./message-id.ts";
import { type Patience, withPatience } from "./patience.ts";
import { choosePreviews } from "./previews.ts";
import type { Target } from "./target.ts";

/** No reply has this many parts; a search for the last one ends here. */
const MAX_PARTS = 1000;

/** Where and until when a delivery is posted. */
export interface Sending extends Patience {
  readonly rest: RestClient;
  readonly ids: MessageIds;
  /** Told when somebody else's message stands under an id that was to be ours. */
  readonly onTaken?: ((taken: { readonly id: string; readonly authorId: string }) => void) | undefined;
  /** Asked before each message goes out; when it rejects, the message does not. */
  readonly beforePosting?: (() => Promise<void>) | undefined;
  /** Told of every message that stands in its room. */
  readonly onPosted?: (() => void) | undefined;
}

/** A message to be posted. */
export interface Outgoing extends Omit<NewMessage, "previewUrls"> {
  /** Of which links the server may add previews; undefined: of none. */
  readonly previews?: PreviewSettings | undefined;
}

/**
 * Posts a message once. When the server's answer leaves open whether it did (no answer, 5xx, or the 400
 * without a code that a used `_id` gets; recording `send-idempotency`), the server is asked. What passes by
 * itself (the network, a 5xx, a rate limit) is waited out. Rejects when the message does not stand in the
 * room, or when it could not be learned whether it does; with TargetError when its thread belongs to another room,
 * where nothing is left standing unless the error says so. Answers with its id: another than the one asked for, that
 * follows from it, where somebody else has posted under that.
 */
export async function sendMessage(sending: Sending, message: Outgoing): Promise<string> {
  const { beforePosting, onPosted } = sending;
  await beforePosting?.();
  const id = await withPatience(sending, () => postOnce(sending, message));
  onPosted?.();
  return id;
}

/** Nobody can go on taking ids that he cannot know. */
const MAX_TAKEN = 3;

async function postOnce(sending: Sending, { previews, ...message }: Outgoing): Promise<string> {
  const previewUrls = previews && choosePreviews(message.text, previews);
  let { id } = message;
  for (let taken = 0; ; taken += 1) {
    try {
      await postMessage(sending.rest, { ...message, id, previewUrls });
      return id;
    } catch (error) {
      if (!isPerhapsPosted(error)) throw error;
      const found = await findAuthor(sending.rest, id);
      const own = found?.authorId === sending.ids.userId;
      if (own && found.roomId === message.roomId) return id;
      if (own && message.threadId !== undefined)
        await takeBack(sending.rest, { roomId: found.roomId, messageId: id });
      if (found === undefined || own || taken === MAX_TAKEN) throw error;
      sending.onTaken?.({ id, authorId: found.authorId });
      id = nextId(sending, id);
    }
  }
}

const nextId = ({ ids }: Pick<Sending, "ids">, taken: string): string => ids.derive("taken", taken);

type Finding = Pick<Sending, "rest" | "ids">;

/** The id under which a message of ours stands in a room, its own or one that followed from that. */
async function findOwn(sending: Finding, where: { id: string; roomId: string }): Promise<string | undefined> {
  let { id } = where;
  for (let taken = 0; taken <= MAX_TAKEN; taken += 1) {
    const found = await findAuthor(sending.rest, id);
    if (found === undefined) return undefined;
    if (found.authorId === sending.ids.userId) return found.roomId === where.roomId ? id : undefined;
    id = nextId(sending, id);
  }
  return undefined;
}

/** The first of some ids under which a message of ours stands in a room. */
async function findAny(
  sending: Finding,
  { ids, roomId }: { readonly ids: readonly string[]; readonly roomId: string },
): Promise<string | undefined> {
  for (const id of ids) {
    const found = await findOwn(sending, { id, roomId });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What comes in place of an answer of Rocket.Chat's. */
const UNHEARD: ReadonlySet<string> = new Set(["network", "timeout", "protocol"]);

/** Whether an answer leaves open whether the server did what it was asked. */
export function provesNothing(error: unknown): boolean {
  if (error instanceof RestError) return error.status >= 500 || error.serverCode === undefined;
  return error instanceof RocketChatError && UNHEARD.has(error.code);
}

const isPerhapsPosted = (error: unknown): boolean => provesNothing(error) || isTooLong(error);

/** A preview that stands in the room of a delivery and is edited by nothing else. */
export interface StandingPreview {
  readonly id: string;
  /**
   * What an earlier attempt has learned: the preview has become the answer, and a refusal is no matter; or the server
   * refused that, and the answer is posted.
   */
  readonly known?: "edited" | "refused" | undefined;
  /** Called when the edit stands. */
  readonly onEdited: () => void;
  /** Called when the server refuses the edit, before the text is posted under an id of its own. */
  readonly onRefused: () => void;
  /** Called when the text was posted, or nothing of it will ever be: the preview can go. */
  readonly onReplaced: () => void;
}

/** Texts that make up one delivery, in order. `id` names the delivery; equal ids are one delivery. */
export interface Delivery {
  readonly id: string;
  readonly roomId: string;
  readonly threadId?: string | undefined;
  /** Whether the room shows the thread's reply too. */
  readonly isShownInRoom?: boolean;
  readonly texts: readonly string[];
  /** A message of ours that becomes the first text by an edit. */
  readonly standing?: StandingPreview | undefined;
  readonly previews?: PreviewSettings | undefined;
}

/** A part was refused for good after others had been posted; what was posted stands. */
export class PartialDeliveryError extends Error {
  override readonly name = "PartialDeliveryError";
  /** Only the preview was edited so far: it can be edited anew, and the delivery be divided in another way. */
  readonly isEditedOnly: boolean;

  constructor(message: string, { cause, isEditedOnly }: { cause: unknown; isEditedOnly: boolean }) {
    super(message, { cause });
    this.isEditedOnly = isEditedOnly;
  }
}

/**
 * Posts the parts of a delivery one after another and answers with their message ids. Called again with the
 * same delivery it goes on at the part that is missing: what stands in the room is not posted twice.
 */
export async function sendDelivery(sending: Sending, delivery: Delivery): Promise<string[]> {
  const { id, texts, standing, ...place } = delivery;
  const posted: string[] = [];
  for (const [index, text] of texts.entries()) {
    const ids = sending.ids.deriveParts(id, { index, last: index === texts.length - 1 });
    try {
      const part = { text, ...place };
      const post = () => sendPart(sending, ids, part);
      posted.push(await (index === 0 && standing ? sendFirst(sending, { standing, part, post }) : post()));
    } catch (cause) {
      if (posted.length === 0) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PartialDeliveryError(`${posted.length} of ${texts.length} parts were posted: ${reason}`, {
        cause,
        isEditedOnly: posted.length === 1 && posted[0] === standing?.id,
      });
    }
  }
  return posted;
}

interface FirstPart {
  readonly standing: StandingPreview;
  readonly part: Omit<Outgoing, "id">;
  readonly post: () => Promise<string>;
}

/** Makes the preview the first text. Where the server refuses that, the text is posted, and then the preview goes. */
async function sendFirst(sending: Sending, { standing, part, post }: FirstPart): Promise<string> {
  if (standing.known !== "refused" && (await editPreview(sending, standing, part))) return standing.id;
  try {
    const id = await post();
    standing.onReplaced();
    return id;
  } catch (error) {
    if (isRefusedForGood(error)) standing.onReplaced();
    throw error;
  }
}

/** Makes a preview the text, any number of times; answers whether it is. */
async function editPreview(
  sending: Sending,
  { id, known, onEdited, onRefused }: StandingPreview,
  { roomId, text, previews }: Pick<Outgoing, "roomId" | "text" | "previews">,
): Promise<boolean> {
  await sending.beforePosting?.();
  const previewUrls = previews ? choosePreviews(text, previews) : [];
  try {
    await withPatience(sending, () =>
      updateMessage(sending.rest, { roomId, messageId: id, text, previewUrls }),
    );
  } catch (error) {
    if (!isRefusedForGood(error)) throw error;
    if (known === "edited") return true;
    onRefused();
    return false;
  }
  onEdited();
  sending.onPosted?.();
  return true;
}

const isRefusedForGood = (error: unknown): boolean =>
  error instanceof RestError && adviseRetry(error).kind === "blocked";

/** Where a part may stand under more than one id, it is looked for before it is posted. */
async function sendPart(
  sending: Sending,
  ids: readonly [string, ...string[]],
  part: Omit<Outgoing, "id">,
): Promise<string> {
  const find = () => findAny(sending, { ids, roomId: part.roomId });
  const found = ids.length > 1 ? await withPatience(sending, find) : undefined;
  return found ?? (await sendMessage(sending, { id: ids[0], ...part }));
}

/**
 * The message ids of a delivery that stands in its room completely, or undefined when its end is missing.
 * Rejects when the server cannot be asked.
 */
export async function findDelivery(
  sending: Finding,
  { id, roomId }: Pick<Delivery, "id" | "roomId">,
): Promise<string[] | undefined> {
  const { deriveParts } = sending.ids;
  const found: string[] = [];
  for (let index = 0; index < MAX_PARTS; index += 1) {
    const last = await findAny(sending, { ids: deriveParts(id, { index, last: true }), roomId });
    if (last !== undefined) return [...found, last];
    const more = await findAny(sending, { ids: deriveParts(id, { index, last: false }), roomId });
    if (more === undefined) return undefined;
    found.push(more);
  }
  return undefined;
}

/** The room that a target means; a user's is the 1:1 room with the bot, opened when there is none. */
export async function resolveTargetRoom(rest: RestClient, target: Target): Promise<string> {
  if (target.kind === "room") return target.id;
  const user = await fetchUser(rest, target.id);
  return openDirectRoom(rest, user.username ?? target.id);
}
