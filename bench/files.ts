// Owns measuring files both ways: how long they take beside `curl` on the same server, and what they take of memory.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { jpeg } from "../test/contract/made-files.ts";
import { type Bench, type Figure, median } from "./figures.ts";
import { type FloorPlatform, installFloor, startFloorPlatform } from "./floor.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

const run = promisify(execFile);

const MEBIBYTE = 1024 * 1024;
const LARGE = 100_000_000;
const MAX_MEGABYTES = 128;
const PICTURE = 2 * MEBIBYTE;
const RUNS = 7;
const WARM_UP_RUNS = 3;
const WAIT = { timeoutMs: 300_000 };

const LARGE_RUNS = 3;
const LARGE_RATIO = { ratio: 1.3 };

/** The memory that files may take while they are under way. */
const GROWTH = { unit: "MB", target: { value: 48 } };

type Say = (line: string) => void;

interface Stage {
  readonly scene: Scene;
  readonly platform: FloorPlatform;
  readonly rid: string;
  /** The file that the agent sends. */
  readonly path: string;
}

export const benchFiles: Bench = async (say) => {
  const platform = await startFloorPlatform();
  const scene = await openScene({
    channel: () => ({ ackReaction: "", historyLimit: 0, mediaMaxMb: MAX_MEGABYTES }),
  });
  try {
    const settings = { mediaMaxMb: MAX_MEGABYTES };
    await installFloor(scene.gateway, { url: platform.url, accountIds: ["default"], settings });
    await startConnected(scene);
    await scene.gateway.waitForOutput(/floor connected/);
    const rid = scene.emulator.control.direct([PERSON, BOT]);
    const workspace = join(scene.gateway.folder, "workspace");
    await mkdir(workspace, { recursive: true });
    const path = join(workspace, "large-out.txt");
    await writeFile(path, Buffer.alloc(LARGE, "x"));
    const small = join(workspace, "small-out.txt");
    await writeFile(small, "x");
    const stage = { scene, platform, rid, path };
    const picture = await comparePicture(stage, say);
    // The way out has been gone once before it is measured; the pictures have gone the way in.
    await answerWith(stage, `\nMEDIA:${small}`);
    return [picture, ...(await compareIn(stage, say)), ...(await compareOut(stage, say))];
  } finally {
    await scene.close();
    await platform.close();
  }
};

/** By turns: the question alone with the download by itself, and the question with its picture. */
async function comparePicture(stage: Stage, say: Say): Promise<Figure> {
  const bytes = Buffer.concat([jpeg().bytes, Buffer.alloc(PICTURE)]);
  const alone: number[] = [];
  const together: number[] = [];
  for (let index = -WARM_UP_RUNS; index < RUNS; index += 1) {
    const words = await ask(stage);
    const { ms, fileId } = await askWith(stage, { name: `photo${index}.jpg`, type: "image/jpeg", bytes });
    const download = await fetchByCurl(stage, fileId);
    if (index < 0) continue;
    alone.push(words + download);
    together.push(ms);
  }
  say(
    `question and download: ${median(alone).toFixed(0)} ms, with its picture: ${median(together).toFixed(0)} ms`,
  );
  return {
    name: "question with a picture of 2 MB, to the model",
    value: median(together),
    floor: median(alone),
    unit: "ms",
    target: { ratio: 1.2 },
  };
}

/** By turns: the question alone, the question with its file, and the download by itself, to a file of the same disk. */
async function compareIn(stage: Stage, say: Say): Promise<Figure[]> {
  const bytes = Buffer.alloc(LARGE, "y");
  const words: number[] = [];
  const taken: number[] = [];
  const byCurl: number[] = [];
  const peaks: number[] = [];
  const peaksOfWords: number[] = [];
  for (let run = 0; run < LARGE_RUNS; run += 1) {
    const idleOfWords = await rest(stage);
    words.push(await ask(stage));
    peaksOfWords.push(await peakAbove(stage, idleOfWords));
    const idle = await rest(stage);
    const file = { name: "large.txt", type: "text/plain", bytes };
    const { ms, fileId } = await profiled(stage, `files-in-${run}`, () => askWith(stage, file));
    taken.push(ms);
    peaks.push(await peakAbove(stage, idle));
    byCurl.push(await fetchByCurl(stage, fileId));
  }
  say(`100 MB in: ${tell(taken)}, a question alone: ${tell(words)}, curl: ${tell(byCurl)}`);
  const floor = median(words) + median(byCurl);
  return [
    { name: "100 MB in", value: median(taken), floor, unit: "ms", target: LARGE_RATIO },
    { name: "memory above idle, a question alone", value: median(peaksOfWords), unit: "MB" },
    { name: "memory above idle, 100 MB in", value: median(peaks), ...GROWTH },
  ];
}

/** By turns: the answer alone, the answer with its file, the same in OpenClaw without us, and the upload by itself. */
async function compareOut(stage: Stage, say: Say): Promise<Figure[]> {
  const words: number[] = [];
  const given: number[] = [];
  const byCurl: number[] = [];
  const byFloor: number[] = [];
  const peaks: number[] = [];
  const peaksOfFloor: number[] = [];
  for (let run = 0; run < LARGE_RUNS; run += 1) {
    words.push(await answerWith(stage, ""));
    const idle = await rest(stage);
    given.push(await profiled(stage, `files-out-${run}`, () => answerWith(stage, `\nMEDIA:${stage.path}`)));
    peaks.push(await peakAbove(stage, idle));
    const idleOfFloor = await rest(stage);
    byFloor.push(await answerFloor(stage));
    peaksOfFloor.push(await peakAbove(stage, idleOfFloor));
    byCurl.push(await postByCurl(stage));
  }
  say(
    `100 MB out: ${tell(given)}, an answer alone: ${tell(words)}, curl: ${tell(byCurl)}, OpenClaw alone: ${tell(byFloor)}`,
  );
  const floor = median(words) + median(byCurl);
  return [
    { name: "100 MB out", value: median(given), floor, unit: "ms", target: LARGE_RATIO },
    { name: "100 MB out, OpenClaw alone", value: median(byFloor), unit: "ms" },
    { name: "memory above idle, 100 MB out", value: median(peaks), ...GROWTH },
    { name: "memory above idle, 100 MB out, OpenClaw alone", value: median(peaksOfFloor), unit: "MB" },
  ];
}

const tell = (values: readonly number[]): string => `${values.map((ms) => ms.toFixed(0)).join(" ")} ms`;

const profiled = <T>({ scene: { probe } }: Stage, name: string, run: () => Promise<T>): Promise<T> =>
  probe.profiled(name, run);

/** Bytes that the gateway holds when it has nothing to do; the peak is counted anew from here. */
async function rest({ scene: { probe } }: Stage): Promise<number> {
  await probe.rest();
  const { rss } = await probe.usage();
  await probe.resetPeak();
  return rss;
}

async function peakAbove({ scene: { probe } }: Stage, idle: number): Promise<number> {
  return ((await probe.peak()) - idle) / MEBIBYTE;
}

let asked = 0;

function nextMark(): string {
  asked += 1;
  return `mark${asked}.`;
}

/** A room of its own for each question: a model is sent the pictures of the whole session. */
function openRoom({ scene: { emulator } }: Stage): string {
  return emulator.control.addRoom({ name: `town${asked}`, type: "c", members: [PERSON, BOT] });
}

/** Milliseconds from a question to the request at the model. */
async function ask(stage: Stage): Promise<number> {
  const { emulator, model } = stage.scene;
  const mark = nextMark();
  const rid = openRoom(stage);
  const start = performance.now();
  emulator.control.post({ as: PERSON, rid, msg: `@${BOT} [say answer ${mark}] now` });
  return settle(model, mark, start);
}

async function askWith(
  stage: Stage,
  file: { readonly name: string; readonly type: string; readonly bytes: Buffer },
): Promise<{ ms: number; fileId: string }> {
  const { emulator, model } = stage.scene;
  const mark = nextMark();
  const rid = openRoom(stage);
  const start = performance.now();
  const msg = `@${BOT} [say answer ${mark}] now`;
  const message = emulator.control.postFile({ as: PERSON, rid, ...file, msg });
  return { ms: await settle(model, mark, start), fileId: message.file?._id ?? "" };
}

async function settle(model: Scene["model"], mark: string, start: number): Promise<number> {
  const request = await model.waitForRequest(mark, WAIT);
  const ms = performance.now() - start;
  await request.ended;
  return ms;
}

/** Milliseconds from the model's last byte to the message at the server. */
async function answerWith({ scene: { emulator, model, botId }, rid }: Stage, more: string): Promise<number> {
  const mark = nextMark();
  const script = model.script(mark, { text: `answer ${mark}${more}` });
  emulator.control.post({ as: PERSON, rid, msg: `give ${mark}` });
  const request = await model.waitForRequest(mark, WAIT);
  await request.ended;
  const start = performance.now();
  const { msg, file } = await emulator.control.waitForMessage(
    (message) => message.u._id === botId && message.msg.includes(mark),
    WAIT,
  );
  const ms = performance.now() - start;
  script.remove();
  if ((more !== "") !== (file !== undefined)) throw new Error(`The answer came without its file: ${msg}`);
  return ms;
}

/** The same in a channel that leaves the file where OpenClaw has put it. */
async function answerFloor({ scene: { model }, platform, path }: Stage): Promise<number> {
  const mark = nextMark();
  const script = model.script(mark, { text: `answer ${mark}\nMEDIA:${path}` });
  const came = platform.ask({ room: "floor", text: `give ${mark}` });
  const request = await model.waitForRequest(mark, WAIT);
  await request.ended;
  const start = performance.now();
  const ms = (await came) - start;
  script.remove();
  return ms;
}

const credentials = ({ scene: { emulator, botId } }: Stage): string[] => [
  "-H",
  `X-User-Id: ${botId}`,
  "-H",
  `X-Auth-Token: ${emulator.control.personalAccessToken(BOT)}`,
];

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function fetchByCurl(stage: Stage, fileId: string): Promise<number> {
  const url = `${stage.scene.emulator.url}/file-upload/${fileId}/`;
  const copy = join(stage.scene.gateway.folder, "by-curl");
  return timed(() => run("curl", ["-sf", "-o", copy, ...credentials(stage), url]));
}

function postByCurl(stage: Stage): Promise<number> {
  const { scene, rid, path } = stage;
  const api = `${scene.emulator.url}/api/v1`;
  return timed(async () => {
    const form = ["-F", `file=@${path};type=application/octet-stream`];
    const { stdout } = await run("curl", [
      "-sf",
      ...credentials(stage),
      ...form,
      `${api}/rooms.media/${rid}`,
    ]);
    const id = /"_id":"([^"]+)"/.exec(stdout)?.[1];
    const body = ["-H", "Content-Type: application/json", "-d", "{}"];
    await run("curl", ["-sf", ...credentials(stage), ...body, `${api}/rooms.mediaConfirm/${rid}/${id}`]);
  });
}
