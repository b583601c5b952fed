// Owns the straight line from one durable event that is no request to a line in the agent's next turn.

import { type Approval, readDecision } from "../commands/approval.ts";
import { formatApproval } from "../commands/replies.ts";
import { NamesPendingError } from "../errors.ts";
import type { Change } from "../facts/change.ts";
import { isRewritten, type MessageFacts, type UserFacts } from "../facts/message.ts";
import type { UserLookup } from "../intake/lookups.ts";
import type { NoticeReceipt, RawMessageEvent } from "../intake/receive.ts";
import { isSenderUndecided, isUnwantedBot } from "../policy/access.ts";
import { mayAsk, type Notice, phraseNotice, refuseActor, refuseNotice } from "../policy/notice.ts";
import { findTrigger } from "../policy/trigger.ts";
import type { AccountSettings } from "../settings.ts";
import { type Admission, postBeside } from "./admit.ts";
import type { Dropped, HostTurn } from "./host.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";

/** Tells an agent what somebody did, where that somebody could also have written to it. */
export async function runNotice(
  { event, message, notice }: NoticeReceipt,
  raw: RawMessageEvent,
  deps: TurnDependencies,
): Promise<TurnOutcome> {
  const { host, rooms, users } = deps;
  const settings = host.settings();
  const actor = await findActor(notice, message.sender, users);
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
    const uninvited = await refuseArrival(turn, { inviter: actor, room, settings });
    if (uninvited !== undefined) return uninvited;
    await turn.introduce({ inviter: actor, readRecent: (limit) => deps.readRecent(room, limit) });
    return { kind: "told" };
  }
  const access = await turn.resolveAccess();
  if (access.kind !== "allow") {
    if (mayAct(notice, settings) && isSenderUndecided(settings, actor)) throw new NamesPendingError();
    const detail = access.kind === "refuse" ? access.reason : "pairing";
    return { kind: "dropped", reason: "sender-not-allowed", detail };
  }
  const outcome = await act({ raw, notice, actor, turn, message, room, settings, deps });
  if (outcome !== undefined) return outcome;
  const refusal = refuseNotice(notice, message, settings) ?? refuseActor(notice, actor, settings);
  if (refusal !== undefined) return { kind: "dropped", reason: refusal };
  turn.announce({
    identity: event.eventId,
    group: groupOf(notice, message.id),
    text: phraseNotice(notice, { message, room, actor }),
  });
  return { kind: "told" };
}

interface Act extends Admission {
  readonly raw: RawMessageEvent;
  readonly notice: Notice;
  readonly actor: UserFacts;
  readonly turn: HostTurn;
}

/** Does what a reaction decides or asks; undefined when it does neither. */
async function act(about: Act): Promise<TurnOutcome | undefined> {
  const { raw, actor, message, room, settings, deps } = about;
  const approval = await readVote(about);
  const asked = readAsked(about);
  if (approval === undefined && asked === undefined) return undefined;
  if (!(await isStillNamed(about))) return { kind: "dropped", reason: "actor-unknown" };
  if (approval !== undefined) return decide(approval, about);
  if (asked === undefined) return undefined;
  // Whoever may not ask uses up nothing.
  if ((await deps.known.isBot(actor.id)) && isUnwantedBot(settings, { ...message, sender: actor }, room))
    return { kind: "dropped", reason: "bot-message" };
  return (await deps.takeUp({ ...raw, change: asked })) ? { kind: "taken-up" } : undefined;
}

/** Whoever took the name within the last minute has neither decided nor asked. */
async function isStillNamed({ notice, actor, deps }: Act): Promise<boolean> {
  if (notice.kind !== "reaction") return true;
  const named = await deps.users.named(notice.username, "now");
  return named?.id === actor.id;
}

/** Whether it is the bot itself that somebody added to the room; its introduction asks for nobody's right to speak. */
function isArrival({ kind }: Notice, { text }: MessageFacts, { username }: AccountSettings): boolean {
  return kind === "added" && text === username;
}

/**
 * A room that the configuration names is one in which the bot is wanted, whoever adds it. In any other, a discussion among
 * them, whoever adds it must be allowed to speak: people make rooms at will, and what they wrote would have the agent run.
 */
async function refuseArrival(
  turn: HostTurn,
  { inviter, room, settings }: Pick<Admission, "room" | "settings"> & { readonly inviter: UserFacts },
): Promise<Dropped | undefined> {
  if (settings.rooms.has(room.id)) return undefined;
  const access = await turn.resolveAccess();
  if (access.kind === "allow") return undefined;
  if (isSenderUndecided(settings, inviter)) throw new NamesPendingError();
  return { kind: "dropped", reason: "sender-not-allowed", detail: "added by somebody who may not speak" };
}

/** Whether a reaction may ask or decide: then it depends on who it is, and waits for names as a message does. */
function mayAct(notice: Notice, settings: AccountSettings): boolean {
  if (notice.kind !== "reaction" || !notice.added) return false;
  return readDecision(notice.emoji) !== undefined || mayAsk(notice, settings);
}

/** What a reaction to a question of the bot's decides; the question must be the bot's own message and in its own words. */
async function readVote({ notice, message, settings, turn }: Act): Promise<Approval | undefined> {
  if (message.sender.id !== settings.userId || isRewritten(message)) return undefined;
  const decision = notice.kind === "reaction" && notice.added ? readDecision(notice.emoji) : undefined;
  const approvalId = decision && (await turn.findApproval(message));
  return decision && approvalId ? { id: approvalId, decision } : undefined;
}

/** As `!approve` does, by whoever may use that. Others are not answered: a reaction may be meant for people. */
async function decide(
  approval: Approval,
  { actor, message, settings, turn, deps }: Act,
): Promise<TurnOutcome> {
  const isOperator = await turn.authorizeCommand();
  if (!isOperator && isSenderUndecided(settings, actor)) throw new NamesPendingError();
  if (!isOperator) return { kind: "dropped", reason: "sender-not-allowed", detail: "no operator" };
  const text = formatApproval(approval, await turn.resolveApproval(approval));
  if (text !== undefined) await postBeside(message, text, deps);
  return { kind: "commanded" };
}

/** What a reaction asks of the agent here, as the change that its turn begins with. */
function readAsked({ notice, actor, message, room, settings, deps }: Act): Change | undefined {
  if (notice.kind !== "reaction" || !notice.added) return undefined;
  // As a message that was missed: what is older is not answered. The reaction is no younger than the document.
  if (deps.serverNow() - message.updatedAt > settings.catchUp.maxAgeMinutes * 60_000) return undefined;
  const { emoji, username } = notice;
  const prompt = findTrigger(settings, emoji, room.chatType === "direct" ? undefined : room);
  const at = message.updatedAt;
  return prompt === undefined ? undefined : { kind: "triggered", emoji, userId: actor.id, username, at };
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
