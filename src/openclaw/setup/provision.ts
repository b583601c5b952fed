// Owns provisioning: with an administrator's session, one bot user per agent is created or repaired, and configured.

import { createHash, randomBytes } from "node:crypto";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { applySetupAccountConfigPatch } from "openclaw/plugin-sdk/setup";
import { ConfigError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import {
  createBotUser,
  endSession,
  findManagedUser,
  inviteToRoom,
  issueToken,
  type ManagedUser,
  openSession,
  type Session,
  updateUser,
} from "../../rest/administration.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchJoinedRooms, findRoomByName } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount, listAccountIds } from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { nameOf, probeToken } from "./probe.ts";

export interface WantedBot {
  readonly agentId: string;
  /** The bot user's username; undefined keeps the configured one, else `<agentId>-bot`. */
  readonly username?: string | undefined;
}

export interface ProvisionOptions {
  readonly cfg: OpenClawConfig;
  readonly serverUrl: string;
  readonly bots: readonly WantedBot[];
  /** Names of the rooms that every bot is to be in and to serve. */
  readonly rooms: readonly string[];
  /** The part behind the `@` of the new users' addresses; Rocket.Chat wants one for each. */
  readonly mailDomain: string;
  /** Says what would be done and does nothing. */
  readonly dryRun: boolean;
  /** Digest of the administrator's password, where one was given: some routes ask for it a second time. */
  readonly adminDigest: string;
  readonly openClient: (session: Session | undefined) => RestClient;
  readonly say: (line: string) => void;
}

/** Username and token of a bot user who has both; what is missing was only announced (dry run). */
interface Provisioned {
  readonly accountId: string;
  readonly agentId: string;
  readonly username: string;
  readonly user: ManagedUser | undefined;
  readonly token: string | undefined;
  /** Room ids to be served. */
  readonly rooms: readonly string[];
}

/** The roles of a bot user: `user` may post and own a token, `bot` is free of the REST limit. */
const ROLES = ["user", "bot"];

const TOKEN_NAME = "openclaw";

/** What OpenClaw's own setup binds when there is one account only. */
const ANY_ACCOUNT = "*";

/**
 * Creates or repairs the bot users and answers with the configuration that runs them. Does only what is
 * missing: a second run changes nothing. Rejects with ConfigError for a username that belongs to a person.
 */
export async function provision(options: ProvisionOptions, admin: Session): Promise<OpenClawConfig> {
  const rest = options.openClient(admin);
  let { cfg } = options;
  for (const bot of options.bots) cfg = configure(cfg, options, await provisionBot(bot, options, rest));
  return cfg;
}

async function provisionBot(
  bot: WantedBot,
  options: ProvisionOptions,
  admin: RestClient,
): Promise<Provisioned> {
  const { cfg, serverUrl } = options;
  const accountId = accountOf(cfg, bot.agentId);
  const account = listAccountIds(cfg).includes(accountId) ? inspectAccount(cfg, accountId) : undefined;
  const username = bot.username ?? (account?.username || `${bot.agentId}-bot`);
  const step = createStep(options);

  const { user, password } = await ensureUser({ username, options, admin, step });
  const current = user && account && (await findWorkingToken(account, { serverUrl, userId: user.id }));
  const token = current ?? (await renewToken({ username, user, password, options, admin, step }));
  const session = user && token !== undefined ? { userId: user.id, token } : undefined;
  const rooms = await ensureRooms({ username, session, options, admin, step });
  return { accountId, agentId: bot.agentId, username, user, token, rooms };
}

/** Says a step, and takes it unless this is a dry run. */
type Step = <T>(text: string, act: () => Promise<T>) => Promise<T | undefined>;

function createStep({ dryRun, say }: ProvisionOptions): Step {
  return async (text, act) => {
    say(`${dryRun ? "would " : ""}${text}`);
    return dryRun ? undefined : act();
  };
}

interface BotScope {
  readonly username: string;
  readonly options: ProvisionOptions;
  readonly admin: RestClient;
  readonly step: Step;
}

/** The bot user with the roles it needs. `password` is known when the user was created just now. */
async function ensureUser({ username, options, admin, step }: BotScope) {
  const found = await findManagedUser(admin, username);
  if (found === undefined) {
    const password = randomPassword();
    const email = `${username}@${options.mailDomain}`;
    const user = await step(`create the user @${username} with the roles ${ROLES.join(" and ")}`, () =>
      createBotUser(admin, { username, name: username, email, password, roles: ROLES }, options.adminDigest),
    );
    return { user, password };
  }
  if (!found.roles.includes("bot")) {
    throw new ConfigError(
      `@${username} exists and does not have the role \`bot\`; it may be a person. Give it the role in Rocket.Chat, or choose another username with --agent <agent>=<username>`,
      { path: "username" },
    );
  }
  if (!found.active) {
    throw new ConfigError(`@${username} is deactivated; activate it in Rocket.Chat first`, {
      path: "username",
    });
  }
  if (!ROLES.every((role) => found.roles.includes(role))) {
    const roles = [...new Set([...found.roles, ...ROLES])];
    await step(`give @${username} the roles ${roles.join(", ")}`, () =>
      updateUser(admin, { userId: found.id, roles, digest: options.adminDigest }),
    );
  }
  return { user: found, password: undefined };
}

/** The configured token, when it works on this server for this user. */
async function findWorkingToken(
  account: AccountSettings,
  bot: { readonly serverUrl: string; readonly userId: string },
): Promise<string | undefined> {
  if (account.pat === "" || account.serverUrl !== bot.serverUrl || account.userId !== bot.userId) return;
  return (await probeToken(account)).ok ? account.pat : undefined;
}

/** A new token, issued by the bot user itself: its password is set anew where it is not known. */
async function renewToken(
  scope: BotScope & { readonly user: ManagedUser | undefined; readonly password: string | undefined },
): Promise<string | undefined> {
  const { username, user, options, admin, step } = scope;
  const password = scope.password ?? randomPassword();
  if (scope.password === undefined && user !== undefined) {
    await step(`set a new random password for @${username}, which nobody needs to know`, () =>
      updateUser(admin, { userId: user.id, password, digest: options.adminDigest }),
    );
  }
  return step(`issue a personal access token for @${username}`, async () => {
    const session = options.openClient(await openSession(options.openClient(undefined), username, password));
    try {
      return await issueToken(session, TOKEN_NAME, digestOf(password));
    } finally {
      await endSession(session);
    }
  });
}

async function ensureRooms(scope: BotScope & { readonly session: Session | undefined }): Promise<string[]> {
  const { username, session, options, admin, step } = scope;
  const joined = session === undefined ? [] : await fetchJoinedRooms(options.openClient(session));
  const rooms: string[] = [];
  for (const name of options.rooms) {
    const room = await findRoom(admin, name.replace(/^#/, ""));
    rooms.push(room.id);
    if (joined.some(({ id }) => id === room.id)) continue;
    await step(`invite @${username} to #${nameOf(room)}`, async () => {
      if (session !== undefined) await inviteToRoom(admin, room, session.userId);
    });
  }
  return rooms;
}

async function findRoom(admin: RestClient, name: string): Promise<RoomFacts> {
  const room = await findRoomByName(admin, name);
  if (room !== undefined) return room;
  throw new ConfigError(
    `The administrator sees no room #${name}. Check the name; a private room must have the administrator as a member`,
    { path: "rooms" },
  );
}

/** The configuration with the bot's account and the binding to its agent. */
function configure(cfg: OpenClawConfig, options: ProvisionOptions, bot: Provisioned): OpenClawConfig {
  const { accountId, agentId, username, user, token } = bot;
  if (user === undefined || token === undefined) {
    options.say(`would write the account ${accountId} and bind it to the agent ${agentId}`);
    return cfg;
  }
  const account = listAccountIds(cfg).includes(accountId) ? inspectAccount(cfg, accountId) : undefined;
  const served = bot.rooms.filter((id) => account?.rooms.has(id) !== true);
  const complete =
    account?.serverUrl === options.serverUrl &&
    account.userId === user.id &&
    account.username === username &&
    account.pat === token &&
    served.length === 0;
  const bound = (cfg.bindings ?? []).some(
    ({ agentId: id, match }) =>
      id === agentId && match.channel === CHANNEL_ID && match.accountId === accountId,
  );
  if (complete && bound) {
    options.say(`@${username} for the agent ${agentId}: nothing to do`);
    return cfg;
  }
  options.say(
    `${options.dryRun ? "would " : ""}write the account ${accountId} and bind it to the agent ${agentId}`,
  );
  const rooms = Object.fromEntries([...(account?.rooms ?? []), ...served.map((id) => [id, {}] as const)]);
  const patch = { serverUrl: options.serverUrl, userId: user.id, username, pat: token, rooms };
  const next = complete
    ? cfg
    : applySetupAccountConfigPatch({ cfg, channelKey: CHANNEL_ID, accountId, patch });
  if (bound) return next;
  const binding = { agentId, match: { channel: CHANNEL_ID, accountId } };
  // OpenClaw's type of a route binding gets lost under exactOptionalPropertyTypes; its schema is asked at writing.
  return Object.assign({}, next, { bindings: [...(next.bindings ?? []), binding] });
}

/** The account that is bound to the agent, else one of the agent's name. */
function accountOf(cfg: OpenClawConfig, agentId: string): string {
  const binding = (cfg.bindings ?? []).find(
    ({ agentId: id, match }) => id === agentId && match.channel === CHANNEL_ID && match.peer === undefined,
  );
  const bound = binding?.match.accountId;
  return bound === undefined || bound === ANY_ACCOUNT ? agentId : bound;
}

/** The form in which Rocket.Chat takes a password as second factor: SHA-256 in hex; empty for none. */
export function digestOf(password: string): string {
  return password === "" ? "" : createHash("sha256").update(password).digest("hex");
}

function randomPassword(): string {
  return randomBytes(32).toString("base64url");
}
