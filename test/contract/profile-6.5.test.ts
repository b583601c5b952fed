// The emulator's older profile against the recordings of Rocket.Chat 6.5.
import { testProfile } from "./profile.ts";

testProfile("6.5", 99);
