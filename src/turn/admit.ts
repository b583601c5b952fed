// Owns asking whether the sender of a judged message may speak, and answering beside the message.

import { NamesPendingError } from "../errors.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { isSenderUndecided, isUnwantedBot } from "../policy/access.ts";
import type { AccountSettings } from "../settings.ts";
import type { Dropped, HostTurn } from "./host.ts";
import type { TurnDependencies } from "./stage.ts";

/** The thread to answer in; undefined at top level, and where what is called the thread's root is not in the room. */
export async function findThreadOf(
  { roomId, threadId }: MessageFacts,
  { findRoot }: TurnDependencies,
): Promise<string | undefined> {
  return threadId === undefined ? undefined : findRoot(roomId, threadId);
}

/** What the server refuses for good is over: the same words would be refused again. */
export async function unlessRefused(turn: HostTurn, answering: Promise<void>): Promise<void> {
  try {
    await answering;
  } catch (error) {
    if (!(await turn.takeRefusal(error))) throw error;
  }
}

/** Posts where the message stands. */
export async function postBeside(
  message: MessageFacts,
  text: string,
  deps: TurnDependencies,
): Promise<string> {
  const threadId = await findThreadOf(message, deps);
  return deps.post({ roomId: message.roomId, threadId }, text);
}

export interface Admission {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
  readonly deps: TurnDependencies;
}

/** Asks OpenClaw whether the sender may speak here; what became of the message when not. */
export async function admit(
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
