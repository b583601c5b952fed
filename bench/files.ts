// Owns measuring files both ways: how long they take beside `curl` on the same server, and what they take of memory.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
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

/** Out of CPU profiles (`BENCH_PROFILES`), and what loads the file, by its stack. */
const WHY_PICTURE =
  'OpenClaw makes the picture ready for the model: the row "OpenClaw alone" is the same in a channel that does nothing else.';
const WHY_IN =
  "A channel that only fetches the file and gives it to OpenClaw takes as long (OpenClaw alone). A fifth to a quarter of the main thread's time goes to the garbage collector, which looks through all of the gateway's memory for the buffers that Node's fetch reads into; most of the rest is Node's reading and writing. The memory is such buffers that wait to be collected; the plugin's own part of the time is below one percent.";
const WHY_OUT =
  "OpenClaw loads the whole file twice before it hands it over, to copy it and for its queue: a channel that leaves it there takes the rows OpenClaw alone. What the plugin takes more is the upload, which reads the copy in pieces. Of a text each time every character is looked at, half of all the time (`getTextStats`).";

type Say = (line: string) => void;

interface Stage {
  readonly scene: Scene;
  readonly platform: FloorPlatform;
  readonly rid: string;
}

/** What the agent sends: of text OpenClaw looks at each character, of a video at its beginning. */
const SENT = {
  "a text": { file: "large-out.txt", bytes: () => Buffer.alloc(LARGE, "x") },
  "a video": { file: "large-out.mp4", bytes: () => Buffer.concat([VIDEO_HEAD, Buffer.alloc(LARGE)]) },
};
const VIDEO_HEAD = Buffer.from("00000018667479706d703432000000006d70343269736f6d", "hex");

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
    const small = join(workspace, "small-out.txt");
    await writeFile(small, "x");
    const stage = { scene, platform, rid };
    const pictures = await comparePicture(stage, say);
    // The way out has been gone once before it is measured; the pictures have gone the way in.
    await answerWith(stage, `\nMEDIA:${small}`);
    const figures = [...pictures, ...(await compareIn(stage, say))];
    for (const [what, { file, bytes }] of Object.entries(SENT)) {
      const path = join(workspace, file);
      await writeFile(path, bytes());
      figures.push(...(await compareOut(stage, { path, name: `100 MB out, ${what}` }, say)));
    }
    return figures;
  } finally {
    await scene.close();
    await platform.close();
  }
};

/** By turns: the question alone with the download by itself, and the question with its picture. */
async function comparePicture(stage: Stage, say: Say): Promise<Figure[]> {
  const bytes = Buffer.concat([jpeg().bytes, Buffer.alloc(PICTURE)]);
  const alone: number[] = [];
  const together: number[] = [];
  const byFloor: number[] = [];
  for (let index = -WARM_UP_RUNS; index < RUNS; index += 1) {
    const words = await ask(stage);
    const name = `photo${index}.jpg`;
    const { ms, fileId } = await askWith(stage, { name, type: "image/jpeg", bytes });
    const download = await fetchByCurl(stage, fileId);
    const floor = await askFloorWith(stage, fileId, name);
    if (index < 0) continue;
    alone.push(words + download);
    together.push(ms);
    byFloor.push(floor);
  }
  say(
    `question and download: ${tell(alone)}, with its picture: ${tell(together)}, OpenClaw alone: ${tell(byFloor)}`,
  );
  const name = "question with a picture of 2 MB, to the model";
  return [
    {
      name,
      value: median(together),
      floor: median(alone),
      unit: "ms",
      target: { ratio: 1.2 },
      why: WHY_PICTURE,
    },
    { name: `${name}, OpenClaw alone`, value: median(byFloor), floor: median(alone), unit: "ms" },
  ];
}

/** By turns: the question alone, the question with its file, and the download by itself, to a file of the same disk. */
async function compareIn(stage: Stage, say: Say): Promise<Figure[]> {
  const bytes = Buffer.alloc(LARGE, "y");
  const words: number[] = [];
  const taken: number[] = [];
  const byCurl: number[] = [];
  const byFloor: number[] = [];
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
    byFloor.push(await askFloorWith(stage, fileId, file.name));
    byCurl.push(await fetchByCurl(stage, fileId));
  }
  const others = `a question alone: ${tell(words)}, curl: ${tell(byCurl)}, OpenClaw alone: ${tell(byFloor)}`;
  say(`100 MB in: ${tell(taken)}, ${others}`);
  const floor = median(words) + median(byCurl);
  return [
    { name: "100 MB in", value: median(taken), floor, unit: "ms", target: LARGE_RATIO, why: WHY_IN },
    { name: "100 MB in, OpenClaw alone", value: median(byFloor), floor, unit: "ms" },
    { name: "memory above idle, a question alone", value: median(peaksOfWords), unit: "MB" },
    { name: "memory above idle, 100 MB in", value: median(peaks), ...GROWTH, why: WHY_IN },
  ];
}

/** By turns: the answer alone, the answer with its file, the same in OpenClaw without us, and the upload by itself. */
async function compareOut(
  stage: Stage,
  { path, name }: { readonly path: string; readonly name: string },
  say: Say,
): Promise<Figure[]> {
  const words: number[] = [];
  const given: number[] = [];
  const byCurl: number[] = [];
  const byFloor: number[] = [];
  const peaks: number[] = [];
  const peaksOfFloor: number[] = [];
  for (let run = 0; run < LARGE_RUNS; run += 1) {
    words.push(await answerWith(stage, ""));
    const idle = await rest(stage);
    given.push(
      await profiled(stage, `files-out-${run}-${basename(path)}`, () => answerWith(stage, `\nMEDIA:${path}`)),
    );
    peaks.push(await peakAbove(stage, idle));
    const idleOfFloor = await rest(stage);
    byFloor.push(await answerFloor(stage, path));
    peaksOfFloor.push(await peakAbove(stage, idleOfFloor));
    byCurl.push(await postByCurl(stage, path));
  }
  say(
    `${name}: ${tell(given)}, an answer alone: ${tell(words)}, curl: ${tell(byCurl)}, OpenClaw alone: ${tell(byFloor)}`,
  );
  const floor = median(words) + median(byCurl);
  return [
    { name, value: median(given), floor, unit: "ms", target: LARGE_RATIO, why: WHY_OUT },
    { name: `${name}, OpenClaw alone`, value: median(byFloor), floor, unit: "ms" },
    { name: `memory above idle, ${name}`, value: median(peaks), ...GROWTH, why: WHY_OUT },
    { name: `memory above idle, ${name}, OpenClaw alone`, value: median(peaksOfFloor), unit: "MB" },
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

/** The same file in a channel that does no more than OpenClaw asks for: milliseconds to the request at the model. */
async function askFloorWith(stage: Stage, fileId: string, name: string): Promise<number> {
  const mark = nextMark();
  const file = { url: addressOf(stage, fileId), headers: headersOf(stage), name };
  const start = performance.now();
  const answered = stage.platform.ask({ room: `floor${asked}`, text: `[say answer ${mark}] now`, file });
  const ms = await settle(stage.scene.model, mark, start);
  await answered;
  return ms;
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
async function answerFloor({ scene: { model }, platform }: Stage, path: string): Promise<number> {
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

const headersOf = ({ scene: { emulator, botId } }: Stage) => ({
  "X-User-Id": botId,
  "X-Auth-Token": emulator.control.personalAccessToken(BOT),
});

const credentials = (stage: Stage): string[] =>
  Object.entries(headersOf(stage)).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);

const addressOf = ({ scene: { emulator } }: Stage, fileId: string): string =>
  `${emulator.url}/file-upload/${fileId}/`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function fetchByCurl(stage: Stage, fileId: string): Promise<number> {
  const url = addressOf(stage, fileId);
  const copy = join(stage.scene.gateway.folder, "by-curl");
  return timed(() => run("curl", ["-sf", "-o", copy, ...credentials(stage), url]));
}

function postByCurl(stage: Stage, path: string): Promise<number> {
  const { scene, rid } = stage;
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
