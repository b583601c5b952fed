// Owns what OpenClaw's security checks are told about an account's policies.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { identityEntryAuthenticationClassifier } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { createRestrictSendersChannelSecurity } from "openclaw/plugin-sdk/channel-policy";
import { findConcerns } from "../../policy/findings.ts";
import { isNameEntry } from "../../policy/names.ts";
import type { AccountSettings } from "../../settings.ts";
import { normalizeAllowEntry } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { senderIdentity } from "../turn/sender-identity.ts";

const classifyId = identityEntryAuthenticationClassifier(senderIdentity);

const senders = createRestrictSendersChannelSecurity<AccountSettings>({
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
  classifyEntryAuthentication: (entry) => (isNameEntry(entry) ? "mutable" : classifyId(entry)),
  normalizeDmEntry: normalizeAllowEntry,
});

type Security = NonNullable<ChannelPlugin<AccountSettings>["security"]>;

const collectAuditFindings: Security["collectAuditFindings"] = ({ account }) => {
  if (!account.dangerouslyAllowInsecure) return [];
  const path = `channels.${CHANNEL_ID}.accounts.${account.accountId}.dangerouslyAllowInsecure`;
  return [
    {
      checkId: `channels.${CHANNEL_ID}.insecure-transport`,
      severity: "critical",
      title: `Rocket.Chat account ${account.accountId}: the token is not protected on its way`,
      detail: `${path} is true, or inherited: http is allowed and no certificate is checked.`,
      remediation: "Remove the key; for a certificate of your own authority set tls.caFile.",
    },
  ];
};

/** What both the audit and the doctor show. */
const collectWarnings: Security["collectWarnings"] = async (context) => {
  const { account, cfg } = context;
  const visibleReplies = cfg.messages?.groupChat?.visibleReplies ?? cfg.messages?.visibleReplies;
  const concerns = findConcerns(account, { visibleReplies }).map(({ id, severity, detail, remediation }) => ({
    checkId: `channels.${CHANNEL_ID}.${id}`,
    severity,
    title: `Rocket.Chat account ${account.accountId}`,
    detail,
    remediation,
  }));
  return [...((await senders.collectWarnings?.(context)) ?? []), ...concerns];
};

export const security: Security = { ...senders, collectWarnings, collectAuditFindings };
