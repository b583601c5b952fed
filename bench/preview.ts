// Owns measuring what it costs that answers can be read while they are written, beside the same answers without that.

import type { ModelReply } from "../demo/scripted-model.ts";
import { type Bench, type Figure, median } from "./figures.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

/** Answers that are counted, of a short one and of one that takes seconds. */
const RUNS = { quick: 20, slow: 8 } as const;
/** Answers that are not counted: code is compiled and caches are filled. */
const WARM_UP_RUNS = { quick: 10, slow: 1 } as const;
const WIDE_RUNS = 3;
const WIDTH = 20;
const LONG_MS = 60_000;
const WAIT = { timeoutMs: 180_000 };
/** How a model writes: so many pieces, and how long it takes. Milliseconds. */
const USUAL = { pieces: 100, delayMs: 4_000 } as const;
const BESIDE = { pieces: 400, delayMs: 10_000 } as const;

/** With `streaming.mode` `partial` and `off`. */
type Mode = "streamed" | "plain";
const MODES = ["streamed", "plain"] as const;
type Rooms = Readonly<Record<Mode, readonly string[]>>;

export const benchPreview: Bench = async (say) => {
  const rooms: Record<Mode, readonly string[]> = { streamed: [], plain: [] };
  const scene = await openScene({
    channel({ control }) {
      const addRooms = (mode: Mode) =>
        Array.from({ length: WIDTH }, (_, index) =>
          control.addRoom({ name: `${mode}-${index}`, type: "c", members: [PERSON, BOT] }),
        );
      for (const mode of MODES) rooms[mode] = addRooms(mode);
      const streamed = rooms.streamed.map((rid) => [rid, { streamingMode: "partial" }]);
      return { ackReaction: "", historyLimit: 0, rooms: Object.fromEntries(streamed) };
    },
  });
  try {
    await scene.gateway.updateConfig(allowRuns);
    await startConnected(scene);
    return [
      ...(await measureSight(scene, rooms, say)),
      await measureWhole(scene, rooms, say),
      await countCalls(scene, rooms),
      await measureWidth(scene, rooms, say),
    ];
  } finally {
    await scene.close();
  }
};

/** OpenClaw runs only so many sessions at once; here all of them. */
function allowRuns({ agents, ...config }: Readonly<Record<string, unknown>>) {
  const { defaults, ...others } = readObject(agents);
  return {
    ...config,
    agents: { ...others, defaults: { ...readObject(defaults), maxConcurrent: 2 * WIDTH } },
  };
}

const readObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};

let asked = 0;

/**
 * Asks, and resolves with when the model had the question, when it was done, and when the answer began and was whole. What
 * the model holds back goes on when the answer has begun.
 */
async function ask({ emulator: { control }, model, botId }: Scene, rid: string, how: ModelReply) {
  asked += 1;
  const mark = `mark${asked}.`;
  const text = `${mark} ${"word after word ".repeat(20)}end${asked}.`;
  const script = model.script(mark, { ...how, text });
  const seen = (words: string) =>
    control
      .waitForMessage((one) => one.u._id === botId && one.rid === rid && one.msg.includes(words), WAIT)
      .then(() => performance.now());
  const start = performance.now();
  control.post({ as: PERSON, rid, msg: `@${BOT} ${mark}` });
  const [began, whole] = [seen(mark), seen(`end${asked}.`)];
  const going = began.then(() => script.release());
  const request = await model.waitForRequest(mark, WAIT);
  const given = performance.now();
  const done = request.ended.then(() => performance.now());
  await Promise.all([going, whole]);
  script.remove();
  return { start, given, done: await done, began: await began, whole: await whole };
}

/** By turns, so that what else the machine does hits all alike; answers with the median of each. */
async function compare(
  kind: keyof typeof RUNS,
  measure: (mode: Mode) => Promise<number>,
): Promise<Record<Mode, number>> {
  const times: Record<Mode, number[]> = { streamed: [], plain: [] };
  for (let run = -WARM_UP_RUNS[kind]; run < RUNS[kind]; run += 1) {
    for (const mode of MODES) {
      const ms = await measure(mode);
      if (run >= 0) times[mode].push(ms);
    }
  }
  return { streamed: median(times.streamed), plain: median(times.plain) };
}

/** How long the first words are under way, beside a plain answer: from the model's piece to the room. */
async function measureSight(scene: Scene, rooms: Rooms, say: (line: string) => void): Promise<Figure[]> {
  const [streamed = ""] = rooms.streamed;
  const [plain = ""] = rooms.plain;
  const found = await compare("quick", async (mode) => {
    if (mode === "plain") {
      const { done, whole } = await ask(scene, plain, {});
      return whole - done;
    }
    const { given, began } = await ask(scene, streamed, { pieces: 4, holdAfter: 1 });
    return began - given;
  });
  say(`first words after ${found.streamed.toFixed(0)} ms, a plain answer after ${found.plain.toFixed(0)} ms`);
  return [
    {
      name: "from the model's first piece to the room, beside a plain answer",
      value: found.streamed,
      floor: found.plain,
      unit: "ms",
      target: { ratio: 1.15 },
    },
  ];
}

async function measureWhole(scene: Scene, rooms: Rooms, say: (line: string) => void): Promise<Figure> {
  const behind: Record<Mode, number[]> = { streamed: [], plain: [] };
  const found = await compare("slow", async (mode) => {
    const { start, done, whole } = await ask(scene, rooms[mode][0] ?? "", USUAL);
    behind[mode].push(whole - done);
    return whole - start;
  });
  for (const mode of MODES) say(`${mode}: whole ${median(behind[mode]).toFixed(0)} ms behind the model`);
  return {
    name: "from the question to the whole answer",
    value: found.streamed,
    floor: found.plain,
    unit: "ms",
    target: { ratio: 1.05 },
  };
}

const callsOf = ({ emulator: { control } }: Scene): number =>
  // Asked by the clock, whatever is answered: whether the token is still good.
  control.requests().filter(({ path }) => !path.endsWith("/v1/me")).length;

async function countCalls(scene: Scene, rooms: Rooms): Promise<Figure> {
  await scene.probe.rest();
  const before = callsOf(scene);
  await ask(scene, rooms.streamed[0] ?? "", { pieces: 1_000, delayMs: LONG_MS });
  await scene.probe.rest();
  const value = callsOf(scene) - before;
  return { name: "REST calls of an answer of a minute", value, unit: "", target: { value: 62 } };
}

/** The gateway's CPU for answers side by side. */
async function measureWidth(scene: Scene, rooms: Rooms, say: (line: string) => void): Promise<Figure> {
  const used: Record<Mode, number[]> = { streamed: [], plain: [] };
  for (let run = -1; run < WIDE_RUNS; run += 1) {
    for (const mode of MODES) {
      const before = await scene.probe.rest();
      await Promise.all(rooms[mode].map((rid) => ask(scene, rid, BESIDE)));
      const cpuMs = (await scene.probe.rest()) - before;
      if (run >= 0) used[mode].push(cpuMs);
    }
  }
  for (const mode of MODES) say(`${mode}: ${used[mode].map((ms) => ms.toFixed(0)).join(", ")} ms of CPU`);
  return {
    name: `CPU of ${WIDTH} answers side by side`,
    value: median(used.streamed),
    floor: median(used.plain),
    unit: "ms",
    target: { ratio: 1.5 },
  };
}
