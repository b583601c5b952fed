// Owns the straight line from one durable event to one agent turn.

import { type Command, readCommand } from "../commands/parse.ts";
import { stripMention } from "../facts/mention.ts";
import type { MessageFacts } from "../facts/message.ts";
import { withoutQuoteLinks } from "../facts/quote.ts";
import type { RoomFacts } from "../facts/room.ts";
import {
  type NoticeReceipt,
  type RawMessageEvent,
  receive,
  refuseCommand,
  refuseRoomMessage,
  type TriggerReceipt,
} from "../intake/receive.ts";
import { isUnheard, readActivation } from "../policy/activation.ts";
import type { AccountSettings } from "../settings.ts";
import { type Admission, admit, findThreadOf, postBeside, unlessRefused } from "./admit.ts";
import { answer } from "./answer.ts";
import { runCommand } from "./command.ts";
import type { Dropped, HostTurn, TurnInput } from "./host.ts";
import type { Heard } from "./media.ts";
import { runNotice } from "./notice.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";
import { runTrigger } from "./trigger.ts";
import { hear } from "./voice.ts";

/**
 * Runs one event through to its agent turn. Resolves when the turn is over or the event was dropped;
 * rejects when it could not be carried out now and should be tried again.
 */
export async function runTurn(event: RawMessageEvent, deps: TurnDependencies): Promise<TurnOutcome> {
  const receipt = await judge(event, deps);
  if (receipt.kind === "dropped") return receipt;
  if (receipt.kind === "notice") return runNotice(receipt, event, deps);
  if (receipt.kind === "triggered") return runTrigger(receipt, deps);
  const { room, settings, command } = receipt;
  const isVoice = isUnheard(receipt.message, room, { settings, known: deps.known });
  const alone = inputOf(receipt, deps);
  const message = await withCompanions({ ...receipt, deps, input: { ...alone, ...(isVoice && NAMED) } });
  if ("reason" in message) return message;
  const input = { ...alone, message };
  const heard = isVoice ? await listen({ ...receipt, input, deps }) : undefined;
  if (heard !== undefined && "reason" in heard) return heard;
  const turn = deps.host.openTurn(heard === undefined ? input : { ...input, ...NAMED, heard });
  if (command !== undefined) return carryOut(command, turn, { message, room, settings, deps });
  const judgeAgain = () => judgeAnew(event, turn, deps);
  // What was heard is a request by itself: what follows is listened to by its own recording alone.
  return answer(turn, { message, room, settings, heard, deps, judgeAgain, mayJoin: heard === undefined });
}

/** As if a message named the agent, which a voice message may do by what it says. */
const NAMED = { wasMentioned: true };

/** What the host is told of a message. */
function inputOf({ message, room, settings, command }: Judged, { known }: TurnDependencies): TurnInput {
  const { wasMentioned, implicit } = readActivation(message, settings, known);
  return {
    message,
    room,
    text: stripMention(withoutQuoteLinks(message), settings.username),
    wasMentioned: wasMentioned === true,
    implicitMentions: implicit,
    command,
  };
}

/** A message that may go on as far as its place and its words decide. */
interface Judged {
  readonly kind: "judged";
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
  readonly command: Command | undefined;
}

/** Judges an event by what holds now, with everything looked up; the sender is judged by `admit`. */
async function judge(
  event: RawMessageEvent,
  { host, known, rooms }: TurnDependencies,
): Promise<Dropped | NoticeReceipt | TriggerReceipt | Judged> {
  const settings = host.settings();
  const grounds = { settings, known };
  const receipt = receive(event, grounds);
  if (receipt.kind !== "received") return receipt;
  const { message } = receipt;
  const room = await findPlace(message.roomId, settings, rooms);
  if (room === undefined) return { kind: "dropped", reason: "room-unknown" };
  await known.learnTeams(message);
  const command = readCommand(message.text, settings.username);
  const reason =
    judgePlace(settings, room) ??
    (room.chatType === "channel" ? refuseRoomMessage(message, room, grounds) : undefined) ??
    (command && room.chatType === "group" ? refuseCommand(command, message, settings) : undefined);
  return reason === undefined
    ? { kind: "judged", message, room, settings, command }
    : { kind: "dropped", reason };
}

async function carryOut(command: Command, turn: HostTurn, about: Admission): Promise<TurnOutcome> {
  const refused = await admit(turn, about);
  if (refused !== undefined) return refused;
  const { deps, ...judged } = about;
  const findThread = () => findThreadOf(judged.message, deps);
  const reply = (text: string) => postBeside(judged.message, text, deps);
  const { runs, now, receivedAt } = deps;
  await unlessRefused(
    turn,
    runCommand({ ...judged, command, turn, runs, findThread, reply, now, receivedAt }),
  );
  return { kind: "commanded" };
}

/** What a voice message says, when its sender may speak and it names the agent. */
async function listen({
  input,
  deps,
  ...voice
}: Admission & { readonly input: TurnInput }): Promise<Heard | Dropped> {
  const turn = deps.host.openTurn({ ...input, ...NAMED });
  return (await admit(turn, { ...voice, deps })) ?? turn.atWork(hear(voice, turn, deps));
}

/** The message with the files that its sender wrote nothing to just before. The server is asked only for people who may speak. */
async function withCompanions({
  input,
  deps,
  ...about
}: Admission & { readonly input: TurnInput }): Promise<MessageFacts | Dropped> {
  const { message, room } = about;
  const { companions, receivedAt } = deps;
  if (input.command !== undefined) return message;
  let brought = companions.broughtBy(message);
  if (brought === undefined && companions.mayBringMore(receivedAt)) {
    const refused = await admit(deps.host.openTurn(input), { ...about, deps });
    if (refused !== undefined) return refused;
    brought = await companions.findBrought(message, room);
  }
  return brought === undefined ? message : { ...message, files: [...brought, ...message.files] };
}

/** A message may have waited for long since it was admitted: what became of it when it may not run any more. */
async function judgeAnew(
  event: RawMessageEvent,
  turn: HostTurn,
  deps: TurnDependencies,
): Promise<Dropped | undefined> {
  const receipt = await judge(event, deps);
  if (receipt.kind === "dropped") return receipt;
  return receipt.kind === "judged" ? admit(turn, { ...receipt, deps }) : undefined;
}
