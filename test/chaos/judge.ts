// Owns the judgement on a chaos seed: what must stand in the rooms at its end, and what may not.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type AccountId, BOTS, type Town } from "./town.ts";

export interface Question {
  readonly mark: string;
  readonly words: number;
  readonly account: AccountId;
  readonly rid: string;
  readonly tmid: string | undefined;
  /** The answer comes with a file whose name and content is the mark. */
  readonly wantsFile: boolean;
  /** The question is asked with a file of this name. */
  readonly fileIn: string | undefined;
}

/** The host may say of itself that it goes on after a restart; the answer follows. */
const HOST_NOTICES = [/^I’m continuing your interrupted request/, /^I'm continuing your interrupted request/];

/** After three unclean starts OpenClaw keeps channels stopped until these are five minutes old. */
const ANSWER_TIMEOUT_MS = 420_000;
const LOOK_INTERVAL_MS = 50;
/** Nothing more may come after the last answer; a doubled one would follow within this time. */
const QUIET_MS = 700;

/** What is wrong with the answers to the questions; empty when nothing is. Waits for what is still to come. */
export async function judge(
  { emulator, gateway }: Town,
  {
    questions,
    rooms,
    person,
    ordered,
  }: { questions: readonly Question[]; rooms: readonly string[]; person: string; ordered: boolean },
): Promise<string[]> {
  const places = new Set([...rooms, ...questions.map(({ rid }) => rid)]);
  // In the order in which they were posted: their times go back when the server's clock does.
  const said = () =>
    [...emulator.world.messages.values()].filter(
      ({ rid, u, t }) => places.has(rid) && u.username !== person && t === undefined,
    );
  const deadline = performance.now() + ANSWER_TIMEOUT_MS;
  const complete = (): boolean => {
    const text = said()
      .map(({ msg }) => msg)
      .join(" ");
    const files = new Set(said().map(({ file }) => file?.name));
    return questions.every(
      ({ mark: name, words, wantsFile }) =>
        text.includes(`${name}.${words - 1}`) && (!wantsFile || files.has(`${name}.txt`)),
    );
  };
  while (!complete() && gateway.running && performance.now() < deadline) await wait(LOOK_INTERVAL_MS);
  await wait(QUIET_MS);
  if (!gateway.running) return ["the gateway does not run"];
  return [
    ...judgeAnswers(questions, said()),
    ...(ordered ? judgeOrder(questions, said()) : []),
    ...judgeOthers(said()),
    ...judgeFiles({ emulator, gateway }, questions, said()),
  ];
}

interface Said {
  readonly rid: string;
  readonly tmid?: string;
  readonly msg: string;
  readonly u: { readonly username?: string | undefined };
  readonly file?: { readonly _id: string; readonly name: string };
}

/** Each file that was asked for stands once in its place, in its own bytes; each that was sent reached the agent. */
function judgeFiles(
  { emulator, gateway }: Pick<Town, "emulator" | "gateway">,
  questions: readonly Question[],
  said: readonly Said[],
): string[] {
  const out = questions
    .filter(({ wantsFile }) => wantsFile)
    .flatMap(({ mark: name, rid, tmid }) => {
      const sent = said.filter(({ file }) => file?.name === `${name}.txt`);
      const [first] = sent;
      if (first === undefined || sent.length > 1) return [`the file of ${name} came ${sent.length} times`];
      const bytes = emulator.world.uploads.get(first.file?._id ?? "")?.bytes ?? [];
      const fits = first.rid === rid && first.tmid === tmid && Buffer.from(bytes).toString() === name;
      return fits ? [] : [`the file of ${name} is another or elsewhere`];
    });
  const folder = join(gateway.folder, "state", "media", "inbound");
  const stored = questions.some(({ fileIn }) => fileIn !== undefined) ? readdirSync(folder) : [];
  const lost = questions.filter(
    ({ fileIn, mark: name }) => fileIn !== undefined && !stored.some((one) => one.startsWith(`${name}-in`)),
  );
  return [...out, ...lost.map(({ fileIn }) => `${fileIn} did not reach the agent`)];
}

function judgeAnswers(questions: readonly Question[], said: readonly Said[]): string[] {
  return questions.flatMap((question) => {
    const name = question.mark;
    const answers = said.filter(({ msg }) => msg.includes(`${name}.`));
    const there = answers.filter(
      ({ rid, tmid, u }) =>
        rid === question.rid && tmid === question.tmid && u.username === BOTS[question.account],
    );
    if (there.length < answers.length) return [`${name} was answered in the wrong place`];
    const words = there.flatMap(({ msg }) =>
      [...msg.matchAll(new RegExp(`${name}\\.(\\d+)`, "g"))].map(([, word]) => Number(word)),
    );
    if (words.length === 0) return [`${name} was not answered`];
    const whole = Array.from({ length: question.words }, (_, index) => index);
    return words.join() === whole.join() ? [] : [`${name} has words ${summary(words)} of ${question.words}`];
  });
}

function summary(words: readonly number[]): string {
  return words.length > 20 ? `${words.slice(0, 10).join()}… (${words.length})` : words.join();
}

/** In one conversation with one bot, answers come in the order of their questions. */
function judgeOrder(questions: readonly Question[], said: readonly Said[]): string[] {
  const conversations = Map.groupBy(questions, ({ account, rid, tmid }) => `${account} ${rid} ${tmid}`);
  return [...conversations.values()].flatMap((asked) => {
    const places = asked.map(({ mark: name }) => said.findIndex(({ msg }) => msg.includes(`${name}.0`)));
    const sorted = [...places].sort((a, b) => a - b);
    return places.join() === sorted.join()
      ? []
      : [`answered out of order: ${asked.map(({ mark: name }) => name).join(" ")}`];
  });
}

function judgeOthers(said: readonly Said[]): string[] {
  return said
    .filter(({ msg }) => !/\bq\d+x\d+w\d+f?\./.test(msg) && !HOST_NOTICES.some((notice) => notice.test(msg)))
    .map(({ msg }) => `somebody said: ${msg.slice(0, 300)}`);
}
