// Owns the light entry: setup, status and secrets, without a socket.

import { defineSetupPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { rocketchatSetupPlugin } from "./src/openclaw/setup/plugin.ts";

export default defineSetupPluginEntry(rocketchatSetupPlugin);
