// Owns measuring what many accounts and many rooms cost that nobody writes in.

import { setTimeout as wait } from "node:timers/promises";
import type { Bench, Figure } from "./figures.ts";
import { installFloor, startFloorPlatform } from "./floor.ts";
import type { Usage } from "./probe.ts";
import { accountOf, BOT, openScene, PERSON, type Scene, startConnected, withChannels } from "./scene.ts";

const ACCOUNTS = [1, 10, 50] as const;
const ROOMS = [10, 1_000, 10_000] as const;
/** After a start OpenClaw goes on loading for a while. Milliseconds. */
const SETTLING_MS = 5_000;
const MEGABYTE = 1024 ** 2;

/** Memory is looked at behind a collection of garbage. */
const WHY_RESIDENT =
  "What an account's objects take is the row above. The rest is room that V8 had for the garbage of the start, and that it keeps.";

interface Sight {
  readonly startMs: number;
  readonly usage: Usage;
  readonly subscriptions: number;
}

/** Of lines that the run itself tells. */
const WHY_ROOM =
  "Two starts of one gateway differ by several MB, and the target allows all these rooms 2: the run tells what each start held.";

export const benchWidth: Bench = async (say) => {
  const platform = await startFloorPlatform();
  const scene = await openScene();
  try {
    const { control } = scene.emulator;
    const ids = Array.from({ length: ACCOUNTS[2] }, (_, index) => (index === 0 ? "default" : `bot-${index}`));
    for (const id of ids.slice(1)) control.addUser({ username: id, roles: ["user", "bot"] });
    addRooms(scene, 0, ROOMS[0]);
    const look = async (what: string, accounts: readonly string[], word = "connected"): Promise<Sight> => {
      const sight = await startAndLook(scene, accounts, word);
      say(`${what}: ready after ${(sight.startMs / 1000).toFixed(1)} s, ${describe(sight.usage)}`);
      return sight;
    };
    const accounts: Sight[] = [];
    for (const count of ACCOUNTS) {
      const used = ids.slice(0, count);
      await setAccounts(scene, ids, count);
      accounts.push(await look(`${count} accounts`, used));
    }
    await setAccounts(scene, ids, 1);
    const rooms: Sight[] = [];
    let made: number = ROOMS[0];
    for (const count of ROOMS) {
      addRooms(scene, made, count);
      made = count;
      rooms.push(await look(`${count} rooms`, ids.slice(0, 1)));
    }
    const floors: Sight[] = [];
    await setAccounts(scene, ids, 0);
    for (const count of [ACCOUNTS[0], ACCOUNTS[2]]) {
      const used = ids.slice(0, count);
      await installFloor(scene.gateway, { url: platform.url, accountIds: used });
      floors.push(await look(`${count} accounts of the floor`, used, "floor connected"));
    }
    return [...figuresOfAccounts(accounts, floors), ...figuresOfRooms(rooms)];
  } finally {
    await scene.close();
    await platform.close();
  }
};

function addRooms({ emulator: { control } }: Scene, from: number, to: number): void {
  for (let index = from; index < to; index += 1)
    control.addRoom({ name: `room-${index}`, type: "c", members: [PERSON, BOT] });
}

/** Accounts that are not used stay in the configuration: OpenClaw takes a much shorter one for damaged. */
async function setAccounts(
  { emulator, gateway }: Scene,
  ids: readonly string[],
  used: number,
): Promise<void> {
  const accounts = Object.fromEntries(
    ids.map((id, index) => {
      const account = accountOf(emulator, id === "default" ? BOT : id);
      return [id, { ...account, enabled: index < used }];
    }),
  );
  await gateway.updateConfig(
    withChannels(({ rocketchat, ...others }) => {
      const { userId: _, username: __, pat: ___, ...common } = rocketchat;
      return { ...others, rocketchat: { ...common, accounts } };
    }),
  );
}

async function startAndLook(scene: Scene, accounts: readonly string[], word: string): Promise<Sight> {
  await scene.gateway.end();
  const start = performance.now();
  await startConnected(scene, accounts, word);
  const startMs = performance.now() - start;
  await wait(SETTLING_MS);
  await scene.probe.rest();
  const subscriptions = scene.emulator.control.connections().reduce((all, { subs }) => all + subs.length, 0);
  return { startMs, usage: await scene.probe.usage(), subscriptions };
}

function describe({ used, rss }: Usage): string {
  return `${(used / MEGABYTE).toFixed(1)} MB used, ${(rss / MEGABYTE).toFixed(0)} MB resident`;
}

/** What each thing beyond the first ones adds. */
function slope(sights: readonly Sight[], key: "used" | "rss", more: number): number {
  return ((sights.at(-1)?.usage[key] ?? 0) - (sights[0]?.usage[key] ?? 0)) / more;
}

function figuresOfAccounts(sights: readonly Sight[], floors: readonly Sight[]): Figure[] {
  const more = ACCOUNTS[2] - ACCOUNTS[0];
  const memory = (key: "used" | "rss") => (slope(sights, key, more) - slope(floors, key, more)) / MEGABYTE;
  const target = { value: 1 };
  return [
    ...ACCOUNTS.map((count, index) => ({
      name: `start to ready, ${count} accounts`,
      value: (sights[index]?.startMs ?? 0) / 1000,
      ...(index > 0 && { floor: (sights[0]?.startMs ?? 0) / 1000, target: { ratio: count } }),
      unit: "s",
    })),
    { name: "memory of an idle account beyond the floor's", value: memory("used"), unit: "MB", target },
    { name: "the same, resident", value: memory("rss"), unit: "MB", target, why: WHY_RESIDENT },
    {
      name: "subscriptions of an account",
      value: (sights.at(-1)?.subscriptions ?? 0) / ACCOUNTS[2],
      unit: "",
    },
  ];
}

function figuresOfRooms(sights: readonly Sight[]): Figure[] {
  const more = ROOMS[2] - ROOMS[0];
  return [
    ...ROOMS.map((count, index) => ({
      name: `start to ready, ${count} rooms`,
      value: (sights[index]?.startMs ?? 0) / 1000,
      ...(index > 0 && { floor: (sights[0]?.startMs ?? 0) / 1000, target: { ratio: count / ROOMS[0] } }),
      unit: "s",
    })),
    {
      name: "memory of an idle room",
      value: slope(sights, "used", more),
      unit: "bytes",
      target: { value: 200 },
      why: WHY_ROOM,
    },
    { name: `subscriptions with ${ROOMS[2]} rooms`, value: sights.at(-1)?.subscriptions ?? 0, unit: "" },
  ];
}
