// Owns the content of openclaw.plugin.json, from which OpenClaw validates a configuration before any code runs.

import { CHANNEL_ID, rocketchatConfigSchema } from "./schema.ts";

/** What `openclaw rocketchat` is for, in one line. */
export const COMMANDS_ARE_FOR = "Set up and check the Rocket.Chat channel";

const STATE = { disposition: "include", scope: "state", relativePath: CHANNEL_ID } as const;

/** `version` is that of package.json. */
export function buildManifest(version: string) {
  return {
    id: CHANNEL_ID,
    name: "Rocket.Chat",
    version,
    description: "Rocket.Chat channel: one bot user per agent",
    categories: ["channels"],
    activation: { onStartup: false },
    channels: [CHANNEL_ID],
    // Shown by `openclaw --help` before any code of ours is loaded.
    cliCommands: [{ name: CHANNEL_ID, description: COMMANDS_ARE_FOR, hasSubcommands: true }],
    // `openclaw backup create` takes whole snapshots of these SQLite files, also while the gateway runs.
    backupResources: [STATE],
    configSchema: { type: "object", additionalProperties: false, properties: {} },
    channelConfigs: {
      [CHANNEL_ID]: { schema: rocketchatConfigSchema.schema, uiHints: rocketchatConfigSchema.uiHints },
    },
  };
}
