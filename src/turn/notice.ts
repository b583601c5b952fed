// Owns the straight line from one durable event that is no request to a line in the agent's next turn.

import { type Approval, readDecision } from "../commands/approval.ts";
import { formatApproval } from "../commands/replies.ts";
import type { Change } from "../facts/change.ts";
import type { MessageFacts, UserFacts } from "../facts/message.ts";
import type { UserLookup } from "../intake/lookups.ts";
import type { NoticeReceipt, RawMessageEvent } from "../intake/receive.ts";
import { isUnwantedBot } from "../policy/access.ts";
import { mayAsk, type Notice, phraseNotice, refuseActor, refuseNotice } from "../policy/notice.ts";
import { findTrigger } from "../policy/trigger.ts";
import type { AccountSettings } from "../settings.ts";
import { type Admission, postBeside } from "./admit.ts";
import type { HostTurn } from "./host.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";

/** Tells an agent what somebody did, where that somebody could also have written to it. */
export async function runNotice(
  { event, message, notice }: NoticeReceipt,
  raw: RawMessageEvent,
  deps: TurnDependencies,
): Promise<TurnOutcome> {
  const { host, rooms, users, takeUp } = deps;
  const settings = host.settings();
  const actor = await findActor(notice, { author: message.sender, users, settings });
  if (actor === undefined) return { kind: "dropped", reason: "actor-unknown" };
  const acted = { ...message, sender: actor, fromIntegration: false, text: "", mentions: [] };
  if (actor.id === settings.userId) return { kind: "dropped", reason: "own-message" };

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
  if (isArrival(notice, message, settings)) {
    await turn.introduce({ inviter: actor, readRecent: (limit) => deps.readRecent(room, limit) });
    return { kind: "told" };
  }
  const access = await turn.resolveAccess();
  if (access.kind !== "allow") {
    const detail = access.kind === "refuse" ? access.reason : "pairing";
    return { kind: "dropped", reason: "sender-not-allowed", detail };
  }
  const approval = readVote(notice, message, turn);
  if (approval !== undefined) return decide(approval, { message, turn, deps });
  const asked = readAsked(notice, { message, room, settings });
  if (asked !== undefined && (await takeUp({ ...raw, change: asked }))) return { kind: "taken-up" };
  const refusal = refuseNotice(notice, message, settings) ?? refuseActor(notice, actor, settings);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  turn.announce({
    identity: event.eventId,
    group: groupOf(notice, message.id),
    text: phraseNotice(notice, { message, room, actor }),
  });
  return { kind: "told" };
}

/** Whether it is the bot itself that somebody added to the room; its introduction asks for nobody's right to speak. */
function isArrival({ kind }: Notice, { text }: MessageFacts, { username }: AccountSettings): boolean {
  return kind === "added" && text === username;
}

/** What a reaction to a question of the bot's decides. */
function readVote(notice: Notice, { id }: MessageFacts, turn: HostTurn): Approval | undefined {
  const decision = notice.kind === "reaction" && notice.added ? readDecision(notice.emoji) : undefined;
  const approvalId = decision && turn.findApproval(id);
  return decision && approvalId ? { id: approvalId, decision } : undefined;
}

/** As `!approve` does, by whoever may use that. Others are not answered: a reaction may be meant for people. */
async function decide(
  approval: Approval,
  { message, turn, deps }: Pick<Admission, "message" | "deps"> & { readonly turn: HostTurn },
): Promise<TurnOutcome> {
  if (!(await turn.authorizeCommand()))
    return { kind: "dropped", reason: "sender-not-allowed", detail: "no operator" };
  await postBeside(message, formatApproval(approval, await turn.resolveApproval(approval)), deps);
  return { kind: "commanded" };
}

/** What a reaction asks of the agent here, as the change that its turn begins with. */
function readAsked(
  notice: Notice,
  { message, room, settings }: Pick<Admission, "message" | "room" | "settings">,
): Change | undefined {
  if (notice.kind !== "reaction" || !notice.added) return undefined;
  const { emoji, username } = notice;
  const prompt = findTrigger(settings, emoji, room.chatType === "direct" ? undefined : room);
  return prompt === undefined ? undefined : { kind: "triggered", emoji, username, at: message.updatedAt };
}

/**
 * Reactions name people by username alone, and the sender of a message may have named anybody as its editor: both are
 * looked up, and whom nobody knows by that name and id has done nothing. Where the server does not say who deleted a
 * message, it counts as its author's doing.
 */
async function findActor(
  notice: Notice,
  about: {
    readonly author: UserFacts;
    readonly users: UserLookup;
    readonly settings: AccountSettings;
  },
): Promise<UserFacts | undefined> {
  const { author, users, settings } = about;
  if (notice.kind === "reaction") {
    // By what acts, nobody acts who took the name within the last minute.
    const acts = readDecision(notice.emoji) !== undefined || mayAsk(notice, settings);
    return users.named(notice.username, acts ? "now" : undefined);
  }
  const { by } = notice;
  if (by === undefined || by.id === author.id) return author;
  const named = by.username === undefined ? undefined : await users.named(by.username);
  return named?.id === by.id ? named : undefined;
}

/** What a burst is made of: the reactions to one message, else all of a kind. */
function groupOf({ kind }: Notice, messageId: string): string {
  return kind === "reaction" ? `reaction ${messageId}` : kind;
}
