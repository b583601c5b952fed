// Owns where an account's token stands and how a new one gets there: as text, or behind the reference that is there.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { coerceSecretRef } from "openclaw/plugin-sdk/secret-input";
import { isJsonObject } from "../../facts/json.ts";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount } from "../config/account.ts";

/** What setting up needs of the machine that it runs on. */
export interface TokenPort {
  /** The value behind a reference; undefined where it cannot be resolved here. Never rejects. */
  resolveSecret(value: unknown, path: string): Promise<string | undefined>;
  /** Puts a value behind a reference; false where this program cannot. */
  storeSecret(reference: SecretReference, value: string): Promise<boolean>;
}

export interface SecretReference {
  readonly source: string;
  readonly provider: string;
  readonly id: string;
}

/** What the configuration file says of a token. */
export type TokenPlace =
  | { readonly kind: "text" }
  | { readonly kind: "reference"; readonly reference: SecretReference }
  /** The environment gives it, and the file says nothing. */
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "nowhere" };

/** A text that OpenClaw fills in from a variable when it reads the file. */
const TEMPLATE = /\$\{([A-Z_][A-Z0-9_]*)\}/;

/** Where the token of an account stands. `authored` is the file before OpenClaw filled anything in. */
export function findTokenPlace(account: AccountSettings, authored: unknown): TokenPlace {
  const path = account.keyPaths.pat;
  if (!path.includes(".")) return { kind: "variable", name: path };
  const written = path
    .split(".")
    .reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), authored);
  if (typeof written === "string") {
    const variable = TEMPLATE.exec(written)?.[1];
    const reference = { source: "env", provider: "default", id: variable ?? "" };
    return variable === undefined ? { kind: "text" } : { kind: "reference", reference };
  }
  const reference = coerceSecretRef(written);
  return reference === null ? { kind: "nowhere" } : { kind: "reference", reference };
}

/** What a place is called in a message. */
export function describePlace(place: TokenPlace, account: AccountSettings): string {
  if (place.kind === "reference") return describeReference(place.reference);
  return place.kind === "variable" ? `the variable ${place.name}` : account.keyPaths.pat;
}

function describeReference({ source, provider, id }: SecretReference): string {
  if (source === "env") return `the variable ${id}`;
  return source === "store" ? `OpenClaw's secret store, entry ${id}` : `${source}:${provider}:${id}`;
}

/** An account with its token resolved, so that it can be tried. */
export async function resolveToken(
  cfg: OpenClawConfig,
  accountId: string,
  port: Pick<TokenPort, "resolveSecret">,
): Promise<AccountSettings> {
  const account = inspectAccount(cfg, accountId);
  if (account.patStatus !== "configured_unavailable") return account;
  const { pat: path } = account.keyPaths;
  const value = path.split(".").reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), cfg);
  const pat = await port.resolveSecret(value, path);
  return pat === undefined ? account : { ...account, pat, patStatus: "available" };
}
