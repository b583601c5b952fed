// Owns the handles to the running host, set when the plugin is registered.

import type { OpenClawPluginApi, PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { createPluginRuntimeStore } from "openclaw/plugin-sdk/runtime-store";
import { CHANNEL_ID } from "./config/schema.ts";

export const { setRuntime, getRuntime } = createPluginRuntimeStore<PluginRuntime>({
  pluginId: CHANNEL_ID,
  errorMessage: "The Rocket.Chat channel was used before OpenClaw registered it",
});

let drain: AbortSignal | undefined;

/** Hears when OpenClaw begins to stop or to restart (docs/plugins/hooks/lifecycle: the signal of `gateway_start`). */
export function watchDrain(api: OpenClawPluginApi): void {
  api.on("gateway_start", (_, { abortSignal }) => {
    drain = abortSignal;
  });
}

/** Whether OpenClaw is stopping: a turn that is handed over now is refused in front of the person who asked. */
export const isDraining = (): boolean => drain?.aborted === true;
