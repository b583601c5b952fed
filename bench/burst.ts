// Owns measuring a burst: hundreds of mentions in a second.

import { setTimeout as wait } from "node:timers/promises";
import { type Bench, type Figure, percentile } from "./figures.ts";
import { type FloorPlatform, installFloor, startFloorPlatform } from "./floor.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

const MENTIONS = 500;
const ROOMS = 50;
const SECOND_MS = 1_000;
const TARGET_RATIO = 1.15;
/** When nothing was answered for so long, nothing more comes. */
const STILL_MS = 60_000;
const MARK = /\bq\d+x\d+\b/g;

export const benchBurst: Bench = async (say) => {
  const admittedAt = new Map<string, number>();
  const platform = await startFloorPlatform();
  const scene = await openScene({
    config: {
      messages: { queue: { mode: "followup" } },
      logging: { consoleLevel: "debug" },
    },
    onOutput(text) {
      for (const [, id = ""] of text.matchAll(/message admitted message=(\w+)/g))
        admittedAt.set(id, performance.now());
    },
  });
  try {
    scene.model.script(
      () => true,
      ({ text }) => ({ text: [...new Set(text.match(MARK))].join(" ") }),
    );
    const { control } = scene.emulator;
    const rooms = Array.from({ length: ROOMS }, (_, index) =>
      control.addRoom({ name: `room-${index}`, type: "c", members: [PERSON, BOT] }),
    );
    await installFloor(scene.gateway, { url: platform.url, accountIds: ["default"] });
    await startConnected(scene);
    await scene.gateway.waitForOutput(/floor connected/);
    await scene.probe.rest();
    const floor = await playFloor(platform);
    say(`${countFloor(platform)} of ${MENTIONS} answered in the least channel after ${floor.toFixed(1)} s`);
    await scene.probe.rest();
    const start = performance.now();
    const sentAt = await send(scene, rooms);
    const seconds = ((await settled(() => countMarks(scene, rooms))) - start) / 1000;
    const waits = [...sentAt].flatMap(([id, at]) => {
      const admitted = admittedAt.get(id);
      return admitted === undefined ? [] : [admitted - at];
    });
    say(`${countMarks(scene, rooms)} of ${MENTIONS} mentions answered after ${seconds.toFixed(1)} s`);
    return figuresOf(scene, rooms, { waits, seconds, floor });
  } finally {
    await scene.close();
    await platform.close();
  }
};

/** `waits`: milliseconds until each mention was stored. `seconds`: until all were answered; `floor`: in the least channel. */
function figuresOf(
  scene: Scene,
  rooms: readonly string[],
  { waits, seconds, floor }: { readonly waits: readonly number[] } & Record<"seconds" | "floor", number>,
): Figure[] {
  const zero = { unit: "", target: { value: 0 } };
  const breaches = scene.emulator.control.requests().filter(({ status }) => status === 429).length;
  return [
    { name: "mentions not answered", value: MENTIONS - countMarks(scene, rooms), ...zero },
    { name: "rooms answered out of order", value: countUnordered(scene, rooms), ...zero },
    { name: "calls beyond the rate limit", value: breaches, ...zero },
    { name: "mentions not seen to be stored", value: MENTIONS - waits.length, ...zero },
    { name: "until stored, p50", value: percentile(waits, 50), unit: "ms" },
    { name: "until stored, p99", value: percentile(waits, 99), unit: "ms" },
    { name: "until all are answered", value: seconds, floor, unit: "s", target: { ratio: TARGET_RATIO } },
  ];
}

/** Sends over a second, by turns in each room; answers when each was sent. */
async function send(
  { emulator: { control } }: Scene,
  rooms: readonly string[],
): Promise<Map<string, number>> {
  const sentAt = new Map<string, number>();
  await spread((room, mark) => {
    const at = performance.now();
    sentAt.set(control.post({ as: PERSON, rid: rooms[room] ?? "", msg: `@${BOT} ${mark}` })._id, at);
  });
  return sentAt;
}

/** Calls for each mention, over a second. */
async function spread(call: (room: number, mark: string) => void): Promise<void> {
  const start = performance.now();
  for (let number = 0; number < MENTIONS; number += 1) {
    const ahead = (number * SECOND_MS) / MENTIONS - (performance.now() - start);
    if (ahead > 1) await wait(ahead);
    const room = number % ROOMS;
    call(room, `q${room}x${Math.floor(number / ROOMS)}`);
  }
}

/** The same in the least channel; answers the seconds until all were answered. */
async function playFloor(platform: FloorPlatform): Promise<number> {
  const start = performance.now();
  await spread((room, mark) => platform.tell({ room: `floor-${room}`, text: mark }));
  return ((await settled(() => countFloor(platform))) - start) / 1000;
}

const countFloor = ({ answers }: FloorPlatform): number =>
  new Set(answers.flatMap((answer) => answer.match(MARK) ?? [])).size;

function marksIn({ emulator: { control }, botId }: Scene, rid: string): string[] {
  return control.messages(rid).flatMap(({ u, msg }) => (u._id === botId ? (msg.match(MARK) ?? []) : []));
}

function countMarks(scene: Scene, rooms: readonly string[]): number {
  return rooms.reduce((all, rid) => all + new Set(marksIn(scene, rid)).size, 0);
}

function countUnordered(scene: Scene, rooms: readonly string[]): number {
  const isOrdered = (rid: string, room: number) =>
    marksIn(scene, rid).every((mark, index) => mark === `q${room}x${index}`);
  return rooms.filter((rid, room) => !isOrdered(rid, room)).length;
}

/** Resolves with the time at which the last answer came, when every mention has one or none comes any more. */
async function settled(count: () => number): Promise<number> {
  let [last, answered] = [performance.now(), 0];
  while (answered < MENTIONS && performance.now() - last < STILL_MS) {
    await wait(250);
    const now = count();
    if (now > answered) [last, answered] = [performance.now(), now];
  }
  return last;
}
