// Owns running the agent for a judged message, from the moment that a stop can find it to the end of its dispatch.

import { saidAt } from "../facts/message.ts";
import { type Admission, admit, findThreadOf } from "./admit.ts";
import type { Dropped, HostTurn, TurnPort } from "./host.ts";
import type { FileLimits, FileQuery, Heard } from "./media.ts";
import type { TurnOutcome } from "./stage.ts";
import type { SessionMemory, Surroundings } from "./surroundings.ts";

/** A message that is to be answered if its sender may speak. */
export interface Question extends Admission {
  /** What a voice message says, and its recording. */
  readonly heard?: Heard | undefined;
  /** Judges the whole message once more, by what holds then; undefined when it may run. */
  readonly judgeAgain: () => Promise<Dropped | undefined>;
  /** Whether it waits for words of its sender that it belongs to. */
  readonly mayJoin: boolean;
  /** Adds to what is around the message. */
  readonly show?: (around: Surroundings) => Surroundings;
}

/** Runs the agent on the message of an opened turn. Resolves and rejects as `runTurn`. */
export async function answer(turn: HostTurn, question: Question): Promise<TurnOutcome> {
  const { message, room, settings, deps, heard } = question;
  // From here on a stop finds it, also while it is decided whether the sender may speak.
  const { receivedAt } = deps;
  const sender = message.sender.username ?? message.sender.id;
  const origin = { sender, sentAt: saidAt(message), receivedAt };
  const run = deps.runs.begin(turn.conversation, origin);
  let isHandedOver = false;
  try {
    if (run === undefined) return { kind: "dropped", reason: "stopped" };
    const refused = await admit(turn, { message, room, settings, deps });
    if (refused !== undefined) return refused;
    if (question.mayJoin && (await deps.companions.handOn(message, receivedAt, run.signal)))
      return { kind: "joined" };
    if (run.signal.aborted) return { kind: "dropped", reason: "stopped" };
    const refusal = new AbortController();
    const judged: { over?: Dropped | undefined } = {};
    const port = await openPort(question, async () => {
      judged.over = await question.judgeAgain();
      if (judged.over !== undefined) refusal.abort();
      return judged.over;
    });
    isHandedOver = true;
    await turn.dispatch(port, AbortSignal.any([run.signal, refusal.signal]));
    if (judged.over !== undefined) return judged.over;
  } finally {
    run?.end();
    if (heard !== undefined && !isHandedOver) await deps.discardFiles([heard.recording]);
  }
  return { kind: "ran" };
}

/** What the admitted message needs of Rocket.Chat. */
async function openPort(question: Question, judgeAnew: TurnPort["judgeAnew"]): Promise<TurnPort> {
  const { message, room, settings, deps, show = (around) => around } = question;
  const { roomId } = message;
  return {
    threadId: await findThreadOf(message, deps),
    judgeAnew,
    post: (text: string, threadId: string | undefined) => deps.post({ roomId, threadId }, text),
    findRoot: (messageId: string) => deps.findRoot(roomId, messageId),
    lookAround: async (session: SessionMemory) =>
      show(await deps.lookAround({ message, room, settings, session })),
    fetchFiles: (from: FileQuery["message"], limits: FileLimits) =>
      deps.fetchFiles({ room, message: from, ...limits }),
  };
}
