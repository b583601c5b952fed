// Owns turning the section `channels.rocketchat` into the settings of one account.

import { createAccountListHelpers, resolveMergedAccountConfig } from "openclaw/plugin-sdk/account-helpers";
import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { resolveChannelImplicitMentions } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { hasConfiguredSecretInput, resolveSecretInputString } from "openclaw/plugin-sdk/secret-input";
import { ConfigError } from "../../errors.ts";
import type { NameBook } from "../../intake/names.ts";
import type { AccountSettings } from "../../settings.ts";
import { DEFAULTS } from "./defaults.ts";
import { completeFromEnvironment, hasEnvironmentAccount, noteEnvironment } from "./environment.ts";
import { explain, findFaults, isSameServer, judgeEncryption, missingKeys } from "./faults.ts";
import { accessOf, connectionOf, feedbackOf, historyOf, identityOf, repliesOf, roomsOf } from "./meanings.ts";
import { accountKeyOf, placesOf } from "./places.ts";
import { type AccountConfig, CHANNEL_ID, type ChannelConfig, readChannelConfig } from "./schema.ts";
import { redactInHost } from "./secrets.ts";

export const { listAccountIds, resolveDefaultAccountId } = createAccountListHelpers(CHANNEL_ID, {
  hasImplicitDefaultAccount: hasEnvironmentAccount,
});

/**
 * The settings of an account, root values filled in. `strict` throws OpenClaw's own error when the token is
 * a SecretRef that this process has not resolved; `inspect` reports that as `patStatus`.
 */
export function resolveAccount(
  cfg: OpenClawConfig,
  accountId?: string | null,
  mode: "strict" | "inspect" = "strict",
): AccountSettings {
  const id = normalizeAccountId(accountId ?? resolveDefaultAccountId(cfg));
  const section = readChannelConfig(cfg.channels?.[CHANNEL_ID]);
  const written = mergeAccount(section, id);
  const config = completeFromEnvironment(written, id);
  const keyPaths = placesOf(cfg, id);
  const pat = resolveSecretInputString({ value: config.pat, path: keyPaths.pat, mode });
  if (pat.status === "available") redactInHost(pat.value);
  return Object.freeze({
    accountId: id,
    enabled: config.enabled !== false && section?.enabled !== false,
    pat: pat.status === "available" ? pat.value : "",
    patStatus: pat.status === "available" ? "available" : missingStatus(config),
    ...identityOf(config),
    ...accessOf(config),
    ...roomsOf(config),
    implicitMentions: resolveImplicitMentions(cfg, id),
    ...feedbackOf(config),
    ...repliesOf(config),
    ...historyOf(config, cfg),
    ...connectionOf(config),
    keyPaths,
    environmentNote: noteEnvironment(written, id),
  });
}

export const inspectAccount = (cfg: OpenClawConfig, accountId?: string | null): AccountSettings =>
  resolveAccount(cfg, accountId, "inspect");

/** The settings of a running account, following its configuration. */
export interface LiveSettings {
  /** What is in force now, with ids in place of names. */
  read(): AccountSettings;
  /** Resolves when the names in the configuration in force have been asked about; undefined when they have been. Never rejects. */
  prepare(): Promise<void> | undefined;
}

/**
 * Follows the configuration, reading an account again only when that was replaced. The token is not needed and
 * not demanded. `bots` is the live set of user ids known to be bots.
 */
export function followSettings(options: {
  readConfig: () => OpenClawConfig;
  accountId: string;
  bots: AccountSettings["bots"];
  names: NameBook;
  /** Puts in what is not known where settings are only looked at. */
  complete?: (settings: AccountSettings) => AccountSettings;
}): LiveSettings {
  const { names, bots, accountId, complete = (settings) => settings } = options;
  let written: { cfg: OpenClawConfig; settings: AccountSettings } | undefined;
  let seen: { from: AccountSettings; revision: number; settings: AccountSettings } | undefined;

  function readWritten(): AccountSettings {
    const cfg = options.readConfig();
    if (written?.cfg !== cfg)
      written = { cfg, settings: complete({ ...inspectAccount(cfg, accountId), bots }) };
    return written.settings;
  }

  return {
    read() {
      const from = readWritten();
      const revision = names.revision();
      if (seen?.from !== from || seen.revision !== revision)
        seen = { from, revision, settings: names.resolve(from) };
      return seen.settings;
    },
    prepare: () => names.learn(readWritten()),
  };
}

/** Whether everything that connecting needs is there; the token may still have to be resolved. */
export function isConfigured(account: AccountSettings): boolean {
  return missingKeys(account).length === 0;
}

/**
 * The account's WebSocket and REST addresses. Throws ConfigError, which names the key and says what to do, when a value
 * is missing or wrong, or the token would be sent over an unencrypted connection.
 */
export function resolveEndpoints(account: AccountSettings): { rest: string; socket: string } {
  const [fault] = findFaults(account);
  if (fault !== undefined) throw new ConfigError(explain(fault), { path: fault.path });
  return { rest: account.serverUrl, socket: `${account.serverUrl.replace(/^http/, "ws")}/websocket` };
}

/** Throws ConfigError when the token would travel readable and the account does not say that it may. */
export function assertEncrypted(account: AccountSettings): void {
  const path = account.keyPaths.serverUrl;
  const fault = judgeEncryption(account.serverUrl, account.dangerouslyAllowInsecure);
  if (fault !== undefined) throw new ConfigError(explain({ path, ...fault }), { path });
}

/**
 * Throws ConfigError when an account before this one (the default one, then by name) is the same bot user of the
 * same server: both would answer every message.
 */
export function assertOnlyOne(cfg: OpenClawConfig, account: AccountSettings): void {
  const first = resolveDefaultAccountId(cfg);
  for (const id of new Set([first, ...listAccountIds(cfg)])) {
    if (id === account.accountId) return;
    const other = inspectAccount(cfg, id);
    if (!other.enabled || !isConfigured(other) || !isSameBot(other, account)) continue;
    const path = account.keyPaths.account;
    const message = `${path}: the account ${id} is the same bot user of the same server already. Remove one of the two, or give this one a bot user of its own`;
    throw new ConfigError(message, { path });
  }
}

function isSameBot(one: AccountSettings, other: AccountSettings): boolean {
  return one.userId === other.userId && isSameServer(one.serverUrl, other.serverUrl);
}

/** An allowlist entry as it is compared: a Rocket.Chat user id, case kept, without a leading channel or user word. */
export function normalizeAllowEntry(entry: string | number): string {
  return String(entry)
    .trim()
    .replace(/^(rocketchat|user):/i, "");
}

/** Keys of which an account may write a part and takes the rest from the root. */
const NESTED_KEYS = [
  "catchUp",
  "network",
  "tls",
  "dm",
  "actions",
  "streaming",
  "markdown",
  "thread",
  "replyToModeByChatType",
  "commands",
  "execApprovals",
  "botLoopProtection",
  "reactionTriggers",
  "presenceEvents",
];

/** What the configuration says of `mediaMaxMb`; undefined where it says nothing and our default holds. */
export function configuredMediaMaxMb(cfg: OpenClawConfig, accountId: string): number | undefined {
  return mergeAccount(readChannelConfig(cfg.channels?.[CHANNEL_ID]), accountId).mediaMaxMb;
}

function mergeAccount(section: ChannelConfig | undefined, accountId: string): AccountConfig {
  return resolveMergedAccountConfig<AccountConfig & Record<string, unknown>>({
    channelConfig: withoutForeignToken(section, accountId),
    accounts: definedAccounts(section?.accounts),
    accountId,
    channelId: CHANNEL_ID,
    omitKeys: ["accounts", "defaultAccount"],
    nestedObjectKeys: NESTED_KEYS,
  });
}

/** A token and its address belong together: an account with a server of its own takes no token that is the root's server's. */
function withoutForeignToken(
  section: ChannelConfig | undefined,
  accountId: string,
): ChannelConfig | undefined {
  const key = accountKeyOf(section, accountId);
  const own = key === undefined ? undefined : section?.accounts?.[key]?.serverUrl;
  if (!section?.serverUrl || !own || isSameServer(own, section.serverUrl)) return section;
  const { pat: _pat, userId: _userId, username: _username, ...rest } = section;
  return rest;
}

function resolveImplicitMentions(
  cfg: OpenClawConfig,
  accountId: string,
): AccountSettings["implicitMentions"] {
  const all = resolveChannelImplicitMentions({ cfg, channel: CHANNEL_ID, accountId });
  const {
    replyToBot = DEFAULTS.implicitMentions.replyToBot,
    quotedBot = DEFAULTS.implicitMentions.quotedBot,
    threadParticipation = DEFAULTS.implicitMentions.threadParticipation,
  } = all;
  return { replyToBot, quotedBot, threadParticipation };
}

function definedAccounts(
  accounts: Record<string, AccountConfig | undefined> | undefined,
): Record<string, AccountConfig> {
  const defined: Record<string, AccountConfig> = {};
  for (const [id, account] of Object.entries(accounts ?? {})) if (account) defined[id] = account;
  return defined;
}

function missingStatus(config: AccountConfig): "configured_unavailable" | "missing" {
  return hasConfiguredSecretInput(config.pat) ? "configured_unavailable" : "missing";
}
