// Owns the start of an emulator with the people of the scenarios in it, made by REST as on any server.
import { startEmulator } from "../../emulator/server.ts";
import { BRISK } from "./quiet.ts";
import { LATE, type Profile } from "./recording/recording.ts";
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
  // The recorded 7.7.1 limited no REST calls.
  if (profile === "7.7") control.limitRest(false);
  try {
    const credentials = await seed(url, administrator);
    const passTime = (ms: number) => {
      faults.lasting.clockSkewMs += ms;
    };
    // Its frames are not waited for where they were recorded late: the emulator's come at once.
    const pace = LATE.has(profile) ? { ...BRISK, missingMs: 150 } : BRISK;
    return { target: { url, credentials, pace, passTime }, close: () => emulator.close() };
  } catch (error) {
    await emulator.close();
    throw error;
  }
}
