// Owns measuring files both ways: how long they take beside `curl` on the same server, and what they take of memory.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { jpeg } from "../test/contract/made-files.ts";
import { type Bench, type Figure, median } from "./figures.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

const run = promisify(execFile);

const MEBIBYTE = 1024 * 1024;
const LARGE = 100_000_000;
const PICTURE = 2 * MEBIBYTE;
const RUNS = 7;
const WARM_UP_RUNS = 3;
const WAIT = { timeoutMs: 300_000 };

/** The memory that files may take while they are under way. MB. */
const MAX_GROWTH = 48;

interface Stage {
  readonly scene: Scene;
  readonly rid: string;
  /** The file that the agent sends. */
  readonly path: string;
}

export const benchFiles: Bench = async (say) => {
  const scene = await openScene({
    channel: () => ({ ackReaction: "", historyLimit: 0, mediaMaxMb: 128 }),
  });
  try {
    await startConnected(scene);
    const rid = scene.emulator.control.direct([PERSON, BOT]);
    const workspace = join(scene.gateway.folder, "workspace");
    await mkdir(workspace, { recursive: true });
    const path = join(workspace, "large-out.txt");
    await writeFile(path, Buffer.alloc(LARGE, "x"));
    const stage = { scene, rid, path };
    return [await comparePicture(stage, say), ...(await compareLarge(stage, say))];
  } finally {
    await scene.close();
  }
};

/** By turns: the question alone with the download by itself, and the question with its picture. */
async function comparePicture(stage: Stage, say: (line: string) => void): Promise<Figure> {
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

async function compareLarge(stage: Stage, say: (line: string) => void): Promise<Figure[]> {
  const { probe } = stage.scene;
  await probe.rest();
  await probe.resetPeak();
  const idle = (await probe.usage()).rss;
  const words = await ask(stage);
  const bytes = Buffer.alloc(LARGE, "y");
  const taken = await askWith(stage, { name: "large.txt", type: "text/plain", bytes });
  const takenByCurl = await fetchByCurl(stage, taken.fileId);
  const peakIn = await probe.peak();
  await probe.rest();
  await probe.usage();
  await probe.resetPeak();
  const answer = await answerWith(stage, "");
  const given = await answerWith(stage, `\nMEDIA:${stage.path}`);
  const peakOut = await probe.peak();
  const givenByCurl = await postByCurl(stage);
  say(
    `100 MB in: ${taken.ms.toFixed(0)} ms, curl ${takenByCurl.toFixed(0)} ms; out: ${given.toFixed(0)} ms, curl ${givenByCurl.toFixed(0)} ms`,
  );
  const ratio = { ratio: 1.3 };
  const growth = { unit: "MB", target: { value: MAX_GROWTH } };
  return [
    { name: "100 MB in", value: taken.ms, floor: words + takenByCurl, unit: "ms", target: ratio },
    { name: "100 MB out", value: given, floor: answer + givenByCurl, unit: "ms", target: ratio },
    { name: "memory above idle, 100 MB in", value: (peakIn - idle) / MEBIBYTE, ...growth },
    { name: "memory above idle, 100 MB out", value: (peakOut - idle) / MEBIBYTE, ...growth },
  ];
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
  return timed(() => run("curl", ["-sf", "-o", "/dev/null", ...credentials(stage), url]));
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
