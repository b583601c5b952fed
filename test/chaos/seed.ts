// Owns one chaos seed: a random world, random questions, random trouble, and the judgement at the end.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { LastingFaults, RestFault } from "../../emulator/faults.ts";
import { countWaiting, ownQueue } from "../support/queues.ts";
import { type AccountId, BOTS, filePath, mark, type Town } from "./town.ts";

interface Question {
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

interface Random {
  /** In [0, 1). */
  next(): number;
  upTo(count: number): number;
  pick<T>(list: readonly T[]): T;
}

/** The same numbers for the same seed (mulberry32). */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (count: number): number => Math.floor(next() * count);
  return {
    next,
    upTo,
    pick<T>(list: readonly T[]): T {
      const found = list[upTo(list.length)];
      if (found === undefined) throw new Error("nothing to pick from");
      return found;
    },
  };
}

/** The host may say of itself that it goes on after a restart; the answer follows. */
const HOST_NOTICES = [/^I’m continuing your interrupted request/, /^I'm continuing your interrupted request/];

const STEPS = 10;
/** After three unclean starts OpenClaw keeps channels stopped until these are five minutes old. */
const ANSWER_TIMEOUT_MS = 420_000;
const LOOK_INTERVAL_MS = 50;
/** Nothing more may come after the last answer; a doubled one would follow within this time. */
const QUIET_MS = 700;

/** A limit that ends soon after it was met, by the server's own clock. */
const LIMITED: RestFault = {
  status: 429,
  headers: { date: new Date(0).toUTCString(), "x-ratelimit-reset": "300" },
};

export interface Outcome {
  readonly seed: number;
  readonly asked: number;
  readonly troubles: readonly string[];
  /** What is wrong; empty when every question has one complete answer in its place and order, and nothing else came. */
  readonly failures: readonly string[];
}

/** Plays a seed. One in ten kills or stops the gateway, unless `restarts` is false. */
export async function playSeed(town: Town, seed: number, { restarts = true } = {}): Promise<Outcome> {
  const random = createRandom(seed);
  // Of its own, so that a seed's other troubles stay what they were before there were files.
  const fileRandom = createRandom(~seed);
  const { emulator } = town;
  const { control, faults } = emulator;
  const person = `person${seed}-${emulator.world.users.size}`;
  control.addUser({ username: person });
  const names = Object.values(BOTS);
  const rooms = ["c", "p", "c"].map((type, index) =>
    control.addRoom({
      name: `room${seed}-${index}-${emulator.world.rooms.size}`,
      type: type === "p" ? "p" : "c",
      members: [person, ...names],
    }),
  );
  const roots = rooms.map((rid) => control.post({ as: person, rid, msg: "a thread begins" })._id);
  const questions: Question[] = [];
  const troubles: string[] = [];
  const mayRestart = restarts && seed % 10 === 0;

  function ask(): void {
    const account = random.pick(["default", "second"] as const);
    const words = random.next() < 0.1 ? 900 : 1;
    const place = random.upTo(7);
    const roomIndex = random.upTo(rooms.length);
    const direct = place === 0;
    const rid = direct ? control.direct([person, BOTS[account]]) : (rooms[roomIndex] ?? "");
    const tmid = place > 4 ? roots[roomIndex] : undefined;
    const wantsFile = fileRandom.next() < FILES_OUT;
    const text = mark(seed, questions.length, words, wantsFile);
    const fileIn = fileRandom.next() < FILES_IN ? `${text}-in.txt` : undefined;
    questions.push({ mark: text, words, account, rid, tmid, wantsFile, fileIn });
    if (wantsFile) writeFileSync(filePath(town, text), text);
    if (wantsFile || fileIn !== undefined) troubleFiles();
    const mention = direct ? "" : `@${BOTS[account]} `;
    const message = { as: person, rid, msg: `${mention}${text}`, ...(tmid && { tmid }) };
    if (fileIn === undefined) control.post(message);
    else control.postFile({ ...message, name: fileIn, type: "text/plain", bytes: Buffer.from(text) });
  }

  function troubleFiles(): void {
    if (fileRandom.next() < 0.5) return;
    const [name, fault] = fileRandom.pick(FILE_TROUBLES);
    troubles.push(name);
    faults.rest({ times: 1, ...fault });
  }

  async function trouble(): Promise<void> {
    const [name, make] = random.pick(mayRestart ? [...TROUBLES, ...RESTARTS, ...RESTARTS] : TROUBLES);
    troubles.push(name);
    await make(town, random, ask);
  }

  for (const [name, make] of SLOW_TROUBLES.filter(([, , rest]) => restarts && seed % 100 === rest)) {
    troubles.push(name);
    await make(town, random, ask);
    ask();
  }
  for (let step = 0; step < STEPS; step += 1) {
    if (random.next() < 0.6) ask();
    else await trouble();
    await wait(random.upTo(120));
  }
  faults.clear();
  if (!town.gateway.running) await town.gateway.start();
  // What the server tells of in the wrong order is answered in that order.
  const ordered = !troubles.includes("reordered frames");
  const failures = await judge(town, { questions, rooms, person, ordered });
  return { seed, asked: questions.length, troubles, failures };
}

/** How many questions come with a file, and how many are answered with one. */
const FILES_IN = 0.2;
const FILES_OUT = 0.2;

const FILE_TROUBLES: readonly (readonly [string, RestFault])[] = [
  ["upload lost", { path: "rooms.media", effect: false, lost: true }],
  ["answer to the upload lost", { path: "rooms.media", effect: true, lost: true }],
  ["posting the file lost", { path: "rooms.mediaConfirm", effect: false, lost: true }],
  ["answer to posting the file lost", { path: "rooms.mediaConfirm", effect: true, lost: true }],
  [
    "bad gateway after posting the file",
    { path: "rooms.mediaConfirm", effect: true, status: 502, body: "<html>" },
  ],
  ["server busy with files", { path: "rooms.media", status: 503 }],
  ["files of the room limited", { ...LIMITED, path: "channels.files" }],
];

type Trouble = readonly [string, (town: Town, random: Random, ask: () => void) => unknown];

const rest =
  (fault: RestFault): Trouble[1] =>
  ({ emulator }) =>
    emulator.faults.rest({ times: 1, path: "chat.sendMessage", ...fault });

const lasting =
  (changes: (random: Random) => Partial<LastingFaults>): Trouble[1] =>
  ({ emulator }, random) =>
    Object.assign(emulator.faults.lasting, changes(random));

const TROUBLES: readonly Trouble[] = [
  ["cut", ({ emulator }) => emulator.faults.cutSockets()],
  ["close", ({ emulator }) => emulator.faults.closeSockets()],
  ["cut one account", ({ emulator }) => emulator.faults.cutSockets({ username: BOTS.second })],
  ["answer lost", rest({ effect: true, lost: true })],
  ["request lost", rest({ effect: false, lost: true })],
  ["bad gateway after the effect", rest({ effect: true, status: 502, body: "<html>" })],
  ["server busy twice", rest({ status: 503, times: 2 })],
  ["rate limited", rest(LIMITED)],
  ["rate limited twice", rest({ ...LIMITED, times: 2 })],
  ["slow answer", rest({ delayMs: 400 })],
  ["history unavailable", rest({ path: "channels.history", status: 503 })],
  ["list of rooms lost", rest({ path: "rooms.get", lost: true, effect: false })],
  ["room unknown for a moment", rest({ path: "rooms.info", status: 502 })],
  ["duplicate frames", lasting(() => ({ duplicateFrames: true }))],
  ["reordered frames", lasting(() => ({ reorderFrames: true }))],
  ["slow frames", lasting((random) => ({ frameDelayMs: random.upTo(200) }))],
  ["frames in order again", ({ emulator }) => emulator.faults.clear()],
  ["subscription ended", ({ emulator }) => emulator.faults.endSubscriptions("stream-room-messages")],
  ["upgrade refused", lasting(() => ({ upgrade: 503 }))],
  ["login limited", lasting(() => ({ login: "too-many-requests" }))],
  ["clock ahead", lasting((random) => ({ clockSkewMs: random.upTo(600_000) }))],
  ["queue held by another process", (town, random) => void holdQueue(town, random.upTo(3_000))],
  ["server restart", ({ emulator }, random) => void emulator.faults.restart({ gapMs: random.upTo(2_000) })],
];

/** Troubles that take a minute, each in one seed of a hundred: the one whose number ends so. */
const SLOW_TROUBLES: readonly (readonly [...Trouble, number])[] = [
  ["half-open connections", ({ emulator }) => emulator.faults.silenceSockets(), 50],
  ["server away for 90 s", ({ emulator }) => void emulator.faults.restart({ gapMs: 90_000 }), 99],
  ["queue damaged while the gateway was down", damageQueue, 25],
];

const SQLITE_BUSY = 5;

const stateOf = ({ gateway }: Town): string => join(gateway.folder, "state");
const queueFile = (town: Town): string => ownQueue(stateOf(town), "default");

/** Nothing can be stored while the lock is held, nor done with what is stored. */
async function holdQueue(town: Town, ms: number): Promise<void> {
  const db = new DatabaseSync(queueFile(town), { timeout: 1_000 });
  try {
    if (!lock(db)) return;
    await wait(ms);
    db.exec("ROLLBACK");
  } finally {
    db.close();
  }
}

/** Answers whether it could be locked: the same trouble may hold it already. */
function lock(db: DatabaseSync): boolean {
  try {
    db.exec("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

/** Damages a queue in which nothing waits: what waits in one that is damaged is lost, and the page says so. */
async function damageQueue(town: Town, _random: Random, ask: () => void): Promise<void> {
  const { gateway } = town;
  const file = queueFile(town);
  do {
    if (!gateway.running) await gateway.start();
    await wait(1_000);
    await gateway.kill("SIGKILL");
  } while (countWaiting(stateOf(town), "default") > 0);
  emptyLog(file);
  const content = readFileSync(file);
  writeFileSync(file, content.fill(0xa5, 100, 4_000));
  ask();
  const from = gateway.output.length;
  await gateway.start();
  await gateway.waitForOutput(/\[default\] account .*now lies at/, { from });
  ask();
  await gateway.restart();
}

/** What stands in the log beside the file would mend the damage. */
function emptyLog(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

const RESTARTS: readonly Trouble[] = [
  [
    "gateway killed",
    async ({ gateway }) => {
      await gateway.kill("SIGKILL");
      void gateway.start();
    },
  ],
  ["gateway stopped", ({ gateway }) => gateway.restart()],
  [
    "gateway stopped behind a question",
    async ({ gateway }, random, ask) => {
      ask();
      await wait(random.upTo(300));
      await gateway.restart();
    },
  ],
];

async function judge(
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
  while (!complete() && performance.now() < deadline) await wait(LOOK_INTERVAL_MS);
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
