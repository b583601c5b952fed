// Owns the non-interactive setup: the flags of `openclaw channels add --channel rocketchat`.

import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import { defineChannelSetupContract } from "openclaw/plugin-sdk/channel-setup";
import { applyAccountNameToChannelSection, type OpenClawConfig } from "openclaw/plugin-sdk/setup";
import { isJsonObject, readText } from "../../facts/json.ts";
import { inspectAccount } from "../config/account.ts";
import { ENVIRONMENT } from "../config/environment.ts";
import {
  canonicalAddress,
  judgeAddress,
  judgeCredential,
  judgeEncryption,
  judgeUsername,
  type ValueFault,
} from "../config/faults.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { setAccountKeys } from "./config-edit.ts";

const KEYS = ["serverUrl", "userId", "username", "pat"] as const;

function readInput(input: unknown): Partial<Record<(typeof KEYS)[number], string>> {
  if (!isJsonObject(input)) return {};
  return Object.fromEntries(
    KEYS.flatMap((key) => (readText(input, key) === undefined ? [] : [[key, readText(input, key)]])),
  );
}

/** What is stored when the token stands in a variable and not on the command line, where other users could read it. */
const TOKEN_OF_ENVIRONMENT = { source: "env", provider: "default", id: ENVIRONMENT.pat } as const;

/** Why the given values cannot be an account, in the words of every other check; null when they can. */
export function refuseInput(
  cfg: OpenClawConfig,
  accountId: string,
  { serverUrl, userId, username, pat = process.env[ENVIRONMENT.pat] }: ReturnType<typeof readInput>,
): string | null {
  if (!serverUrl || !userId || !username || !pat)
    return "Rocket.Chat needs --server-url, --user-id, --username, and the token in the variable ROCKETCHAT_PAT or with --pat";
  const insecure = inspectAccount(cfg, accountId).dangerouslyAllowInsecure;
  const judged: [string, ValueFault | undefined][] = [
    ["--server-url", judgeAddress(serverUrl) ?? judgeEncryption(serverUrl, insecure)],
    ["--user-id", judgeCredential(userId)],
    ["--username", judgeUsername(username)],
    ["--pat", judgeCredential(pat)],
  ];
  const [flag, fault] = judged.find(([, one]) => one !== undefined) ?? [];
  return fault === undefined ? null : `${flag} ${fault.problem}. ${fault.remedy}`;
}

/** The configuration with the given values in the account. */
export function applyInput(
  cfg: OpenClawConfig,
  accountId: string,
  given: ReturnType<typeof readInput>,
): OpenClawConfig {
  const next = structuredClone(cfg);
  const serverUrl = given.serverUrl && canonicalAddress(given.serverUrl);
  const username = given.username?.replace(/^@/, "");
  setAccountKeys(next, accountId, {
    enabled: true,
    ...given,
    ...(serverUrl && { serverUrl }),
    ...(username && { username }),
    pat: given.pat ?? TOKEN_OF_ENVIRONMENT,
  });
  return next;
}

/** The same fields stand in package.json, where OpenClaw reads them before any code runs. */
export const setupFields = {
  serverUrl: {
    kind: "string",
    cli: { flags: "--server-url <url>", description: "Address of the Rocket.Chat server (https://…)" },
  },
  userId: { kind: "string", cli: { flags: "--user-id <id>", description: "User id of the bot user" } },
  username: {
    kind: "string",
    cli: { flags: "--username <name>", description: "Username of the bot user" },
  },
  pat: {
    kind: "string",
    sensitive: true,
    cli: {
      flags: "--pat <token>",
      description: "Personal access token of the bot user; better in the variable ROCKETCHAT_PAT",
    },
  },
} as const;

export const setupContract = defineChannelSetupContract({
  fields: setupFields,
  legacyAdapter: {
    resolveAccountId: ({ accountId }) => normalizeAccountId(accountId),
    applyAccountName: ({ cfg, accountId, name }) =>
      applyAccountNameToChannelSection({
        cfg,
        channelKey: CHANNEL_ID,
        accountId,
        ...(name !== undefined && { name }),
      }),
    validateInput: ({ cfg, accountId, input }) => refuseInput(cfg, accountId, readInput(input)),
    applyAccountConfig: ({ cfg, accountId, input }) => applyInput(cfg, accountId, readInput(input)),
  },
});
