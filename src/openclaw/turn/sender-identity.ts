// Owns how OpenClaw recognizes a sender: by the user id, and only on request by the username.

import { defineStableChannelIngressIdentity } from "openclaw/plugin-sdk/channel-ingress-runtime";
import type { UserFacts } from "../../facts/message.ts";
import { normalizeAllowEntry } from "../config/account.ts";

/**
 * The id comes over our own authenticated connection and is verified. Names are mutable: an entry `@name`
 * matches the username alone, any other entry the id alone, so that neither can pass for the other.
 */
export const senderIdentity = defineStableChannelIngressIdentity({
  key: "user-id",
  authentication: "verified",
  normalizeEntry: (entry) => (isNamed(entry) ? null : normalizeAllowEntry(entry)),
  normalizeSubject: (id) => id,
  isWildcardEntry: (entry) => normalizeAllowEntry(entry) === "*",
  aliases: [
    {
      key: "username",
      kind: "plugin:rocketchat-username",
      authentication: "mutable",
      normalizeEntry: (entry) => (isNamed(entry) ? entry.toLowerCase() : null),
      normalizeSubject: (username) => `@${username.toLowerCase()}`,
    },
  ],
});

export function subjectOf({ id, username }: UserFacts) {
  return { stableId: id, aliases: { username } };
}

function isNamed(entry: string): boolean {
  return entry.startsWith("@");
}
