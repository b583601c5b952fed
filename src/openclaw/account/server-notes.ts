// Owns the advice to operators about a server version or a bot user's roles.

/** The roles a bot user should have (fact: neither implies the other). */
export const ROLES = ["user", "bot"] as const;

const LACK: Readonly<Record<(typeof ROLES)[number], string>> = {
  user: "without the role `user` it may not delete its own messages, nor make or renew its token by itself",
  bot: "without the role `bot` the server takes 10 requests a minute of each kind from this address, and answers wait",
};

/** The major versions that this plugin is made for, and the newest that exists for all we know. */
const OLDEST_MAJOR = 7;
const NEWEST_MAJOR = 9;

/** Warnings about the server's version and the bot user's roles, each a sentence with what to do; none if all is well. */
export function noteServer(server: { version: string | undefined; roles: readonly string[] }): string[] {
  return [...noteVersion(server.version), ...noteRoles(server.roles)];
}

function noteVersion(version: string | undefined): string[] {
  const remark = version === undefined ? undefined : remarkOn(version);
  return remark === undefined
    ? []
    : [`Rocket.Chat ${version} is outside of what this plugin is made for: ${remark}`];
}

/** What a server's version means for the people who use it; undefined where there is nothing to say (7 to 9). */
export function remarkOn(version: string): string | undefined {
  const major = Number.parseInt(version, 10);
  if (major < OLDEST_MAJOR)
    return "older than 7, not supported by its makers, so faults of the server stay. Update the server";
  if (major > NEWEST_MAJOR) return `newer than ${NEWEST_MAJOR}, not tried by us. Look for a newer plugin`;
  return undefined;
}

function noteRoles(roles: readonly string[]): string[] {
  return ROLES.filter((role) => !roles.includes(role)).map(
    (role) => `The bot user lacks a role: ${LACK[role]}. An administrator can give it under Workspace, Users`,
  );
}
