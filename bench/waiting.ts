// Owns measuring what a room with a thousand waiting messages costs a question and a command in other rooms.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { type Bench, median } from "./figures.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

const WAITING = 1_000;
/** With none waiting and with a thousand, by turns. */
const ROUNDS = 3;
const MEASURES = 12;
const TARGET_RATIO = 1.2;
const TIMEOUT_MS = 10 * 60_000;
const LOOK_MS = 100;

interface Rooms {
  readonly busy: string;
  readonly question: string;
  readonly command: string;
}

interface Times {
  readonly questions: number[];
  readonly stops: number[];
}

export const benchWaiting: Bench = async (say) => {
  const scene = await openScene({
    config: { messages: { queue: { mode: "followup" } } },
    channel: ({ world }) => ({ commandAllowFrom: [world.userNamed(PERSON)?._id] }),
  });
  try {
    const rooms = {
      busy: addRoom(scene, "busy"),
      question: addRoom(scene, "asks"),
      command: addRoom(scene, "stops"),
    };
    await startConnected(scene);
    await measure(scene, rooms, "warming up");
    const none: Times = { questions: [], stops: [] };
    const many: Times = { questions: [], stops: [] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      add(none, await measure(scene, rooms, `none ${round}`));
      const end = await fill(scene, rooms.busy, round);
      say(`round ${round}: ${countWaiting(scene)} messages wait`);
      add(many, await measure(scene, rooms, `many ${round}`));
      await end();
    }
    const target = { ratio: TARGET_RATIO };
    return [
      figure("until a question elsewhere is with the model", many.questions, none.questions, target),
      figure("until a stop elsewhere is answered", many.stops, none.stops, target),
    ];
  } finally {
    await scene.close();
  }
};

function figure(
  name: string,
  values: readonly number[],
  floor: readonly number[],
  target: { ratio: number },
) {
  return { name, value: median(values), unit: "ms", floor: median(floor), target };
}

function add(to: Times, { questions, stops }: Times): void {
  to.questions.push(...questions);
  to.stops.push(...stops);
}

function addRoom({ emulator: { control } }: Scene, name: string): string {
  return control.addRoom({ name, type: "c", members: [PERSON, BOT] });
}

function ask({ emulator: { control } }: Scene, rid: string, text: string): void {
  control.post({ as: PERSON, rid, msg: `@${BOT} ${text}` });
}

/** One after the other, each when the one before is over. */
async function measure(scene: Scene, { question, command }: Rooms, label: string): Promise<Times> {
  const times: Times = { questions: [], stops: [] };
  for (let index = 0; index < MEASURES; index += 1) {
    const text = `${label} ${index} of ${Math.random()}`;
    const asked = performance.now();
    ask(scene, question, `[say ${text}]`);
    await scene.model.waitForRequest(text, { timeoutMs: TIMEOUT_MS });
    times.questions.push(performance.now() - asked);
    await replied(scene, question, text);
    times.stops.push(await stop(scene, command));
  }
  return times;
}

/** Answers how long it takes until the reply stands in the room. */
async function stop(scene: Scene, rid: string): Promise<number> {
  const begun = performance.now();
  const { ts } = scene.emulator.control.post({ as: PERSON, rid, msg: "!stop" });
  await scene.emulator.control.waitForMessage(
    (message) => message.u._id === scene.botId && message.rid === rid && message.ts >= ts,
    { timeoutMs: TIMEOUT_MS },
  );
  return performance.now() - begun;
}

async function replied({ emulator: { control }, botId }: Scene, rid: string, text: string): Promise<void> {
  await control.waitForMessage(
    (message) => message.u._id === botId && message.rid === rid && message.msg.includes(text),
    {
      timeoutMs: TIMEOUT_MS,
    },
  );
}

/** Has a thousand messages wait behind an answer that does not end; the answer of this ends them all. */
async function fill(scene: Scene, rid: string, round: number): Promise<() => Promise<void>> {
  const text = `keeps the room busy ${round}`;
  const script = scene.model.script(text, { text: "over", hold: true });
  ask(scene, rid, text);
  await scene.model.waitForRequest(text, { timeoutMs: TIMEOUT_MS });
  for (let index = 0; index < WAITING; index += 1) ask(scene, rid, `[say waited ${index}]`);
  await until(() => countWaiting(scene) >= WAITING - 1);
  return async () => {
    await stop(scene, rid);
    script.release();
    script.remove();
    await until(() => countWaiting(scene) === 0);
  };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  while (!isSo()) {
    deadline.throwIfAborted();
    await wait(LOOK_MS);
  }
}

function countWaiting({ gateway: { folder } }: Scene): number {
  const db = new DatabaseSync(join(folder, "state", "rocketchat", "ingress-default.sqlite"), {
    readOnly: true,
  });
  try {
    const row = db.prepare("SELECT count(*) AS count FROM event WHERE status = 'pending'").get();
    return Number(row?.count);
  } finally {
    db.close();
  }
}
