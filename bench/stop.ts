// Owns measuring how long after the frame of `!stop` the agent's run is ended.

import { z } from "zod";
import { type Gateway, installGateway } from "../demo/gateway.ts";
import type { ConfigObject } from "../demo/gateway-config.ts";
import { packPlugin } from "../demo/pack.ts";
import { openSandbox } from "../demo/sandbox.ts";
import { type ScriptedModel, type SeenRequest, startScriptedModel } from "../demo/scripted-model.ts";
import { type Emulator, startEmulator } from "../emulator/server.ts";
import type { Verdict } from "./figures.ts";

const TARGET_MS = 500;
const RUNS = 20;
const COLD_RUNS = 3;
const BUSY_ROOMS = 10;
/** How long after a question its stop is sent right after a cold start: before OpenClaw can have taken it over. */
const COLD_PAUSE_MS = 100;
const objectSchema = z.record(z.string(), z.unknown());
const WAIT = { timeoutMs: 120_000 };
/** An answer of half an hour in small pieces, longer than the whole bench. */
const SLOW = "[slow 1800000] [pieces 18000]";

interface Scene {
  readonly emulator: Emulator;
  readonly model: ScriptedModel;
  readonly gateway: Gateway;
  readonly botId: string;
  readonly room: string;
  readonly busyRooms: readonly string[];
}

export const benchStop: Verdict = async (print) => {
  const scene = await openScene();
  try {
    print(`From the frame of !stop to the end of the run, target: median below ${TARGET_MS} ms`);
    const rows = [
      { name: "after a cold start, to the reply", measure: measureCold },
      { name: "one run at a time, to the closed model connection", measure: measureRuns },
      { name: `the same with ${BUSY_ROOMS} other rooms busy`, measure: measureBusy },
    ];
    let enough = true;
    for (const { name, measure } of rows) {
      const times = await measure(scene);
      print(summarize(name, times));
      enough &&= median(times) < TARGET_MS;
    }
    return enough;
  } finally {
    await scene.gateway.stop();
    await Promise.all([scene.model.close(), scene.emulator.close()]);
  }
};

async function openScene(): Promise<Scene> {
  const emulator = await startEmulator();
  const model = await startScriptedModel();
  const { control } = emulator;
  const operator = control.addUser({ username: "alice" });
  const bot = control.addUser({ username: "openclaw-bot", roles: ["user", "bot"] });
  const addRoom = (name: string): string =>
    control.addRoom({ name, type: "c", members: ["alice", "openclaw-bot"] });
  const room = addRoom("town");
  const busyRooms = Array.from({ length: BUSY_ROOMS }, (_, index) => addRoom(`busy-${index}`));
  const sandbox = await openSandbox("bench");
  const gateway = await packPlugin(sandbox.folder)
    .then((tarball) =>
      installGateway({
        tarball,
        modelUrl: model.url,
        channels: {
          rocketchat: {
            serverUrl: emulator.url,
            userId: bot.userId,
            username: "openclaw-bot",
            pat: control.personalAccessToken("openclaw-bot"),
            dangerouslyAllowInsecure: true,
            network: { dangerouslyAllowPrivateNetwork: true },
            groupPolicy: "open",
            commandAllowFrom: [operator.userId],
          },
        },
      }),
    )
    .finally(() => sandbox.close());
  await gateway.updateConfig(allowRuns);
  return { emulator, model, gateway, botId: bot.userId, room, busyRooms };
}

/** OpenClaw runs only so many sessions at once; here all of them. */
function allowRuns(config: ConfigObject): ConfigObject {
  const agents = objectSchema.parse(config.agents);
  const defaults = { ...objectSchema.parse(agents.defaults), maxConcurrent: 2 * BUSY_ROOMS };
  return { ...config, agents: { ...agents, defaults } };
}

/** Each time a fresh process: the question is stored, and not yet taken over, when the stop comes. */
async function measureCold({ emulator: { control }, gateway, botId, room }: Scene): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < COLD_RUNS; run += 1) {
    const from = gateway.mark();
    await (run === 0 ? gateway.start() : gateway.restart());
    await gateway.waitForOutput(/\[default\] connected/, { from });
    control.post({ as: "alice", rid: room, msg: `@openclaw-bot ${SLOW} cold ${run}` });
    await new Promise((resolve) => setTimeout(resolve, COLD_PAUSE_MS));
    const start = performance.now();
    const stop = control.post({ as: "alice", rid: room, msg: "!stop" });
    await control.waitForMessage(
      ({ u, rid, ts, msg }) =>
        u._id === botId && rid === room && ts > stop.ts && /^Stopped|^Nothing/.test(msg),
      WAIT,
    );
    times.push(performance.now() - start);
  }
  return times;
}

async function measureRuns(scene: Scene): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1)
    times.push(await measureOne(scene, `run ${run} of ${Math.random()}`));
  return times;
}

async function measureBusy(scene: Scene): Promise<number[]> {
  const { busyRooms } = scene;
  const busy = await Promise.all(busyRooms.map((room, index) => ask(scene, room, `busy ${index}`)));
  const times = await measureRuns(scene);
  for (const [index, { ended }] of busy.entries()) {
    scene.emulator.control.post({ as: "alice", rid: busyRooms[index] ?? "", msg: "!stop" });
    if ((await ended) !== "aborted")
      throw new Error("A busy room's run ended by itself: the rooms were not busy.");
  }
  return times;
}

async function measureOne(scene: Scene, label: string): Promise<number> {
  const {
    emulator: { control },
    room,
    botId,
  } = scene;
  const { ended } = await ask(scene, room, label);
  const start = performance.now();
  const stop = control.post({ as: "alice", rid: room, msg: "!stop" });
  if ((await ended) !== "aborted") throw new Error("The answer ended before it was stopped.");
  const time = performance.now() - start;
  await control.waitForMessage(({ u, rid, ts }) => u._id === botId && rid === room && ts > stop.ts, WAIT);
  return time;
}

/** Asks something that takes very long; resolves when the model streams. */
function ask({ emulator, model }: Scene, rid: string, label: string): Promise<SeenRequest> {
  emulator.control.post({ as: "alice", rid, msg: `@openclaw-bot ${SLOW} ${label}` });
  return model.waitForRequest(label, WAIT);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY;
}

function summarize(name: string, times: readonly number[]): string {
  const [low, high] = [Math.min(...times), Math.max(...times)].map((ms) => ms.toFixed(0));
  return `${name}: median ${median(times).toFixed(0)} ms, ${low} to ${high} ms, ${times.length} runs`;
}
