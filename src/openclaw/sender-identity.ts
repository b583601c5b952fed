// Owns how OpenClaw recognizes a sender: by the user id alone.

import { defineStableChannelIngressIdentity } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { normalizeAllowEntry } from "./config/account.ts";

/** The id comes over our own authenticated connection and is verified; names are mutable and match nothing. */
export const senderIdentity = defineStableChannelIngressIdentity({
  key: "user-id",
  authentication: "verified",
  normalize: normalizeAllowEntry,
  isWildcardEntry: (entry) => normalizeAllowEntry(entry) === "*",
});
