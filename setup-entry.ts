// Owns the light entry: setup, status and secrets, without a socket.

import { defineSetupPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { rocketchatPlugin } from "./src/openclaw/channel.ts";

export default defineSetupPluginEntry(rocketchatPlugin);
