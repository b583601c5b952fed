// Owns the straight line from one durable event to one agent turn.

import { stripMention } from "../facts/mention.ts";
import { isUnwantedBot, refusePlace } from "../policy/access.ts";
import { readActivation, refuseInRoom } from "../policy/activation.ts";
import type { DropReason } from "../policy/admission.ts";
import type { InboundHost } from "./host.ts";
import type { LearnedKnowledge } from "./knowledge.ts";
import type { RoomLookup, UserLookup } from "./lookups.ts";
import { runNotice } from "./notice.ts";
import { type RawMessageEvent, receive } from "./receive.ts";

export interface TurnDependencies {
  readonly host: InboundHost;
  readonly rooms: Pick<RoomLookup, "room">;
  readonly users: UserLookup;
  readonly known: LearnedKnowledge;
  /** Posts text in a room or thread and answers with the message id. */
  readonly post: (where: { roomId: string; threadId: string | undefined }, text: string) => Promise<string>;
  /** The root of a message's thread, itself if it is none's reply; undefined when it is not in the room. */
  readonly findRoot: (roomId: string, messageId: string) => Promise<string | undefined>;
}

export type TurnOutcome =
  | { readonly kind: "ran" }
  /** The agent was told of it and reads it in its next turn. */
  | { readonly kind: "told" }
  | { readonly kind: "dropped"; readonly reason: DropReason; readonly detail?: string };

/**
 * Runs one event through to its agent turn. Resolves when the turn is over or the event was dropped;
 * rejects when it could not be carried out now and should be tried again.
 */
export async function runTurn(event: RawMessageEvent, deps: TurnDependencies): Promise<TurnOutcome> {
  const { known } = deps;
  const settings = deps.host.settings();
  const grounds = { settings, known };
  const receipt = receive(event, grounds);
  if (receipt.kind === "dropped") return receipt;
  if (receipt.kind === "notice") return runNotice(receipt, deps);
  const { message } = receipt;

  const room = await deps.rooms.room(message.roomId);
  if (room === undefined) return { kind: "dropped", reason: "room-unknown" };
  await known.learnTeams(message);
  const refusal =
    refusePlace(settings, room) ??
    (room.chatType === "channel" ? refuseInRoom(message, room, grounds) : undefined);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };

  const { wasMentioned, implicit } = readActivation(message, settings, known);
  const turn = deps.host.openTurn({
    message,
    room,
    text: stripMention(message.text, settings.username),
    wasMentioned: wasMentioned === true,
    implicitMentions: implicit,
  });
  const where = { roomId: message.roomId, threadId: message.threadId };

  const access = await turn.resolveAccess();
  if (access.kind === "refuse") {
    const reason = access.cause === "activation" ? "not-mentioned" : "sender-not-allowed";
    return { kind: "dropped", reason, detail: access.reason };
  }
  if ((await known.isBot(message.sender.id)) && isUnwantedBot(settings, message, room))
    return { kind: "dropped", reason: "bot-message" };
  if (access.kind === "pair") {
    const text = await turn.requestPairing();
    if (text !== undefined) await deps.post(where, text);
    return { kind: "dropped", reason: "pairing-pending" };
  }

  const { roomId } = message;
  await turn.dispatch({
    post: (text, threadId) => deps.post({ roomId, threadId }, text),
    findRoot: (messageId) => deps.findRoot(roomId, messageId),
  });
  return { kind: "ran" };
}
