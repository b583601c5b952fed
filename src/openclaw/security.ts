// Owns what OpenClaw's security checks are told about an account's policies.

import { identityEntryAuthenticationClassifier } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { createRestrictSendersChannelSecurity } from "openclaw/plugin-sdk/channel-policy";
import type { AccountSettings } from "../settings.ts";
import { normalizeAllowEntry } from "./config/account.ts";
import { CHANNEL_ID } from "./config/schema.ts";
import { senderIdentity } from "./sender-identity.ts";

export const security = createRestrictSendersChannelSecurity<AccountSettings>({
  channelKey: CHANNEL_ID,
  resolveDmPolicy: (account) => account.dmPolicy,
  resolveDmAllowFrom: (account) => [...account.allowFrom],
  resolveGroupPolicy: (account) => account.groupPolicy,
  surface: "Rocket.Chat rooms",
  openScope: "any member",
  groupPolicyPath: `channels.${CHANNEL_ID}.groupPolicy`,
  groupAllowFromPath: `channels.${CHANNEL_ID}.groupAllowFrom`,
  findingTitle: "Rocket.Chat security warning",
  policyPathSuffix: "dmPolicy",
  classifyEntryAuthentication: identityEntryAuthenticationClassifier(senderIdentity),
  normalizeDmEntry: normalizeAllowEntry,
});
