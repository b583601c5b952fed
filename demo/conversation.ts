// Owns the conversation that the demo plays: what people write, and which answers must come where.
import type { Gateway } from "./gateway.ts";
import { BOT, type Town } from "./town.ts";

/** The first turn of a session on a cold and loaded machine takes its time. */
const ANSWER_TIMEOUT_MS = 90_000;

export interface Expectation {
  readonly what: string;
  /** Why it does not hold; undefined when it holds. */
  readonly failure: string | undefined;
}

export interface Conversation {
  readonly town: Town;
  readonly gateway: Gateway;
  /** Told what the operator does between the messages. */
  readonly operate: <Result>(command: string, work: () => Promise<Result>) => Promise<Result>;
}

/** Plays the conversation to its end and judges it; never throws for an answer that is missing. */
export async function playConversation(conversation: Conversation): Promise<Expectation[]> {
  const { town } = conversation;
  const { control } = town.emulator;
  const { dm, general, ops } = town.rooms;
  const verdicts: Expectation[] = [];
  const expect = async (what: string, proof: () => Promise<unknown>) => {
    verdicts.push({ what, failure: await failureOf(proof) });
  };

  await expect("a stranger's DM gets a pairing code, and nothing else", async () => {
    control.post({ as: "alice", rid: dm, msg: "Good morning, who are you?" });
    const { msg } = await answer(town, { rid: dm, containing: "pairing approve rocketchat" });
    await approve(conversation, msg);
  });
  await expect("the approval is announced, and the approved person's DM is answered", async () => {
    const announced = answer(town, { rid: dm, containing: "Access approved" });
    control.post({ as: "alice", rid: dm, msg: "Can you hear me now?" });
    await Promise.all([announced, answer(town, { rid: dm, containing: "Can you hear me now?" })]);
    assertCount(town, { rid: dm, wanted: 3 });
  });
  control.post({ as: "alice", rid: general, msg: "Lunch at noon, everybody?" });
  control.post({ as: "bob", rid: ops, msg: `@${BOT} are you allowed in here?` });
  await expect("a mention in the room is answered in the room", async () => {
    control.post({ as: "alice", rid: general, msg: `@${BOT} when is lunch?` });
    await answer(town, { rid: general, containing: "when is lunch?" });
  });
  await expect("a mention in a thread is answered in that thread", async () => {
    const root = control.post({ as: "alice", rid: general, msg: "Plan the release" });
    control.post({ as: "alice", rid: general, msg: `@${BOT} what comes first?`, tmid: root._id });
    await answer(town, { rid: general, containing: "what comes first?", tmid: root._id });
  });
  // What must stay unanswered was written before the last answers, so an answer to it would stand there by now.
  await expect("a room message without a mention gets no answer", async () =>
    assertCount(town, { rid: general, wanted: 2 }),
  );
  await expect("a mention in a room that is not on the list gets no answer", async () =>
    assertCount(town, { rid: ops, wanted: 0 }),
  );
  return verdicts;
}

/** Approves the code that stands in the bot's message, then waits: the approval restarts the channel. */
async function approve({ gateway, operate }: Conversation, message: string): Promise<void> {
  const code = /pairing approve rocketchat (\w+)/.exec(message)?.[1];
  if (code === undefined) throw new Error("there is no code in the bot's message");
  const before = gateway.mark();
  await operate(`openclaw pairing approve rocketchat ${code}`, async () => {
    await gateway.mustRun(["pairing", "approve", "rocketchat", code]);
    await gateway.waitForOutput(/\[default\] connected/, { from: before });
  });
}

function answer(
  { emulator, botId }: Town,
  wanted: { readonly rid: string; readonly containing: string; readonly tmid?: string },
) {
  return emulator.control.waitForMessage(
    ({ rid, u, msg, tmid }) =>
      rid === wanted.rid && u._id === botId && tmid === wanted.tmid && msg.includes(wanted.containing),
    { timeoutMs: ANSWER_TIMEOUT_MS },
  );
}

function assertCount({ emulator, botId }: Town, { rid, wanted }: { rid: string; wanted: number }): void {
  const said = emulator.control.messages(rid).filter(({ u, t }) => u._id === botId && t === undefined);
  if (said.length === wanted) return;
  throw new Error(`the bot said ${said.length} things there, not ${wanted}: ${said.map(({ msg }) => msg)}`);
}

async function failureOf(proof: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await proof();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
