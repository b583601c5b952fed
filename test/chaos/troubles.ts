// Owns the troubles of chaos: what goes wrong with the server, the connections, the queue and the gateway.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import type { LastingFaults, RestFault } from "../../emulator/faults.ts";
import { countWaiting, ownQueue } from "../support/queues.ts";
import type { Random } from "./random.ts";
import { BOTS, type Town } from "./town.ts";

/** A limit that ends soon after it was met, by the server's own clock. */
const LIMITED: RestFault = {
  status: 429,
  headers: { date: new Date(0).toUTCString(), "x-ratelimit-reset": "300" },
};

export const FILE_TROUBLES: readonly (readonly [string, RestFault])[] = [
  ["upload lost", { path: "rooms.media", effect: false, lost: true }],
  ["answer to the upload lost", { path: "rooms.media", effect: true, lost: true }],
  ["posting the file lost", { path: "rooms.mediaConfirm", effect: false, lost: true }],
  ["answer to posting the file lost", { path: "rooms.mediaConfirm", effect: true, lost: true }],
  [
    "bad gateway after posting the file",
    { path: "rooms.mediaConfirm", effect: true, status: 502, body: "<html>" },
  ],
  ["server busy with files", { path: "rooms.media", status: 503 }],
  ["files of the room limited", { ...LIMITED, path: "channels.files" }],
];

/** A question as it was posted. */
export interface Asked {
  readonly _id: string;
  readonly rid: string;
  /** At top level of a room. */
  readonly plain: boolean;
}

/** What a trouble finds: the seed's rooms, who is in them, and a way to ask one more question, in a room if one is given. */
export interface Scene {
  readonly person: string;
  readonly rooms: readonly string[];
  readonly members: readonly string[];
  ask(rid?: string): Asked;
}

export type Trouble = readonly [string, (town: Town, random: Random, scene: Scene) => unknown];

const rest =
  (fault: RestFault): Trouble[1] =>
  ({ emulator }) =>
    emulator.faults.rest({ times: 1, path: "chat.sendMessage", ...fault });

const lasting =
  (changes: (random: Random) => Partial<LastingFaults>): Trouble[1] =>
  ({ emulator }, random) =>
    Object.assign(emulator.faults.lasting, changes(random));

export const TROUBLES: readonly Trouble[] = [
  ["cut", ({ emulator }) => emulator.faults.cutSockets()],
  ["close", ({ emulator }) => emulator.faults.closeSockets()],
  ["cut one account", ({ emulator }) => emulator.faults.cutSockets({ username: BOTS.second })],
  ["answer lost", rest({ effect: true, lost: true })],
  ["request lost", rest({ effect: false, lost: true })],
  ["bad gateway after the effect", rest({ effect: true, status: 502, body: "<html>" })],
  ["server busy twice", rest({ status: 503, times: 2 })],
  ["rate limited", rest(LIMITED)],
  ["rate limited twice", rest({ ...LIMITED, times: 2 })],
  ["slow answer", rest({ delayMs: 400 })],
  ["history unavailable", rest({ path: "channels.history", status: 503 })],
  ["list of rooms lost", rest({ path: "rooms.get", lost: true, effect: false })],
  ["room unknown for a moment", rest({ path: "rooms.info", status: 502 })],
  ["duplicate frames", lasting(() => ({ duplicateFrames: true }))],
  ["reordered frames", lasting(() => ({ reorderFrames: true }))],
  ["slow frames", lasting((random) => ({ frameDelayMs: random.upTo(200) }))],
  ["frames in order again", ({ emulator }) => emulator.faults.clear()],
  ["subscription ended", ({ emulator }) => emulator.faults.endSubscriptions("stream-room-messages")],
  ["upgrade refused", lasting(() => ({ upgrade: 503 }))],
  ["login limited", lasting(() => ({ login: "too-many-requests" }))],
  ["clock ahead", lasting((random) => ({ clockSkewMs: random.upTo(600_000) }))],
  ["queue held by another process", (town, random) => void holdQueue(town, random.upTo(3_000))],
  ["server restart", ({ emulator }, random) => void emulator.faults.restart({ gapMs: random.upTo(2_000) })],
];

const PAGE = "<html><body>404 Not Found</body></html>";
const FAMILIES = ["channels", "groups"].map((family) => `${family}.history`);

/** Troubles that were thought of later. */
export const LATER_TROUBLES: readonly Trouble[] = [
  ["a proxy's page for a reply", rest({ status: 404, body: PAGE, times: 2 })],
  ["a proxy's page for everything", rest({ path: undefined, status: 403, body: PAGE, times: 5 })],
  [
    "a room whose history always fails",
    ({ emulator: { faults } }, random, { rooms, ask }) => {
      const rid = random.pick(rooms);
      for (const path of FAMILIES) faults.rest({ path, mentioning: rid, status: 500 });
      faults.cutSockets();
      ask(rid);
      ask();
    },
  ],
  [
    "slow histories over two reconnects",
    async ({ emulator: { faults } }, random, { ask }) => {
      for (const path of FAMILIES) faults.rest({ path, delayMs: 1_500, times: 3 });
      for (const turn of [1, 2]) {
        faults.cutSockets();
        ask();
        await wait(turn * random.upTo(600));
      }
    },
  ],
  [
    "a reply under a question that nobody was told of",
    async ({ emulator: { faults, control } }, random, { ask, person }) => {
      faults.cutSockets();
      const { _id, rid, plain } = ask();
      await wait(random.upTo(200));
      if (plain) control.post({ as: person, rid, tmid: _id, msg: "I would like to know that as well" });
    },
  ],
];

/** Troubles that take long, each in one seed of a hundred: the one whose number ends so. */
export const SLOW_TROUBLES: readonly (readonly [Trouble, number])[] = [
  [["queue damaged while the gateway was down", damageQueue], 25],
  [
    [
      "newer host, whose own queue takes over",
      (town, random, scene) => changeHost(town, { random, scene, to: "newer" }),
    ],
    30,
  ],
  [["half-open connections", ({ emulator }) => emulator.faults.silenceSockets()], 50],
  [["question that is told minutes late", tellLate], 75],
  [
    [
      "older host, after a newer one",
      (town, random, scene) => changeHost(town, { random, scene, to: "installed" }),
    ],
    80,
  ],
  [["server away for 90 s", ({ emulator }) => void emulator.faults.restart({ gapMs: 90_000 })], 99],
];

/** Stops the gateway behind questions and starts it as another version of OpenClaw. */
async function changeHost(
  { gateway, program }: Town,
  { random, scene, to }: { random: Random; scene: Scene; to: "newer" | "installed" },
): Promise<void> {
  for (let asked = 0; asked < 4; asked += 1) scene.ask();
  await wait(random.upTo(300));
  await gateway.end();
  gateway.useProgram(await program(to));
  scene.ask();
  await gateway.start();
}

const LATE_MS = 150_000;

/** A question in a room that is older, written minutes before anybody is told of it. The gateway must be older, too. */
async function tellLate(
  { emulator, startedAt }: Town,
  random: Random,
  { members, ask }: Scene,
): Promise<void> {
  const { faults, control, world } = emulator;
  if (performance.now() - startedAt < 2 * LATE_MS) return;
  const { clockSkewMs } = faults.lasting;
  faults.lasting.clockSkewMs = clockSkewMs - 2 * LATE_MS;
  const rid = control.addRoom({ name: `late-${world.rooms.size}`, type: "c", members: [...members] });
  faults.lasting.clockSkewMs = clockSkewMs;
  await wait(1_000 + random.upTo(1_000));
  faults.lasting.clockSkewMs = clockSkewMs - LATE_MS;
  ask(rid);
  faults.lasting.clockSkewMs = clockSkewMs;
}

const SQLITE_BUSY = 5;

const stateOf = ({ gateway }: Town): string => join(gateway.folder, "state");
const queueFile = (town: Town): string => ownQueue(stateOf(town), "default");

/** Nothing can be stored while the lock is held, nor done with what is stored. */
async function holdQueue(town: Town, ms: number): Promise<void> {
  if (!existsSync(queueFile(town))) return;
  const db = new DatabaseSync(queueFile(town), { timeout: 1_000 });
  try {
    if (!lock(db)) return;
    await wait(ms);
    db.exec("ROLLBACK");
  } finally {
    db.close();
  }
}

/** Answers whether it could be locked: the same trouble may hold it already. */
function lock(db: DatabaseSync): boolean {
  try {
    db.exec("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

/** Damages a queue in which nothing waits: what waits in one that is damaged is lost, and the page says so. */
async function damageQueue(town: Town, _random: Random, { ask }: Scene): Promise<void> {
  const { gateway } = town;
  const file = queueFile(town);
  do {
    if (!gateway.running) await gateway.start();
    await wait(1_000);
    await gateway.kill("SIGKILL");
  } while (countWaiting(stateOf(town), "default") > 0);
  emptyLog(file);
  const content = readFileSync(file);
  writeFileSync(file, content.fill(0xa5, 100, 4_000));
  ask();
  const from = gateway.output.length;
  await gateway.start();
  await gateway.waitForOutput(/\[default\] account .*now lies at/, { from });
  ask();
  await gateway.restart();
}

/** What stands in the log beside the file would mend the damage. */
function emptyLog(file: string): void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

export const RESTARTS: readonly Trouble[] = [
  [
    "gateway killed",
    async ({ gateway }) => {
      await gateway.kill("SIGKILL");
      void gateway.start();
    },
  ],
  ["gateway stopped", ({ gateway }) => gateway.restart()],
  [
    "gateway stopped behind a question",
    async ({ gateway }, random, { ask }) => {
      ask();
      await wait(random.upTo(300));
      await gateway.restart();
    },
  ],
];
