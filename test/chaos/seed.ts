// Owns one chaos seed: a random world, random questions and random trouble.

import { writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { judge, type Question } from "./judge.ts";
import { createRandom, type Random } from "./random.ts";
import { type AccountId, BOTS, filePath, mark, type Town } from "./town.ts";
import {
  type Asked,
  FILE_TROUBLES,
  LATER_TROUBLES,
  RESTARTS,
  type Scene,
  SLOW_TROUBLES,
  TROUBLES,
  type Trouble,
} from "./troubles.ts";

const STEPS = 10;
/** How many questions come with a file, and how many are answered with one. */
const FILES_IN = 0.2;
const FILES_OUT = 0.2;

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
  // Of its own, so that a seed's other troubles stay what they were before these were thought of.
  const laterRandom = createRandom(seed ^ 0x5eed);
  const scene = openScene(town, seed, random);
  const { questions, ask, troubles, rooms, person } = scene;
  const mayRestart = restarts && seed % 10 === 0;

  const play = async ([name, make]: Trouble, from = random): Promise<void> => {
    troubles.push(name);
    await make(town, from, scene);
  };
  for (const [trouble, rest] of SLOW_TROUBLES) {
    if (!restarts || seed % 100 !== rest) continue;
    await play(trouble);
    ask();
  }
  for (let step = 0; step < STEPS; step += 1) {
    if (random.next() < 0.6) ask();
    else await play(random.pick(mayRestart ? [...TROUBLES, ...RESTARTS, ...RESTARTS] : TROUBLES));
    if (laterRandom.next() < 0.15) await play(laterRandom.pick(LATER_TROUBLES), laterRandom);
    await wait(random.upTo(120));
  }
  town.emulator.faults.clear();
  if (!town.gateway.running) await town.gateway.start();
  // What the server tells of in the wrong order is answered in that order.
  const ordered = !troubles.includes("reordered frames");
  const failures = await judge(town, { questions, rooms, person, ordered });
  return { seed, asked: questions.length, troubles, failures };
}

/** Three rooms with a thread each, a person in them, and both bots. */
function openScene(
  town: Town,
  seed: number,
  random: Random,
): Scene & { questions: Question[]; troubles: string[]; person: string } {
  const fileRandom = createRandom(~seed);
  const { world, control, faults } = town.emulator;
  const person = `person${seed}-${world.users.size}`;
  control.addUser({ username: person });
  const members = [person, ...Object.values(BOTS)];
  const rooms = (["c", "p", "c"] as const).map((type, index) =>
    control.addRoom({ name: `room${seed}-${index}-${world.rooms.size}`, type, members }),
  );
  const roots = rooms.map((rid) => control.post({ as: person, rid, msg: "a thread begins" })._id);
  const questions: Question[] = [];
  const troubles: string[] = [];

  function choosePlace(account: AccountId): { rid: string; tmid: string | undefined; direct: boolean } {
    const place = random.upTo(7);
    const index = random.upTo(rooms.length);
    const direct = place === 0;
    const rid = direct ? control.direct([person, BOTS[account]]) : (rooms[index] ?? "");
    return { rid, tmid: place > 4 ? roots[index] : undefined, direct };
  }

  function ask(where?: string): Asked {
    const account = random.pick(["default", "second"] as const);
    const words = random.next() < 0.1 ? 900 : town.fewWords;
    const { rid, tmid, direct } =
      where === undefined ? choosePlace(account) : { rid: where, tmid: undefined, direct: false };
    const wantsFile = fileRandom.next() < FILES_OUT;
    const text = mark(seed, questions.length, words, wantsFile);
    const fileIn = fileRandom.next() < FILES_IN ? `${text}-in.txt` : undefined;
    questions.push({ mark: text, words, account, rid, tmid, wantsFile, fileIn });
    if (wantsFile) writeFileSync(filePath(town, text), text);
    if (wantsFile || fileIn !== undefined) troubleFiles();
    const mention = direct ? "" : `@${BOTS[account]} `;
    const message = { as: person, rid, msg: `${mention}${text}`, ...(tmid && { tmid }) };
    const { _id } =
      fileIn === undefined
        ? control.post(message)
        : control.postFile({ ...message, name: fileIn, type: "text/plain", bytes: Buffer.from(text) });
    return { _id, rid, plain: !direct && tmid === undefined };
  }

  function troubleFiles(): void {
    if (fileRandom.next() < 0.5) return;
    const [name, fault] = fileRandom.pick(FILE_TROUBLES);
    troubles.push(name);
    faults.rest({ times: 1, ...fault });
  }

  return { questions, troubles, person, rooms, members, ask };
}
