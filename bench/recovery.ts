// Owns measuring how long it takes to catch up after the server was away.

import type { Bench, Figure } from "./figures.ts";
import { BOT, openScene, PERSON, packPredecessor, type Scene, startConnected } from "./scene.ts";

const ROOMS = [10, 100, 1_000] as const;
/** Without the role `bot` a server lets ten calls a minute through. */
const LIMITED_ROOMS = 100;
const QUESTIONS = 3;
const AWAY_MS = 1_000;
const TIMEOUT_MS = 20 * 60_000;

export const benchRecovery: Bench = async (say) => [...(await benchAll(say)), await benchQuestions(say)];

/** With the role `bot`: until everything is read, beside the plugin as it was. */
async function benchAll(say: (line: string) => void): Promise<Figure[]> {
  const now = await measureAll({}, say);
  const before = await measureAll({ tarball: await packPredecessor() }, say);
  return ROOMS.map((size, index) => ({
    name: `server back to caught up, ${size} rooms, beside 1bc15ff`,
    value: now[index] ?? Number.NaN,
    floor: before[index] ?? Number.NaN,
    unit: "s",
    ...(size === ROOMS.at(-1) && { target: { ratio: 0.6 } }),
  }));
}

async function measureAll(options: { tarball?: string }, say: (line: string) => void): Promise<number[]> {
  const scene = await openScene(options);
  try {
    const rooms = await openRooms(scene, ROOMS.at(-1) ?? 0);
    // What a start has still to read is not measured.
    await catchUp(scene, rooms.slice(0, 1));
    const took: number[] = [];
    for (const size of ROOMS) {
      const calls = scene.emulator.control.requests().length;
      took.push(await catchUp(scene, rooms.slice(0, size)));
      const made = scene.emulator.control.requests().length - calls;
      say(`${size} rooms${options.tarball ? ", before" : ""}: ${took.at(-1)?.toFixed(1)} s, ${made} calls`);
    }
    return took;
  } finally {
    await scene.close();
  }
}

/** The seconds from the server's return until all that was written in these rooms is read. */
async function catchUp(scene: Scene, rooms: readonly string[]): Promise<number> {
  const from = scene.gateway.mark();
  const start = await lose(scene, rooms);
  await scene.gateway.waitForOutput(/caught up rooms=/, { from, timeoutMs: TIMEOUT_MS });
  return (performance.now() - start) / 1000;
}

/** Without the role `bot`, where most rooms have to wait for minutes: until the few that hold a question are answered. */
async function benchQuestions(say: (line: string) => void): Promise<Figure> {
  const scene = await openScene();
  try {
    scene.emulator.world.userNamed(BOT)?.roles.splice(0, 2, "user");
    const rooms = await openRooms(scene, LIMITED_ROOMS);
    const asked = Array.from({ length: QUESTIONS }, (_, index) => {
      const place = Math.floor(((index + 1) * LIMITED_ROOMS) / (QUESTIONS + 1));
      return { rid: rooms[place] ?? "", answer: `answer ${index}` };
    });
    const start = await lose(scene, rooms, asked);
    await Promise.all(asked.map((question) => answered(scene, question)));
    const value = (performance.now() - start) / 1000;
    say(`${QUESTIONS} questions in ${LIMITED_ROOMS} rooms, limited: ${value.toFixed(1)} s`);
    const name = `server back to ${QUESTIONS} questions of ${LIMITED_ROOMS} rooms answered, with the rate limit`;
    return { name, value, unit: "s", target: { value: 60 } };
  } finally {
    await scene.close();
  }
}

async function openRooms(scene: Scene, count: number): Promise<string[]> {
  const rooms = Array.from({ length: count }, (_, index) =>
    scene.emulator.control.addRoom({ name: `room-${index}`, type: "c", members: [PERSON, BOT] }),
  );
  await startConnected(scene);
  const [first = ""] = rooms;
  // An account that answers has noted where it begins.
  const question = { rid: first, answer: "ready" };
  ask(scene, question);
  await answered(scene, question);
  return rooms;
}

interface Asked {
  readonly rid: string;
  readonly answer: string;
}

const ask = ({ emulator: { control } }: Scene, { rid, answer }: Asked) =>
  control.post({ as: PERSON, rid, msg: `@${BOT} [say ${answer}]` });

const answered = ({ emulator: { control } }: Scene, { rid, answer }: Asked) =>
  control.waitForMessage((said) => said.rid === rid && said.u.username === BOT && said.msg === answer, {
    timeoutMs: TIMEOUT_MS,
  });

/** Takes the server away while people write in these rooms, and answers when it is back, by `performance.now()`. */
async function lose(scene: Scene, rooms: readonly string[], asked: readonly Asked[] = []): Promise<number> {
  const { control, faults } = scene.emulator;
  const back = faults.restart({ gapMs: AWAY_MS });
  for (const rid of rooms) control.post({ as: PERSON, rid, msg: "written while nobody listened" });
  for (const question of asked) ask(scene, question);
  await back;
  return performance.now();
}
