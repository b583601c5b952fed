// Owns which configuration values are secrets that OpenClaw resolves and redacts.

import { createSimpleChannelSecretContract } from "openclaw/plugin-sdk/channel-secret-basic-runtime";
import { CHANNEL_ID } from "./config/schema.ts";

export const secrets = createSimpleChannelSecretContract({
  channelKey: CHANNEL_ID,
  label: "Rocket.Chat",
  accountFields: ["pat"],
  channelFields: ["pat"],
  mode: "account-inheritance",
});
