// Owns `openclaw rocketchat …`: the commands beside OpenClaw's own, read and answered at a terminal.

import type { OpenClawConfig, OpenClawPluginApi } from "openclaw/plugin-sdk/channel-core";
import { COMMANDS_ARE_FOR } from "../config/manifest.ts";
import { CHANNEL_ID } from "../config/schema.ts";

type CliRegistrar = Parameters<OpenClawPluginApi["registerCli"]>[0];
type Command = Parameters<CliRegistrar>[0]["program"];

/** Announces the command group; its code is loaded when one of the commands runs. */
export function registerCommands(api: OpenClawPluginApi): void {
  const versions = () => ({ plugin: api.version, openclaw: readHostVersion(api) });
  api.registerCli(({ program, config }) => addCommands(program, { cfg: config, versions }), {
    descriptors: [
      {
        name: CHANNEL_ID,
        description: COMMANDS_ARE_FOR,
        hasSubcommands: true,
      },
    ],
  });
}

/** Where OpenClaw only asks which commands there are, it gives a runtime that throws at every look. */
function readHostVersion({ runtime }: OpenClawPluginApi): string | undefined {
  try {
    return runtime.version;
  } catch {
    return undefined;
  }
}

interface Host {
  readonly cfg: OpenClawConfig;
  /** Asked when a command runs: what registers a command may have no running host. */
  readonly versions: () => Readonly<Record<string, string | undefined>>;
}

function addCommands(program: Command, { cfg, versions }: Host): void {
  const group = program.command(CHANNEL_ID).description(COMMANDS_ARE_FOR);
  group
    .command("provision")
    .description("Create or repair one bot user per agent, with an administrator's login that is not kept")
    .option("--server-url <url>", "address of the Rocket.Chat server; or in the file")
    .option("--file <bots.yaml>", "agents, rooms, names, status texts and pictures in a YAML file")
    .option(
      "--agent <list>",
      "agents to set up, as id or id=username, with commas between; all when not given",
    )
    .option("--room <list>", "names of the rooms that every bot joins and serves, with commas between")
    .option("--admin <username>", "administrator; asked for if not given")
    .option("--mail-domain <domain>", "part behind the @ of the new users' addresses (bots.invalid)")
    .option("--new-token", "also where the configured token cannot be read here")
    .option("--dry-run", "print the plan and do nothing")
    .option("--yes", "do not ask before the plan is carried out")
    .option("--dangerously-allow-insecure", "http or unchecked certificates, for local development only")
    .option("--dangerously-allow-private-network", "the server is on a private network")
    .addHelpText("after", ADMIN_HELP)
    .action(async (options: unknown) => {
      const { runProvision } = await import("./provision-command.ts");
      process.exitCode = await runProvision(cfg, options);
    });
  addAccountCommands(group, cfg);
  addDoctor(group, { cfg, versions });
}

const ADMIN_HELP =
  "\nThe password is asked for, or read from ROCKETCHAT_ADMIN_PASSWORD. In place of both, a personal access\n" +
  "token of the administrator can stand in ROCKETCHAT_ADMIN_TOKEN and its user id in ROCKETCHAT_ADMIN_USER_ID.";

function addAccountCommands(group: Command, cfg: OpenClawConfig): void {
  group
    .command("rotate")
    .description(
      "Replace an account's token: the old one is revoked when the gateway listens with the new one",
    )
    .option("--account <id>", "the account; the default one if not given")
    .option("--dry-run", "print the plan and do nothing")
    .option("--yes", "do not ask before the plan is carried out")
    .addHelpText(
      "after",
      "\nSome servers (8.x before 8.6) ask for the bot user's password; it is asked for, or read from ROCKETCHAT_BOT_PASSWORD.",
    )
    .action(async (options: unknown) => {
      const { runRotate } = await import("./account-commands.ts");
      process.exitCode = await runRotate(cfg, options);
    });
  group
    .command("deprovision")
    .description(
      "Deactivate an account's bot user and remove the account, with an administrator's login that is not kept",
    )
    .requiredOption("--account <id>", "the account")
    .option("--admin <username>", "administrator; asked for when not given")
    .option("--dry-run", "print the plan and do nothing")
    .option("--yes", "do not ask before the plan is carried out")
    .addHelpText("after", ADMIN_HELP)
    .action(async (options: unknown) => {
      const { runDeprovision } = await import("./account-commands.ts");
      process.exitCode = await runDeprovision(cfg, options);
    });
}

function addDoctor(group: Command, { cfg, versions }: Host): void {
  group
    .command("doctor")
    .description("Check every account on its server and say what to do")
    .option("--account <id>", "only this account")
    .option(
      "--room <name>",
      "with --person: the room, for example '#general'; leave it out for direct messages",
    )
    .option("--person <name>", "who gets no answer, for example @alice")
    .option("--message <text>", "what was written; a mention of the bot if not given")
    .option("--json", "print the findings for a program")
    .option(
      "--report [file]",
      "also write a file for the report of a fault: versions, settings without secrets, counters, the last 200 log lines",
    )
    .action(async (options: unknown) => {
      const { runDoctor } = await import("./doctor/doctor-command.ts");
      process.exitCode = await runDoctor(cfg, options, { versions: versions() });
    });
  group
    .command("names")
    .description("Show which users and rooms the names in the configuration mean, or let one go")
    .option("--account <id>", "only this account")
    .option("--forget <name>", "a name as it is shown; it is looked up anew at the account's next start")
    .action(async (options: unknown) => {
      const { runNames } = await import("./names-command.ts");
      process.exitCode = runNames(cfg, options);
    });
}
