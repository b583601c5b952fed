// Owns the handle to the host's runtime, set once when the plugin is registered.

import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { createPluginRuntimeStore } from "openclaw/plugin-sdk/runtime-store";
import { CHANNEL_ID } from "./config/schema.ts";

export const { setRuntime, getRuntime } = createPluginRuntimeStore<PluginRuntime>({
  pluginId: CHANNEL_ID,
  errorMessage: "The Rocket.Chat channel was used before OpenClaw registered it",
});
