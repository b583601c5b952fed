// Owns measuring what reading messages costs that are no business of the bot.

import { z } from "zod";
import type { Bench, Figure } from "./figures.ts";
import type { Usage } from "./probe.ts";
import { type Child, startChild } from "./process/child.ts";
import {
  BOT,
  openScene,
  PERSON,
  packPredecessor,
  type Scene,
  type SceneOptions,
  startConnected,
  withChannels,
} from "./scene.ts";

const SIZES = [10_000, 100_000, 1_000_000] as const;
/** What a round has whose rooms the bot is in and does not serve, as most rooms of a company. */
const UNSERVED = 1_000_000;
/** Messages before the first round: code is compiled, and what is remembered fills up. */
const WARM_UP = 20_000;
const ROOMS = 50;
/** Messages of which each is large. */
const LARGE = { count: 10_000, characters: 100_000 };
/** How much more than the floor process a message may cost, by the count of messages. */
const TARGETS: Readonly<Record<number, number>> = { 10000: 1.8, 100000: 1.8, 1000000: 1 };
const UNSERVED_TARGET = 0.6;
const DELAY_TARGET = 1.5;
const LARGE_TARGET_MB = 64;
const MEGABYTE = 1024 ** 2;
/** Garbage that was not found yet, and tables that grow in steps, make this much difference between two looks. */
const UNEVENNESS_MB = 3;

/** Out of CPU profiles of 300,000 messages of served rooms, and of 400,000 of others (`BENCH_PROFILES`). */
const WHY_SERVED =
  "Each message of a served room is remembered, so that an edit, a reaction or a deletion can be told of it, and its judgement is written down, so that none is judged twice or passed over. On the main thread reading its members takes 23 %, remembering and writing 15 %, judging 12 %, the garbage collector 11 %, which takes as much again beside it.";
const WHY_UNSERVED =
  "The socket takes a third of the floor, and there is more garbage to look through in a gateway of 240 MB: 15 % of the main thread. The plugin's own part, finding room, sender and id in the text and counting the drop, is 44 %.";
const WHY_LARGE =
  "A process with as many objects in its memory, which looks at none of these frames, needs that much as well (the floor of this row): V8 lets garbage pile up in proportion to what a process holds.";

const portSchema = z.object({ port: z.number() });
const openSchema = z.object({ open: z.literal(true) });
const bytesSchema = z.object({ bytes: z.number() });
const callsSchema = z.object({ calls: z.number() });
const cpuSchema = z.object({ cpuMs: z.number(), delayP99Ms: z.number() });
const memorySchema = z.object({ rss: z.number(), peak: z.number() });

interface Round {
  readonly count: number;
  readonly cpuMs: number;
  readonly floorMs: number;
  readonly floorDelayMs: number;
  readonly before: Usage;
  readonly after: Usage;
  readonly calls: number;
}

/** Of the plugin as it was, the same is told without a target. */
export const benchIgnored: Bench = async (say) => {
  const now = await measureAll({}, say);
  say("beside it 1bc15ff:");
  const before = await measureAll({ tarball: await packPredecessor() }, say);
  const compared = before.filter(({ name }) => /^(CPU|event loop|memory)/.test(name));
  return [
    ...now,
    ...compared.map(({ target: _, why: __, name, ...figure }) => ({ ...figure, name: `1bc15ff: ${name}` })),
  ];
};

async function measureAll(options: SceneOptions, say: (line: string) => void): Promise<Figure[]> {
  let flood: Child | undefined;
  const scene = await openScene({
    ...options,
    async channel({ url }) {
      flood = startChild("flood.ts", [url]);
      const { port } = await flood.ask(portSchema);
      return { serverUrl: `http://127.0.0.1:${port}`, groupPolicy: "open" };
    },
  });
  try {
    if (flood === undefined) throw new Error("The flood was not started.");
    return await measure(scene, flood, say);
  } finally {
    await scene.close();
    await flood?.close();
  }
}

async function measure(scene: Scene, flood: Child, say: (line: string) => void): Promise<Figure[]> {
  const { control } = scene.emulator;
  const roomIds = Array.from({ length: ROOMS }, (_, index) =>
    control.addRoom({ name: `room-${index}`, type: "c", members: [PERSON, BOT] }),
  );
  await startConnected(scene);
  const url = (await serverUrl(scene)).replace("http", "ws");
  const bare = startChild("bare.ts", [`${url}/bare`]);
  await bare.ask(openSchema);
  const idle = await scene.probe.idleShare();
  const stage = { scene, flood, bare, idle };
  const cold = await play(stage, { kind: "flood", from: 0, count: WARM_UP, roomIds });
  say(`${WARM_UP} at first: ${describe(cold)}`);
  const rounds: Round[] = [];
  let from = WARM_UP;
  for (const count of SIZES) {
    const round = await play(stage, { kind: "flood", from, count, roomIds });
    rounds.push(round);
    from += count;
    say(`${count}: ${describe(round)}`);
  }
  const large = await playLarge({ scene, flood, url }, { from, roomIds });
  from += LARGE.count;
  say(`${large.name}: ${large.value.toFixed(0)} MB`);
  await stopServing(scene);
  await play(stage, { kind: "flood", from, count: WARM_UP, roomIds });
  const unserved = await play(stage, { kind: "flood", from: from + WARM_UP, count: UNSERVED, roomIds });
  say(`${UNSERVED} in rooms that are not served: ${describe(unserved)}`);
  await bare.close();
  return [
    ...figuresOf(rounds, control.connections()[0]?.subs.length ?? 0),
    {
      ...cpuFigure(unserved, `${UNSERVED} in rooms that are not served`, UNSERVED_TARGET),
      why: WHY_UNSERVED,
    },
    large,
  ];
}

/** Only what `rooms` names is served from here on, and that is nothing. */
async function stopServing({ gateway }: Scene): Promise<void> {
  const from = gateway.mark();
  await gateway.updateConfig(
    withChannels(({ rocketchat, ...others }) => ({
      ...others,
      rocketchat: { ...rocketchat, groupPolicy: "allowlist" },
    })),
  );
  await gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat/, { from });
}

async function serverUrl({ gateway }: Scene): Promise<string> {
  const schema = z.object({ channels: z.object({ rocketchat: z.object({ serverUrl: z.string() }) }) });
  return schema.parse(await gateway.readConfig()).channels.rocketchat.serverUrl;
}

interface Stage {
  readonly scene: Scene;
  readonly flood: Child;
  readonly bare: Child;
  /** What the gateway takes by itself. */
  readonly idle: number;
}

async function play(
  { scene: { probe }, flood, bare, idle }: Stage,
  command: { kind: "flood"; from: number; count: number; roomIds: readonly string[] },
): Promise<Round> {
  const bareBefore = await bare.ask(cpuSchema, {});
  await flood.ask(bytesSchema, { ...command, to: "bare" });
  const bareAfter = await bare.ask(cpuSchema, {});
  const callsBefore = await flood.ask(callsSchema, { kind: "calls" });
  const before = await probe.usage();
  // Only from here on: the look before has collected garbage.
  const begun = await probe.rest();
  const start = performance.now();
  const ended = await probe.profiled(`ignored-${command.from}-${command.count}`, async () => {
    await flood.ask(bytesSchema, { ...command, to: "gateway" });
    return probe.rest();
  });
  const elapsed = performance.now() - start;
  const after = await probe.usage();
  const callsAfter = await flood.ask(callsSchema, { kind: "calls" });
  return {
    count: command.count,
    cpuMs: ended - begun - idle * elapsed,
    floorMs: bareAfter.cpuMs - bareBefore.cpuMs,
    floorDelayMs: bareAfter.delayP99Ms,
    before,
    after,
    calls: callsAfter.calls - callsBefore.calls,
  };
}

/**
 * The most memory that the gateway holds while large messages come, beyond what it held before; beside it that of a process
 * with as much in its memory, which looks at none of them.
 */
async function playLarge(
  { scene: { probe }, flood, url }: Pick<Stage, "scene" | "flood"> & { readonly url: string },
  { from, roomIds }: { readonly from: number; readonly roomIds: readonly string[] },
): Promise<Figure> {
  const command = { kind: "flood", from, roomIds, ...LARGE };
  const heavy = startChild("bare.ts", [`${url}/heavy`]);
  await heavy.ask(openSchema);
  const resting = await heavy.ask(memorySchema, {});
  await flood.ask(bytesSchema, { ...command, to: "heavy" });
  const floor = ((await heavy.ask(memorySchema, {})).peak - resting.rss) / MEGABYTE;
  await heavy.close();
  const { rss } = await probe.usage();
  await probe.resetPeak();
  await flood.ask(bytesSchema, { ...command, to: "gateway" });
  const value = ((await probe.peak()) - rss) / MEGABYTE;
  const name = `memory above idle, ${LARGE.count} messages of ${LARGE.characters} characters`;
  return { name, value, floor, unit: "MB", target: { value: LARGE_TARGET_MB }, why: WHY_LARGE };
}

function describe({ count, cpuMs, floorMs, before, after, calls }: Round): string {
  const micros = (ms: number) => `${((1000 * ms) / count).toFixed(1)} µs`;
  const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
  return [
    `${micros(cpuMs)} a message, floor ${micros(floorMs)}`,
    `${calls} REST calls`,
    `delay p99 ${after.delayP99Ms.toFixed(1)} ms`,
    `rss ${megabytes(after.rss)} MB`,
    `used ${megabytes(after.used)} MB (${megabytes(after.used - before.used)} more)`,
    `${megabytes(after.written - before.written)} MB written`,
  ].join(", ");
}

function cpuFigure({ count, cpuMs, floorMs }: Round, what: string, ratio: number): Figure {
  return {
    name: `CPU per message, ${what}`,
    value: (1000 * cpuMs) / count,
    floor: (1000 * floorMs) / count,
    unit: "µs",
    target: { ratio },
  };
}

function figuresOf(rounds: readonly Round[], subscriptions: number): Figure[] {
  const last = rounds.at(-1);
  const previous = rounds.at(-2);
  if (last === undefined || previous === undefined) throw new Error("Growth is told by two rounds.");
  return [
    ...rounds.map((round) => ({
      ...cpuFigure(round, `${round.count}`, TARGETS[round.count] ?? 1),
      why: WHY_SERVED,
    })),
    {
      name: "REST calls",
      value: rounds.reduce((all, { calls }) => all + calls, 0),
      unit: "",
      target: { value: 0 },
    },
    { name: "subscriptions", value: subscriptions, unit: "" },
    {
      name: `growth of used memory, ${previous.count} to ${last.count}`,
      value: (last.after.used - previous.after.used) / MEGABYTE,
      unit: "MB",
      target: { value: UNEVENNESS_MB },
    },
    {
      name: `resident memory after ${last.count}`,
      value: last.after.rss / MEGABYTE,
      floor: previous.after.rss / MEGABYTE,
      unit: "MB",
    },
    {
      name: `event loop delay p99, ${last.count}`,
      value: last.after.delayP99Ms,
      floor: last.floorDelayMs,
      unit: "ms",
      target: { ratio: DELAY_TARGET },
    },
    {
      name: `written to disk per message, ${last.count}`,
      value: (last.after.written - last.before.written) / last.count,
      unit: "bytes",
    },
  ];
}
