// The emulator's default profile against the recordings of Rocket.Chat 8.3.
import { testProfile } from "./profile.ts";

testProfile("8.3", 99);
