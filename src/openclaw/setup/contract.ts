// Owns the non-interactive setup: the flags of `openclaw channels add --channel rocketchat`.

import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import { defineChannelSetupContract } from "openclaw/plugin-sdk/channel-setup";
import { applyAccountNameToChannelSection, applySetupAccountConfigPatch } from "openclaw/plugin-sdk/setup";
import { isJsonObject, readText } from "../../facts/json.ts";
import { CHANNEL_ID } from "../config/schema.ts";

const KEYS = ["serverUrl", "userId", "username", "pat"] as const;

function readInput(input: unknown): Partial<Record<(typeof KEYS)[number], string>> {
  if (!isJsonObject(input)) return {};
  return Object.fromEntries(
    KEYS.flatMap((key) => (readText(input, key) === undefined ? [] : [[key, readText(input, key)]])),
  );
}

/** The same fields stand in package.json, where OpenClaw reads them before any code runs. */
export const setupFields = {
  serverUrl: {
    kind: "string",
    cli: { flags: "--server-url <url>", description: "Address of the Rocket.Chat server (https://…)" },
  },
  userId: { kind: "string", cli: { flags: "--user-id <id>", description: "User id of the bot user" } },
  username: {
    kind: "string",
    cli: { flags: "--username <name>", description: "Username of the bot user" },
  },
  pat: {
    kind: "string",
    sensitive: true,
    cli: { flags: "--pat <token>", description: "Personal access token of the bot user" },
  },
} as const;

export const setupContract = defineChannelSetupContract({
  fields: setupFields,
  legacyAdapter: {
    resolveAccountId: ({ accountId }) => normalizeAccountId(accountId),
    applyAccountName: ({ cfg, accountId, name }) =>
      applyAccountNameToChannelSection({
        cfg,
        channelKey: CHANNEL_ID,
        accountId,
        ...(name !== undefined && { name }),
      }),
    validateInput: ({ input }) => {
      const given = readInput(input);
      const missing = KEYS.filter((key) => given[key] === undefined);
      return missing.length === 0 ? null : `Rocket.Chat needs --server-url, --user-id, --username and --pat`;
    },
    applyAccountConfig: ({ cfg, accountId, input }) =>
      applySetupAccountConfigPatch({ cfg, channelKey: CHANNEL_ID, accountId, patch: readInput(input) }),
  },
});
