// Owns measuring how long it takes to catch up after the server was away.

import type { Bench, Figure } from "./figures.ts";
import { BOT, openScene, PERSON, type Scene, startConnected } from "./scene.ts";

const ROOMS = [10, 100, 1_000] as const;
/** With the limiter in force, minutes pass for every ten rooms. */
const LIMITED_ROOMS = [10, 20] as const;
const AWAY_MS = 1_000;

export const benchRecovery: Bench = async (say) => {
  const figures: Figure[] = [];
  for (const limited of [false, true]) {
    const scene = await openScene();
    try {
      const { control, world } = scene.emulator;
      // The role `bot` has the permission to pass the limiter.
      if (limited) world.userNamed(BOT)?.roles.splice(0, 2, "user");
      const sizes = limited ? LIMITED_ROOMS : ROOMS;
      const rooms = Array.from({ length: sizes.at(-1) ?? 0 }, (_, index) =>
        control.addRoom({ name: `room-${index}`, type: "c", members: [PERSON, BOT] }),
      );
      await startConnected(scene);
      await scene.gateway.waitForOutput(/first connection|caught up/);
      for (const size of sizes) {
        const { seconds, calls } = await lose(scene, rooms.slice(0, size));
        const floor = limited ? undefined : await readBare(scene, rooms.slice(0, size));
        say(`${size} rooms${limited ? ", limited" : ""}: ${seconds.toFixed(1)} s, ${calls} calls`);
        figures.push({
          name: `server back to caught up, ${size} rooms${limited ? ", with the rate limit" : ""}`,
          value: seconds,
          ...(floor !== undefined && { floor }),
          unit: "s",
        });
      }
    } finally {
      await scene.close();
    }
  }
  return figures;
};

/** Takes the server away while people write in these rooms. */
async function lose({ emulator, gateway }: Scene, rooms: readonly string[]) {
  const { control, faults } = emulator;
  const from = gateway.mark();
  const calls = control.requests().length;
  const back = faults.restart({ gapMs: AWAY_MS });
  for (const rid of rooms) control.post({ as: PERSON, rid, msg: "written while nobody listened" });
  await back;
  const start = performance.now();
  await gateway.waitForOutput(/caught up rooms=/, { from, timeoutMs: 10 * 60_000 });
  return { seconds: (performance.now() - start) / 1000, calls: control.requests().length - calls };
}

/** The floor: one call for the history of each room, one after another, and nothing else. Seconds. */
async function readBare({ emulator, botId }: Scene, rooms: readonly string[]): Promise<number> {
  const headers = { "x-user-id": botId, "x-auth-token": emulator.control.personalAccessToken(BOT) };
  const start = performance.now();
  for (const rid of rooms) {
    const response = await fetch(`${emulator.url}/api/v1/channels.history?roomId=${rid}&count=100`, {
      headers,
    });
    await response.json();
  }
  return (performance.now() - start) / 1000;
}
