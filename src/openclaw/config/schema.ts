// Owns the section `channels.rocketchat`: what OpenClaw takes of it, and reading it; the manifest is generated from it.

import {
  buildJsonChannelConfigSchema,
  refineChannelDmPolicy,
} from "openclaw/plugin-sdk/channel-config-schema";
import { isValidSecretRef } from "openclaw/plugin-sdk/secret-input";
import { type JsonObject, readObject } from "../../facts/json.ts";
import { judgeAddress, judgeCredential, judgeEncryption, judgeUsername, type ValueFault } from "./faults.ts";
import { ACCOUNT_SHAPE, type AccountConfig } from "./shape/account.ts";
import { findShapeFaults, type ShapeFault } from "./shape/check.ts";
import { channelUiHints } from "./ui-hints.ts";

export type { AccountConfig };

export const CHANNEL_ID = "rocketchat";

/** The section `channels.rocketchat`. */
export type ChannelConfig = AccountConfig & {
  accounts?: Record<string, AccountConfig | undefined> | undefined;
  defaultAccount?: string | undefined;
};

const OPEN = { required: ["dmPolicy"], properties: { dmPolicy: { const: "open" } } };
const LISTS_SOMEBODY = { required: ["allowFrom"] };
const LISTS_EVERYBODY = {
  required: ["allowFrom"],
  properties: { allowFrom: { type: "array", contains: { const: "*" } } },
};

/**
 * The rule that `dmPolicy: "open"` needs `allowFrom: ["*"]`, an account's own or else the root's, as JSON schema:
 * before any code of ours runs, OpenClaw asks the manifest alone.
 */
const OPEN_MEANS_EVERYBODY = {
  allOf: [
    implies(OPEN, LISTS_EVERYBODY),
    everyAccount(implies({ allOf: [OPEN, LISTS_SOMEBODY] }, LISTS_EVERYBODY)),
    { anyOf: [LISTS_EVERYBODY, everyAccount({ not: { allOf: [OPEN, { not: LISTS_SOMEBODY }] } })] },
  ],
};

function implies(condition: object, consequence: object): object {
  return { anyOf: [{ not: condition }, consequence] };
}

function everyAccount(rule: object): object {
  return { properties: { accounts: { additionalProperties: rule } } };
}

const { $schema, ...ACCOUNT } = ACCOUNT_SHAPE;

/** What OpenClaw asks before any code of ours runs: the root has an account's keys, and the accounts. */
const SECTION: JsonObject = {
  $schema,
  ...ACCOUNT,
  properties: {
    ...readObject(ACCOUNT, "properties"),
    accounts: { type: "object", propertyNames: { type: "string" }, additionalProperties: ACCOUNT },
    defaultAccount: { type: "string" },
  },
  ...OPEN_MEANS_EVERYBODY,
};

/** What is wrong with values of the right shape, alone and together. */
function findValueFaults(section: ChannelConfig): ShapeFault[] {
  const accounts = Object.entries(section.accounts ?? {});
  const policies = {
    ...dmPolicyOf(section),
    accounts: Object.fromEntries(accounts.map(([id, account]) => [id, account && dmPolicyOf(account)])),
  };
  return [
    ...judgePolicy(policies),
    ...judgeValues([], section, section),
    ...accounts.flatMap(([id, account]) => [
      ...judgePolicy(policies, id),
      ...(account ? judgeValues(["accounts", id], account, section) : []),
    ]),
  ];
}

type PolicyQuestion = Parameters<typeof refineChannelDmPolicy>[0];

/** OpenClaw's rule on who may write directly; it answers as to a schema of zod. */
function judgePolicy(value: PolicyQuestion["value"], accountId?: string): ShapeFault[] {
  const faults: ShapeFault[] = [];
  const addIssue: PolicyQuestion["ctx"]["addIssue"] = (issue) => {
    const { path = [], message = "" } = typeof issue === "string" ? { message: issue } : issue;
    faults.push({ path: path.map(String), message });
  };
  const ctx = { value, issues: [], addIssue };
  refineChannelDmPolicy({ channelId: CHANNEL_ID, value, ctx, ...(accountId !== undefined && { accountId }) });
  return faults;
}

/** Asks the checks that wizard, flags, doctor and start ask, too; what a SecretRef stands for is judged when it is resolved. */
function judgeValues(path: readonly string[], account: AccountConfig, root: AccountConfig): ShapeFault[] {
  const { serverUrl, userId, username, pat } = account;
  const insecure = account.dangerouslyAllowInsecure ?? root.dangerouslyAllowInsecure ?? false;
  const judged: [string, ValueFault | undefined][] = [
    ["serverUrl", serverUrl === undefined ? undefined : judgeAddress(serverUrl)],
    ["serverUrl", judgeEncryption(serverUrl ?? "", insecure)],
    ["userId", userId === undefined ? undefined : judgeCredential(userId)],
    ["username", username === undefined ? undefined : judgeUsername(username)],
    ["pat", typeof pat === "string" ? judgeCredential(pat) : judgeReference(pat)],
  ];
  return judged.flatMap(([key, fault]) =>
    fault === undefined ? [] : [{ path: [...path, key], message: `${fault.problem}. ${fault.remedy}` }],
  );
}

function judgeReference(reference: Exclude<AccountConfig["pat"], string>): ValueFault | undefined {
  if (reference === undefined || isValidSecretRef(reference)) return undefined;
  return { problem: "is no valid SecretRef", remedy: "Correct its source, provider and id" };
}

function dmPolicyOf({ dmPolicy, allowFrom }: AccountConfig) {
  return { ...(dmPolicy && { dmPolicy }), ...(allowFrom && { allowFrom }) };
}

/** The section as OpenClaw takes it: JSON schema for the manifest and editors, and a check of shape and values. */
export const rocketchatConfigSchema = buildJsonChannelConfigSchema(SECTION, {
  uiHints: channelUiHints,
  runtime: {
    safeParse(section) {
      if (!isChannelConfig(section)) return { success: false, issues: findShapeFaults(SECTION, section) };
      const issues = findValueFaults(section);
      return issues.length > 0 ? { success: false, issues } : { success: true, data: section };
    },
  },
});

/**
 * Reads the section; undefined when it is absent or of wrong shape, which the host refuses before. What values
 * mean is not asked here: an account with a wrong one must not take the others with it.
 */
export function readChannelConfig(section: unknown): ChannelConfig | undefined {
  return isChannelConfig(section) ? section : undefined;
}

function isChannelConfig(section: unknown): section is ChannelConfig {
  return findShapeFaults(SECTION, section).length === 0;
}
