// Owns the content of openclaw.plugin.json, from which OpenClaw validates a configuration before any code runs.

import { CHANNEL_ID, rocketchatConfigSchema } from "./schema.ts";

export function buildManifest() {
  return {
    id: CHANNEL_ID,
    name: "Rocket.Chat",
    description: "Rocket.Chat channel: one bot user per agent",
    categories: ["channels"],
    activation: { onStartup: false },
    channels: [CHANNEL_ID],
    configSchema: { type: "object", additionalProperties: false, properties: {} },
    channelConfigs: {
      [CHANNEL_ID]: { schema: rocketchatConfigSchema.schema, uiHints: rocketchatConfigSchema.uiHints },
    },
  };
}
