// Owns the start of an emulator with the people of the scenarios in it, made by REST as on any server.
import { startEmulator } from "../../emulator/server.ts";
import { BRISK } from "./quiet.ts";
import type { Profile } from "./recording/recording.ts";
import { seed } from "./seed.ts";
import { makePassword, type Target } from "./stage.ts";

export interface Emulated {
  target: Target;
  close: () => Promise<void>;
}

/** An emulator of the profile with only an administrator in it, then seeded through its public REST API. */
export async function startEmulated(profile: Profile): Promise<Emulated> {
  const emulator = await startEmulator({ profile });
  const { url, control, faults } = emulator;
  const administrator = { username: "admin", password: makePassword() };
  control.addAdmin(administrator);
  try {
    const credentials = await seed(url, administrator);
    const passTime = (ms: number) => {
      faults.lasting.clockSkewMs += ms;
    };
    return { target: { url, credentials, pace: BRISK, passTime }, close: () => emulator.close() };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}
