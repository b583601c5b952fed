// Owns the straight line from one durable event that is no request to a line in the agent's next turn.

import type { UserFacts } from "../facts/message.ts";
import type { UserLookup } from "../intake/lookups.ts";
import type { NoticeReceipt } from "../intake/receive.ts";
import { isUnwantedBot } from "../policy/access.ts";
import { type Notice, phraseNotice, refuseActor } from "../policy/notice.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";

/** Tells an agent what somebody did, where that somebody could also have written to it. */
export async function runNotice(
  { event, message, notice }: NoticeReceipt,
  { host, rooms, users }: Pick<TurnDependencies, "host" | "rooms" | "users">,
): Promise<TurnOutcome> {
  const settings = host.settings();
  const actor = await findActor(notice, message.sender, users);
  if (actor === undefined) return { kind: "dropped", reason: "actor-unknown" };
  const acted = { ...message, sender: actor, fromIntegration: false, text: "", mentions: [] };
  const refusal = refuseActor(notice, actor, settings);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };

  const room = await findPlace(message.roomId, settings, rooms);
  if (room === undefined) return { kind: "dropped", reason: "room-unknown" };
  const place =
    judgePlace(settings, room) ?? (isUnwantedBot(settings, acted, room) ? "bot-message" : undefined);
  if (place !== undefined) return { kind: "dropped", reason: place };

  const turn = host.openTurn({
    message: acted,
    room,
    text: "",
    wasMentioned: true,
    implicitMentions: [],
    isNotice: true,
  });
  const access = await turn.resolveAccess();
  if (access.kind !== "allow") {
    const detail = access.kind === "refuse" ? access.reason : "pairing";
    return { kind: "dropped", reason: "sender-not-allowed", detail };
  }
  turn.announce({
    identity: event.eventId,
    group: groupOf(notice, message.id),
    text: phraseNotice(notice, { message, room, actor }),
  });
  return { kind: "told" };
}

/**
 * Reactions name people by username alone, and the sender of a message may have named anybody as its editor: both are
 * looked up, and whom nobody knows by that name and id has done nothing. Where the server does not say who deleted a
 * message, it counts as its author's doing.
 */
async function findActor(
  notice: Notice,
  author: UserFacts,
  users: UserLookup,
): Promise<UserFacts | undefined> {
  if (notice.kind === "reaction") return users.named(notice.username);
  const { by } = notice;
  if (by === undefined || by.id === author.id) return author;
  const named = by.username === undefined ? undefined : await users.named(by.username);
  return named?.id === by.id ? named : undefined;
}

/** What a burst is made of: the reactions to one message, else all of a kind. */
function groupOf({ kind }: Notice, messageId: string): string {
  return kind === "reaction" ? `reaction ${messageId}` : kind;
}
