// Owns `openclaw rocketchat …`: the commands beside OpenClaw's own, read and answered at a terminal.

import type { OpenClawConfig, OpenClawPluginApi } from "openclaw/plugin-sdk/channel-core";
import { CHANNEL_ID } from "../config/schema.ts";

type CliRegistrar = Parameters<OpenClawPluginApi["registerCli"]>[0];
type Command = Parameters<CliRegistrar>[0]["program"];

/** Announces the command group; its code is loaded when one of the commands runs. */
export function registerCommands(api: OpenClawPluginApi): void {
  api.registerCli(({ program, config }) => addCommands(program, config), {
    descriptors: [
      {
        name: CHANNEL_ID,
        description: "Set up and check the Rocket.Chat channel",
        hasSubcommands: true,
      },
    ],
  });
}

function addCommands(program: Command, cfg: OpenClawConfig): void {
  const group = program.command(CHANNEL_ID).description("Set up and check the Rocket.Chat channel");
  group
    .command("provision")
    .description("Create or repair one bot user per agent, with an administrator's login that is not kept")
    .requiredOption("--server-url <url>", "address of the Rocket.Chat server")
    .option(
      "--agent <list>",
      "agents to set up, as id or id=username, with commas between; all when not given",
    )
    .option("--room <list>", "names of the rooms that every bot joins and serves, with commas between")
    .option("--admin <username>", "administrator; asked for when not given")
    .option("--mail-domain <domain>", "part behind the @ of the new users' addresses", "bots.invalid")
    .option("--dry-run", "print the plan and do nothing")
    .option("--dangerously-allow-insecure", "http or unchecked certificates, for local development only")
    .option("--dangerously-allow-private-network", "the server is on a private network")
    .addHelpText(
      "after",
      "\nThe password is asked for, or read from ROCKETCHAT_ADMIN_PASSWORD. In place of both, a personal access\n" +
        "token of the administrator can stand in ROCKETCHAT_ADMIN_TOKEN and its user id in ROCKETCHAT_ADMIN_USER_ID.",
    )
    .action(async (options: unknown) => {
      const { runProvision } = await import("./provision-command.ts");
      process.exitCode = await runProvision(cfg, options);
    });
  group
    .command("doctor")
    .description("Check every account on its server and say what to do")
    .option("--account <id>", "only this account")
    .action(async (options: unknown) => {
      const { runDoctor } = await import("./doctor-command.ts");
      process.exitCode = await runDoctor(cfg, options);
    });
}
