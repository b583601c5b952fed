// Owns measuring what the plugin adds to an answer, beside the least that a channel can do in the same gateway.

import { type Bench, type Figure, median } from "./figures.ts";
import { type FloorPlatform, installFloor, startFloorPlatform } from "./floor.ts";
import { BOT, openScene, PERSON, type Scene, startConnected, withChannels } from "./scene.ts";

const RUNS = 20;
/** Answers that are not counted: code is compiled and caches are filled. */
const WARM_UP_RUNS = 10;
const WAIT = { timeoutMs: 60_000 };

/** Out of CPU profiles of twenty answers each, in a room and in the least channel. */
const WHY =
  "Of what an answer takes more of the main thread, a third is the plugin's: keeping the question until it is answered, judging it, and writing the answer down before it is sent, a twentieth of the whole. Two thirds are OpenClaw's own, for what the least channel leaves out: the queue that keeps an answer until it stands, and asking a channel about the tools, the account and the place of an answer.";

/** Milliseconds of one answer. */
interface Timing {
  /** From the frame to the request at the model. */
  readonly in: number;
  /** From the model's last byte to the answer at the server. */
  readonly out: number;
}

/** What else OpenClaw does by default besides answering: a reaction, and a look at what was written before. */
const PLAIN = { ackReaction: "", historyLimit: 0 } as const;

export const benchAnswering: Bench = async (say) => {
  const platform = await startFloorPlatform();
  const scene = await openScene({ channel: () => PLAIN });
  try {
    await installFloor(scene.gateway, { url: platform.url, accountIds: ["default"] });
    await startConnected(scene);
    await scene.gateway.waitForOutput(/floor connected/);
    const { control } = scene.emulator;
    const room = control.addRoom({ name: "town", type: "c", members: [PERSON, BOT] });
    const direct = control.direct([PERSON, BOT]);
    const places: Record<Place, () => Promise<Timing>> = {
      floor: () => askFloor(scene, platform),
      room: () => ask(scene, room),
      direct: () => ask(scene, direct),
    };
    const figures = await compare(places, say);
    const plain = await callsPerAnswer(scene, { room, direct });
    await scene.gateway.updateConfig(withDefaults);
    await startConnected(scene);
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await ask(scene, room);
    const usual = await callsPerAnswer(scene, { room, direct });
    return [
      ...figures,
      { name: "REST calls per plain answer in a room", value: plain.room, unit: "", target: { value: 1 } },
      { name: "REST calls per plain answer directly", value: plain.direct, unit: "", target: { value: 1 } },
      { name: "REST calls with reaction and history in a room", value: usual.room, unit: "" },
      { name: "REST calls with reaction and history directly", value: usual.direct, unit: "" },
    ];
  } finally {
    await scene.close();
    await platform.close();
  }
};

type Place = "floor" | "room" | "direct";

/** By turns, so that what else the machine does hits all alike. */
async function compare(
  places: Record<Place, () => Promise<Timing>>,
  say: (line: string) => void,
): Promise<Figure[]> {
  const timings: Record<Place, Timing[]> = { floor: [], room: [], direct: [] };
  for (let run = -WARM_UP_RUNS; run < RUNS; run += 1) {
    for (const place of ["floor", "room", "direct"] as const) {
      const timing = await places[place]();
      if (run >= 0) timings[place].push(timing);
    }
  }
  const total = (place: Place) => median(timings[place].map((timing) => timing.in + timing.out));
  for (const place of ["floor", "room", "direct"] as const) {
    const [taken, given] = (["in", "out"] as const).map((way) =>
      median(timings[place].map((timing) => timing[way])).toFixed(0),
    );
    say(`${place}: ${taken} ms in, ${given} ms out, ${total(place).toFixed(0)} ms together`);
  }
  return (["room", "direct"] as const).map((place) => ({
    name: `in and out, ${place}`,
    value: total(place),
    floor: total("floor"),
    unit: "ms",
    target: { ratio: 1.05 },
    why: WHY,
  }));
}

let asked = 0;

async function ask({ emulator: { control }, model, botId }: Scene, rid: string): Promise<Timing> {
  asked += 1;
  const mark = `mark${asked}.`;
  const question = control.post({ as: PERSON, rid, msg: `@${BOT} [say answer ${mark}] now` });
  const start = performance.now();
  const request = await model.waitForRequest(mark, WAIT);
  const began = performance.now();
  const answered = request.ended.then(() => performance.now());
  await control.waitForMessage(
    ({ u, msg, ts }) => u._id === botId && ts >= question.ts && msg.includes(mark),
    WAIT,
  );
  const posted = performance.now();
  return { in: began - start, out: posted - (await answered) };
}

async function askFloor({ model }: Scene, platform: FloorPlatform): Promise<Timing> {
  asked += 1;
  const mark = `mark${asked}.`;
  const start = performance.now();
  const came = platform.ask({ room: "floor", text: `[say answer ${mark}] now` });
  const request = await model.waitForRequest(mark, WAIT);
  const began = performance.now();
  const answered = request.ended.then(() => performance.now());
  return { in: began - start, out: (await came) - (await answered) };
}

/** Counts what the gateway asks the server for in answering ten questions, one after another. */
async function callsPerAnswer(
  scene: Scene,
  rooms: { readonly room: string; readonly direct: string },
): Promise<{ room: number; direct: number }> {
  // Asked by the clock, whatever is answered: whether the token is still good.
  const calls = () => scene.emulator.control.requests().filter(({ path }) => !path.endsWith("/v1/me")).length;
  const count = async (rid: string): Promise<number> => {
    // A call counts when it is over, that of the answer before, too.
    await scene.probe.rest();
    const before = calls();
    for (let run = 0; run < WARM_UP_RUNS; run += 1) await ask(scene, rid);
    await scene.probe.rest();
    return (calls() - before) / WARM_UP_RUNS;
  };
  return { room: await count(rooms.room), direct: await count(rooms.direct) };
}

const withDefaults = withChannels(({ rocketchat, ...others }) => {
  const { ackReaction: _, historyLimit: __, ...usual } = rocketchat;
  return { ...others, rocketchat: usual };
});
