// Owns changing one account in a configuration by key, so that nothing else in it moves.

import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { isJsonObject } from "../../facts/json.ts";
import { inspectAccount, isConfigured } from "../config/account.ts";
import { accountKeyOf } from "../config/places.ts";
import { CHANNEL_ID } from "../config/schema.ts";

type Section = Record<string, unknown>;

/** What an account is bound by. */
export interface Binding {
  readonly agentId: string;
  readonly accountId: string;
}

/**
 * Sets keys of an account in a draft: in its own entry, in the root for a default account that stands there. An account
 * at the root that works gets its name in `accounts` when another one comes, as OpenClaw's `channels add` does it: with
 * entries, those alone are accounts.
 */
export function setAccountKeys(draft: OpenClawConfig, accountId: string, values: Section): void {
  Object.assign(accountEntry(draft, accountId), values);
}

/** Adds an entry to the `rooms` of an account, with what it inherits: a list of its own replaces the root's. */
export function addRoom(draft: OpenClawConfig, accountId: string, roomId: string): void {
  const entry = accountEntry(draft, accountId);
  const root = childOf(draft.channels ?? {}, CHANNEL_ID);
  const inherited = isJsonObject(entry.rooms) ? entry.rooms : isJsonObject(root.rooms) ? root.rooms : {};
  entry.rooms = { ...structuredClone(inherited), [roomId]: {} };
}

/** Binds an account to an agent; what is bound already stays as it is. */
export function addBinding(draft: OpenClawConfig, { agentId, accountId }: Binding): void {
  if (isBound(draft, { agentId, accountId })) return;
  const bindings = [...(draft.bindings ?? []), { agentId, match: { channel: CHANNEL_ID, accountId } }];
  Object.assign(draft, { bindings });
}

/** Whether an agent hears an account by a binding that names both. */
export function isBound(cfg: OpenClawConfig, { agentId, accountId }: Binding): boolean {
  return (cfg.bindings ?? []).some(
    ({ agentId: id, match }) =>
      id === agentId && match.channel === CHANNEL_ID && match.accountId === accountId,
  );
}

/** Takes an account and what is bound to it alone out of a draft; the root keeps what other accounts inherit. */
export function removeAccount(draft: OpenClawConfig, accountId: string): void {
  const section = childOf(childOf(draft, "channels"), CHANNEL_ID);
  const key = accountKeyOf(section, accountId);
  const accounts = hasAccounts(section) ? childOf(section, "accounts") : {};
  if (key !== undefined) delete accounts[key];
  if (accountId === DEFAULT_ACCOUNT_ID) for (const own of ["userId", "username", "pat"]) delete section[own];
  if (Object.keys(accounts).length === 0) {
    delete section.accounts;
    if (accountId === DEFAULT_ACCOUNT_ID) delete section.serverUrl;
  }
  const bindings = (draft.bindings ?? []).filter(
    ({ match }) => match.channel !== CHANNEL_ID || match.accountId !== accountId,
  );
  if (draft.bindings !== undefined) Object.assign(draft, { bindings });
}

function accountEntry(draft: OpenClawConfig, accountId: string): Section {
  const section = childOf(childOf(draft, "channels"), CHANNEL_ID);
  const key = accountKeyOf(section, accountId);
  if (key === undefined && accountId === DEFAULT_ACCOUNT_ID && !hasAccounts(section)) return section;
  const keepsRoot = !hasAccounts(section) && isConfigured(inspectAccount(draft, DEFAULT_ACCOUNT_ID));
  const accounts = childOf(section, "accounts");
  if (keepsRoot) childOf(accounts, DEFAULT_ACCOUNT_ID);
  return childOf(accounts, key ?? accountId);
}

function hasAccounts({ accounts }: Section): boolean {
  return isJsonObject(accounts) && Object.keys(accounts).length > 0;
}

/** The object under a key, made when there is none. */
function childOf(parent: object, key: string): Section {
  const found: unknown = Reflect.get(parent, key);
  if (isJsonObject(found)) return found;
  const made: Section = {};
  Object.assign(parent, { [key]: made });
  return made;
}
