// Owns the straight line from one durable event to one agent turn.

import { type Command, readCommand } from "../commands/parse.ts";
import { NamesPendingError } from "../errors.ts";
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
} from "../intake/receive.ts";
import { isSenderUndecided, isUnwantedBot } from "../policy/access.ts";
import { isUnheard, readActivation } from "../policy/activation.ts";
import type { AccountSettings } from "../settings.ts";
import { runCommand } from "./command.ts";
import type { Dropped, HostTurn, TurnInput } from "./host.ts";
import type { FileLimits, FileQuery, Heard } from "./media.ts";
import { runNotice } from "./notice.ts";
import { findPlace, judgePlace } from "./place.ts";
import type { TurnDependencies, TurnOutcome } from "./stage.ts";
import type { SessionMemory } from "./surroundings.ts";
import { hear } from "./voice.ts";

/**
 * Runs one event through to its agent turn. Resolves when the turn is over or the event was dropped;
 * rejects when it could not be carried out now and should be tried again.
 */
export async function runTurn(event: RawMessageEvent, deps: TurnDependencies): Promise<TurnOutcome> {
  const receipt = await judge(event, deps);
  if (receipt.kind === "dropped") return receipt;
  if (receipt.kind === "notice") return runNotice(receipt, deps);
  const { room, settings, command } = receipt;
  const message = command === undefined ? await withCompanions(receipt, deps) : receipt.message;

  const { wasMentioned, implicit } = readActivation(message, settings, deps.known);
  const input = {
    message,
    room,
    text: stripMention(withoutQuoteLinks(message), settings.username),
    wasMentioned: wasMentioned === true,
    implicitMentions: implicit,
    command,
  };
  const heard = isUnheard(message, room, { settings, known: deps.known })
    ? await listen({ ...receipt, input, deps })
    : undefined;
  if (heard !== undefined && "reason" in heard) return heard;
  const turn = deps.host.openTurn(heard === undefined ? input : { ...input, wasMentioned: true, heard });
  if (command !== undefined) return carryOut(command, turn, { message, room, settings, deps });
  // From here on a stop finds it, also while it is decided whether the sender may speak.
  const { receivedAt } = deps;
  const origin = { sender: message.sender.username ?? message.sender.id, sentAt: message.sentAt, receivedAt };
  const run = deps.runs.begin(turn.conversation, origin);
  let isHandedOver = false;
  try {
    if (run === undefined) return { kind: "dropped", reason: "stopped" };
    const refused = await admit(turn, { message, room, settings, deps });
    if (refused !== undefined) return refused;
    // What was heard is a request by itself: what follows is listened to by its own recording alone.
    if (heard === undefined && (await deps.companions.handOn(message, receivedAt, run.signal)))
      return { kind: "joined" };
    if (run.signal.aborted) return { kind: "dropped", reason: "stopped" };
    const { roomId } = message;
    let over: Dropped | undefined;
    const refusal = new AbortController();
    const port = {
      threadId: await findThreadOf(message, deps),
      async judgeAnew() {
        over = await judgeAnew(event, turn, deps);
        if (over !== undefined) refusal.abort();
        return over;
      },
      post: (text: string, threadId: string | undefined) => deps.post({ roomId, threadId }, text),
      findRoot: (messageId: string) => deps.findRoot(roomId, messageId),
      lookAround: (session: SessionMemory) => deps.lookAround({ message, room, settings, session }),
      fetchFiles: (from: FileQuery["message"], limits: FileLimits) =>
        deps.fetchFiles({ room, message: from, ...limits }),
    };
    isHandedOver = true;
    await turn.dispatch(port, AbortSignal.any([run.signal, refusal.signal]));
    if (over !== undefined) return over;
  } finally {
    run?.end();
    if (heard !== undefined && !isHandedOver) await deps.discardFiles([heard.recording]);
  }
  return { kind: "ran" };
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
): Promise<Dropped | NoticeReceipt | Judged> {
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
  const turn = deps.host.openTurn({ ...input, wasMentioned: true });
  return (await admit(turn, { ...voice, deps })) ?? hear(voice, turn, deps);
}

/** The message with the files that its sender wrote nothing to just before. */
async function withCompanions(
  { message, room }: Judged,
  { companions, receivedAt }: TurnDependencies,
): Promise<MessageFacts> {
  const brought = await companions.broughtBy(message, room, receivedAt);
  return brought.length === 0 ? message : { ...message, files: [...brought, ...message.files] };
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

/** The thread to answer in; undefined at top level, and where what is called the thread's root is not in the room. */
async function findThreadOf(
  { roomId, threadId }: MessageFacts,
  { findRoot }: TurnDependencies,
): Promise<string | undefined> {
  return threadId === undefined ? undefined : findRoot(roomId, threadId);
}

/** What the server refuses for good is over: the same words would be refused again. */
async function unlessRefused(turn: HostTurn, answering: Promise<void>): Promise<void> {
  try {
    await answering;
  } catch (error) {
    if (!(await turn.takeRefusal(error))) throw error;
  }
}

/** Posts where the message stands. */
async function postBeside(message: MessageFacts, text: string, deps: TurnDependencies): Promise<string> {
  const threadId = await findThreadOf(message, deps);
  return deps.post({ roomId: message.roomId, threadId }, text);
}

interface Admission {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
  readonly deps: TurnDependencies;
}

/** Asks OpenClaw whether the sender may speak here; what became of the message when not. */
async function admit(
  turn: HostTurn,
  { message, room, settings, deps }: Admission,
): Promise<Dropped | undefined> {
  const access = await turn.resolveAccess();
  if (access.kind !== "allow" && isSenderUndecided(settings, message.sender)) throw new NamesPendingError();
  if (access.kind === "refuse") {
    const reason = access.cause === "activation" ? "not-mentioned" : "sender-not-allowed";
    return { kind: "dropped", reason, detail: access.reason };
  }
  if ((await deps.known.isBot(message.sender.id)) && isUnwantedBot(settings, message, room))
    return { kind: "dropped", reason: "bot-message" };
  if (access.kind === "allow") return undefined;
  const send = async (text: string) => void (await postBeside(message, text, deps));
  await unlessRefused(turn, turn.requestPairing(send));
  return { kind: "dropped", reason: "pairing-pending" };
}
