// The emulator's middle profile against the recordings of Rocket.Chat 7.7.
import { testProfile } from "./profile.ts";

testProfile("7.7", 99);
