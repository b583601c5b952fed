// Owns `openclaw rocketchat provision`: its options, the administrator's login, showing the plan and taking its steps.

import { listAgentIds } from "openclaw/plugin-sdk/agent-runtime";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { WizardCancelledError } from "openclaw/plugin-sdk/setup";
import { createClackPrompter } from "openclaw/plugin-sdk/setup-runtime";
import { z } from "zod";
import { ConfigError, RocketChatError, UnauthorizedError } from "../../errors.ts";
import { endSession, openSession, type Session } from "../../rest/administration.ts";
import type { SetupClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { assertServerAllowed, openSetupClient } from "../account/transport.ts";
import { inspectAccount } from "../config/account.ts";
import { canonicalAddress, judgeAddress, judgeEncryption } from "../config/faults.ts";
import { openMachine, say } from "./machine.ts";
import { digestOf, type Plan, type ProvisionPort, planProvision, takeSteps } from "./provision.ts";
import type { WantedBot } from "./survey.ts";

const ListSchema = z.string().transform((text) => text.split(",").map((entry) => entry.trim()));

/** Options of every command that an administrator logs in for. */
export const AdminOptionsSchema = z.object({
  admin: z.string().optional(),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
});

const OptionsSchema = AdminOptionsSchema.extend({
  serverUrl: z.string().optional(),
  file: z.string().optional(),
  agent: ListSchema.optional(),
  room: ListSchema.default([]),
  mailDomain: z.string().optional(),
  newToken: z.boolean().default(false),
  dangerouslyAllowInsecure: z.boolean().default(false),
  dangerouslyAllowPrivateNetwork: z.boolean().default(false),
});
type Options = z.infer<typeof OptionsSchema>;

/** Behind the `@` of the addresses that Rocket.Chat wants; nobody reads mail there. */
const MAIL_DOMAIN = "bots.invalid";

/** Runs the command and answers with its exit code; failures are printed with what to do. */
export function runProvision(cfg: OpenClawConfig, given: unknown): Promise<number> {
  return explainFailures("provision", async () => provisionWith(cfg, OptionsSchema.parse(given)));
}

/** The exit code of a command: 2 for wrong options, 1 for what the server or the configuration refuses. */
export async function explainFailures(command: string, run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    say(`rocketchat ${command}: ${reason}`);
    return error instanceof z.ZodError ? 2 : 1;
  }
}

/** What a person can do something about; undefined for a fault of this program. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  if (error instanceof WizardCancelledError)
    return "no answer was given. Run it at a terminal, or see --help for the variables that answer";
  return error instanceof RocketChatError ? error.message : undefined;
}

async function provisionWith(cfg: OpenClawConfig, options: Options): Promise<void> {
  const { serverUrl, bots, mailDomain } = await readWanted(cfg, options);
  const account = accountFor(cfg, options, serverUrl);
  await assertServerAllowed(account);
  await asAdministrator(account, options, async ({ session, digest, openClient }) => {
    const port = { ...openMachine(), openClient };
    const wanted = {
      serverUrl: account.serverUrl,
      bots,
      rooms: options.room,
      mailDomain,
      adminDigest: digest,
      newToken: options.newToken,
      transport: {
        insecure: options.dangerouslyAllowInsecure,
        privateNetwork: options.dangerouslyAllowPrivateNetwork,
      },
    };
    await carryOut(await planProvision(wanted, session, port), options, port);
  });
}

/** Who is to be set up and where, by the file or by the options. */
async function readWanted(
  cfg: OpenClawConfig,
  options: Options,
): Promise<{ serverUrl: string; bots: readonly WantedBot[]; mailDomain: string }> {
  const { file, agent, serverUrl, mailDomain = MAIL_DOMAIN } = options;
  if (file !== undefined) {
    if (agent !== undefined)
      throw new ConfigError("--file says which agents there are; leave --agent out", { path: "--agent" });
    const { readBotsFile } = await import("./bots-file.ts");
    const wanted = readBotsFile(file);
    const server = serverUrl ?? wanted.serverUrl;
    if (server !== undefined)
      return {
        serverUrl: server,
        bots: wanted.bots,
        mailDomain: options.mailDomain ?? wanted.mailDomain ?? mailDomain,
      };
  }
  if (serverUrl === undefined)
    throw new ConfigError("Give the address of the server: --server-url https://chat.example.org", {
      path: "--server-url",
    });
  return { serverUrl, bots: readBots(agent ?? listAgentIds(cfg)), mailDomain };
}

interface Administrator {
  readonly session: Session;
  /** Digest of the password; empty when a token was given. */
  readonly digest: string;
  readonly openClient: ProvisionPort["openClient"];
}

/** Logs the administrator in for as long as `work` takes. */
export async function asAdministrator(
  account: AccountSettings,
  options: Pick<Options, "admin">,
  work: (administrator: Administrator) => Promise<void>,
): Promise<void> {
  const openClient = (session: Session | undefined): SetupClient =>
    openSetupClient({ ...account, userId: session?.userId ?? "", pat: session?.token ?? "" });
  const { session, password } = await logIn(options, openClient);
  try {
    await work({ session, digest: digestOf(password), openClient });
  } finally {
    if (password !== "" && !(await endSession(openClient(session))))
      say("The administrator's login could not be ended; it expires by itself");
  }
}

/** Shows a plan, asks at a terminal whether to go on, and takes its steps. */
export async function carryOut(
  plan: Plan,
  { dryRun, yes }: Pick<Options, "dryRun" | "yes">,
  port: Pick<ProvisionPort, "say">,
): Promise<void> {
  for (const note of plan.notes) port.say(note);
  if (plan.steps.length === 0) return port.say("Nothing to do");
  port.say(dryRun ? "What would be done:" : "What is to be done:");
  for (const { text } of plan.steps) port.say(`  ${text}`);
  if (dryRun) return;
  if (process.stdin.isTTY && !yes) {
    const message = "Do this?";
    if (!(await createClackPrompter().confirm({ message, initialValue: true })))
      return port.say("Nothing was done");
  }
  await takeSteps(plan, port.say);
  port.say("Done. A running gateway takes the configuration up by itself");
}

function accountFor(cfg: OpenClawConfig, options: Options, address: string): AccountSettings {
  const account = inspectAccount(cfg);
  const serverUrl = canonicalAddress(address);
  const dangerouslyAllowInsecure = account.dangerouslyAllowInsecure || options.dangerouslyAllowInsecure;
  const fault = judgeAddress(address) ?? judgeEncryption(serverUrl, dangerouslyAllowInsecure);
  if (fault !== undefined) {
    const remedy = fault.remedy.replace("dangerouslyAllowInsecure: true", "--dangerously-allow-insecure");
    throw new ConfigError(`--server-url ${fault.problem}. ${remedy}`, { path: "--server-url" });
  }
  const allowPrivateNetwork = account.allowPrivateNetwork || options.dangerouslyAllowPrivateNetwork;
  return { ...account, serverUrl, dangerouslyAllowInsecure, allowPrivateNetwork };
}

/** `agent` or `agent=username`. */
function readBots(entries: readonly string[]): WantedBot[] {
  return entries.map((entry) => {
    const [agentId = "", username] = entry.split("=", 2);
    return { agentId, username: username?.replace(/^@/, "") };
  });
}

async function logIn(
  options: Pick<Options, "admin">,
  openClient: (session: Session | undefined) => SetupClient,
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
