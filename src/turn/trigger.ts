// Owns the turn of a reaction: the agent is asked what the configuration says, about the message that bears it.

import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { TriggerReceipt } from "../intake/receive.ts";
import { isUnwantedBot } from "../policy/access.ts";
import { findTrigger } from "../policy/trigger.ts";
import type { AccountSettings } from "../settings.ts";
import { admit } from "./admit.ts";
import { answer } from "./answer.ts";
import type { Dropped } from "./host.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";
import { isShown } from "./surroundings.ts";

/** What a reaction asks, in the name of who reacted; the message stands beside it, as a quote does. */
interface Asked {
  readonly kind: "asked";
  readonly message: MessageFacts;
  readonly about: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
}

/** Runs the agent for a reaction that was taken up. Resolves and rejects as `runTurn`. */
export async function runTrigger(receipt: TriggerReceipt, deps: TurnDependencies): Promise<TurnOutcome> {
  const asked = await judge(receipt, deps);
  if (asked.kind === "dropped") return asked;
  const { message, about, room } = asked;
  const turn = deps.host.openTurn({
    message,
    room,
    text: message.text,
    wasMentioned: true,
    implicitMentions: [],
    reaction: receipt.trigger.emoji,
  });
  const judgeAgain = async () => {
    const anew = await judge(receipt, deps);
    return anew.kind === "dropped" ? anew : admit(turn, { ...anew, deps });
  };
  const show = <Around extends object>(around: Around) => ({ ...around, quoted: about });
  return answer(turn, { ...asked, deps, judgeAgain, mayJoin: false, show });
}

/** Judges all but whether the person may speak, by what holds now. */
async function judge(
  { message: outline, trigger }: TriggerReceipt,
  { host, rooms, users, fetchMessage }: TurnDependencies,
): Promise<Asked | Dropped> {
  const settings = host.settings();
  const actor = await users.named(trigger.username, "now");
  if (actor?.id !== trigger.userId) return { kind: "dropped", reason: "actor-unknown" };
  const room = await findPlace(outline.roomId, settings, rooms);
  if (room === undefined) return { kind: "dropped", reason: "room-unknown" };
  const text = findTrigger(settings, trigger.emoji, room.chatType === "direct" ? undefined : room);
  const about = await fetchMessage(outline.id);
  if (text === undefined || !isShown(about, { roomId: room.id }))
    return { kind: "dropped", reason: "change-unwanted" };
  const message: MessageFacts = {
    ...outline,
    text,
    sender: actor,
    fromIntegration: false,
    mentions: [],
    files: [],
    quotedUsernames: [],
    edited: undefined,
    sentAt: trigger.at,
  };
  const refusal =
    (actor.id === settings.userId ? "own-message" : judgePlace(settings, room)) ??
    (isUnwantedBot(settings, message, room) ? "bot-message" : undefined);
  return refusal === undefined
    ? { kind: "asked", message, about, room, settings }
    : { kind: "dropped", reason: refusal };
}
