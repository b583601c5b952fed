// Owns `openclaw rocketchat provision`: its options, the administrator's login, and writing the result.

import { listAgentIds } from "openclaw/plugin-sdk/agent-runtime";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { mutateConfigFile } from "openclaw/plugin-sdk/config-mutation";
import { createClackPrompter } from "openclaw/plugin-sdk/setup-runtime";
import { z } from "zod";
import { ConfigError, RocketChatError, UnauthorizedError } from "../../errors.ts";
import { endSession, openSession, type Session } from "../../rest/administration.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { assertServerAllowed, openSetupClient } from "../account/transport.ts";
import { inspectAccount } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { digestOf, type ProvisionOptions, provision, type WantedBot } from "./provision.ts";

const ListSchema = z.string().transform((text) => text.split(",").map((entry) => entry.trim()));

const OptionsSchema = z.object({
  serverUrl: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, "")),
  agent: ListSchema.optional(),
  room: ListSchema.default([]),
  admin: z.string().optional(),
  mailDomain: z.string(),
  dryRun: z.boolean().default(false),
  dangerouslyAllowInsecure: z.boolean().default(false),
  dangerouslyAllowPrivateNetwork: z.boolean().default(false),
});
type Options = z.infer<typeof OptionsSchema>;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs the command and answers with its exit code; failures are printed with what to do. */
export async function runProvision(cfg: OpenClawConfig, given: unknown): Promise<number> {
  const parsed = OptionsSchema.safeParse(given);
  if (!parsed.success) {
    say(`rocketchat provision: ${z.prettifyError(parsed.error)}`);
    return 2;
  }
  try {
    await provisionWith(cfg, parsed.data);
    return 0;
  } catch (error) {
    if (!(error instanceof RocketChatError)) throw error;
    say(`rocketchat provision: ${error.message}`);
    return 1;
  }
}

async function provisionWith(cfg: OpenClawConfig, options: Options): Promise<void> {
  const account = accountFor(cfg, options);
  await assertServerAllowed(account);
  const openClient = (session: Session | undefined): RestClient =>
    openSetupClient({ ...account, userId: session?.userId ?? "", pat: session?.token ?? "" });
  const { session, password } = await logIn(options, openClient);
  try {
    const wanted: ProvisionOptions = {
      cfg: withTransport(cfg, options),
      serverUrl: options.serverUrl,
      bots: readBots(options.agent ?? listAgentIds(cfg)),
      rooms: options.room,
      mailDomain: options.mailDomain,
      dryRun: options.dryRun,
      adminDigest: digestOf(password),
      openClient,
      say,
    };
    const next = await provision(wanted, session);
    if (next !== wanted.cfg) await save(next);
  } finally {
    if (password !== "") await endSession(openClient(session));
  }
}

/** The transport keys of the section root, which all accounts inherit. */
function withTransport(cfg: OpenClawConfig, options: Options): OpenClawConfig {
  const section = cfg.channels?.[CHANNEL_ID] ?? {};
  const flags = {
    ...(options.dangerouslyAllowInsecure && { dangerouslyAllowInsecure: true }),
    ...(options.dangerouslyAllowPrivateNetwork && { network: { dangerouslyAllowPrivateNetwork: true } }),
  };
  return { ...cfg, channels: { ...cfg.channels, [CHANNEL_ID]: { ...section, ...flags } } };
}

function accountFor(cfg: OpenClawConfig, options: Options): AccountSettings {
  return { ...inspectAccount(withTransport(cfg, options)), serverUrl: options.serverUrl };
}

/** `agent` or `agent=username`. */
function readBots(entries: readonly string[]): WantedBot[] {
  return entries.map((entry) => {
    const [agentId = "", username] = entry.split("=", 2);
    return { agentId, username: username?.replace(/^@/, "") };
  });
}

async function logIn(
  options: Options,
  openClient: (session: Session | undefined) => RestClient,
): Promise<{ session: Session; password: string }> {
  const {
    ROCKETCHAT_ADMIN_TOKEN: token,
    ROCKETCHAT_ADMIN_USER_ID: userId,
    ROCKETCHAT_ADMIN_PASSWORD,
  } = process.env;
  if (token && userId) return { session: { userId, token }, password: "" };
  const prompter = createClackPrompter();
  const user = options.admin ?? (await prompter.text({ message: "Administrator's username" }));
  const password =
    ROCKETCHAT_ADMIN_PASSWORD ??
    (await prompter.text({ message: `Password of ${user} (not kept)`, sensitive: true }));
  try {
    return { session: await openSession(openClient(undefined), user, password), password };
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    throw new ConfigError(
      `The server refused the login of ${user}. Check username and password; an administrator with a second factor makes a personal access token, and sets ROCKETCHAT_ADMIN_TOKEN and ROCKETCHAT_ADMIN_USER_ID`,
      { path: "admin", cause: error },
    );
  }
}

async function save(next: OpenClawConfig): Promise<void> {
  await mutateConfigFile({
    mutate: (draft) => {
      Object.assign(draft, { channels: next.channels, bindings: next.bindings });
    },
  });
  say("The configuration is written. A running gateway takes it up by itself.");
}
