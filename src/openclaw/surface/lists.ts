// Owns what OpenClaw is told of the lists of people: their shape for its doctor, and their editing by `/allowlist`.

import { buildDmGroupAccountAllowlistAdapter } from "openclaw/plugin-sdk/allowlist-config-edit";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount, normalizeAllowEntry } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";

type Plugin = ChannelPlugin<AccountSettings>;

/** Rooms are let in by `rooms`, and without `groupAllowFrom` every member may speak: OpenClaw's doctor is to miss no list. */
export const doctor: NonNullable<Plugin["doctor"]> = {
  dmAllowFromMode: "topOnly",
  groupModel: "route",
  groupAllowFromFallbackToAllowFrom: false,
  warnOnEmptyGroupSenderAllowlist: false,
};

export const allowlist: NonNullable<Plugin["allowlist"]> = buildDmGroupAccountAllowlistAdapter({
  channelId: CHANNEL_ID,
  resolveAccount: ({ cfg, accountId }) => inspectAccount(cfg, accountId),
  normalize: ({ values }) => values.map(normalizeAllowEntry).filter((entry) => entry !== ""),
  resolveDmAllowFrom: (account) => [...account.allowFrom],
  resolveGroupAllowFrom: (account) => account.groupAllowFrom && [...account.groupAllowFrom],
  resolveDmPolicy: (account) => account.dmPolicy,
  resolveGroupPolicy: (account) => account.groupPolicy,
  resolveGroupOverrides: (account) =>
    [...account.rooms].flatMap(([label, { users }]) => (users ? [{ label, entries: [...users] }] : [])),
});
