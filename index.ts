// Owns the full entry: registers the Rocket.Chat channel with OpenClaw.

import { defineChannelPluginEntry } from "openclaw/plugin-sdk/channel-core";
import { rocketchatPlugin } from "./src/openclaw/channel.ts";
import { CHANNEL_ID } from "./src/openclaw/config/schema.ts";
import { setRuntime, watchDrain } from "./src/openclaw/runtime.ts";
import { registerCommands } from "./src/openclaw/setup/cli.ts";

export default defineChannelPluginEntry({
  id: CHANNEL_ID,
  name: "Rocket.Chat",
  description: "Rocket.Chat channel: one bot user per agent",
  plugin: rocketchatPlugin,
  setRuntime,
  registerCliMetadata: registerCommands,
  registerFull: watchDrain,
});
