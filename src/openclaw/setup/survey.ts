// Owns what provisioning finds for one bot: its user, token, account, binding and rooms, without changing anything.

import { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import { listAgentIds, resolveDefaultAgentId } from "openclaw/plugin-sdk/agent-runtime";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { ConfigError, UnauthorizedError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { findManagedUser, type ManagedUser, type Picture, type Session } from "../../rest/administration.ts";
import { fetchMe } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchJoinedRooms, findRoomByName } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount, isConfigured, listAccountIds } from "../config/account.ts";
import { isSameServer, isSameUsername, judgeUsername } from "../config/faults.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { findTokenPlace, resolveToken, type TokenPlace, type TokenPort } from "./token-place.ts";

/** How a bot user is to look; what is undefined stays as it is. */
export interface BotProfile {
  readonly name?: string | undefined;
  readonly statusText?: string | undefined;
  readonly avatar?: Picture | undefined;
}

export interface WantedBot {
  readonly agentId: string;
  /** The bot user's username; undefined keeps the configured one, else `<agentId>-bot`. */
  readonly username?: string | undefined;
  readonly profile?: BotProfile;
  /** Rooms that this bot is to be in and to serve, besides those of all. */
  readonly rooms?: readonly string[];
}

/** What a survey needs. */
export interface SurveyScope {
  readonly cfg: OpenClawConfig;
  /** The configuration as it stands in the file, before OpenClaw filled anything in. */
  readonly authored: unknown;
  readonly serverUrl: string;
  readonly admin: RestClient;
  readonly secrets: Pick<TokenPort, "resolveSecret">;
  readonly openClient: (session: Session | undefined) => RestClient;
  /** Names of the rooms that every bot is to be in and to serve. */
  readonly rooms: readonly string[];
}

/** A bot that an agent is to have, and the account for it. */
export interface BotPlan {
  readonly agentId: string;
  readonly accountId: string;
  readonly username: string;
  readonly profile: BotProfile;
  /** Names of rooms of its own. */
  readonly wantedRooms: readonly string[];
}

export type TokenState =
  | { readonly kind: "works"; readonly token: string }
  /** The server knows it no more, or it is another user's. */
  | { readonly kind: "refused" }
  | { readonly kind: "none" }
  /** A reference that cannot be resolved here: nothing is known about the token behind it. */
  | { readonly kind: "unreadable" };

export interface Survey extends BotPlan {
  readonly account: AccountSettings;
  readonly user: ManagedUser | undefined;
  readonly token: TokenState;
  readonly place: TokenPlace;
  /** The wanted rooms; `joined` is undefined when the bot's own rooms cannot be listed. */
  readonly rooms: readonly { readonly room: RoomFacts; readonly joined: boolean | undefined }[];
}

/** Which bot and account each agent gets. Throws ConfigError before anything is done when one of them cannot be. */
export function planBots(
  cfg: OpenClawConfig,
  serverUrl: string,
  wanted: readonly WantedBot[],
): readonly BotPlan[] {
  const agents = listAgentIds(cfg);
  const bots = wanted.map((bot) => planBot(cfg, bot, serverUrl));
  for (const [index, bot] of bots.entries()) {
    const { agentId, username } = bot;
    if (agentId === "" || !agents.includes(agentId))
      throw refuse(`There is no agent "${agentId}". There are: ${agents.join(", ")}`);
    if (judgeUsername(username) !== undefined)
      throw refuse(`"${username}" is no username for the agent ${agentId}`);
    for (const other of bots.slice(0, index)) refuseAlike(other, bot);
    refuseTaken(cfg, bot, serverUrl);
  }
  return bots;
}

function refuseAlike(other: BotPlan, { agentId, username }: BotPlan): void {
  if (other.agentId === agentId) throw refuse(`The agent ${agentId} is named twice`);
  if (isSameUsername(other.username, username))
    throw refuse(`The agents ${other.agentId} and ${agentId} cannot share the bot user @${username}`);
}

const refuse = (message: string): ConfigError => new ConfigError(message, { path: "agent" });

function planBot(cfg: OpenClawConfig, wanted: WantedBot, serverUrl: string): BotPlan {
  const { agentId, username, profile = {}, rooms: wantedRooms = [] } = wanted;
  const accountId = accountOf(cfg, { agentId, username, serverUrl });
  const configured = listAccountIds(cfg).includes(accountId) ? inspectAccount(cfg, accountId) : undefined;
  if (configured !== undefined && configured.serverUrl !== "" && isConfigured(configured)) {
    if (!isSameServer(configured.serverUrl, serverUrl))
      throw refuse(
        `The agent ${agentId} has the account ${accountId}, which is on another server (${configured.serverUrl}). Remove that account first, or correct its serverUrl`,
      );
    if (username !== undefined && !isSameUsername(configured.username, username))
      throw refuse(
        `The agent ${agentId} has the account ${accountId} with the bot user @${configured.username}. Run this without =${username}, or remove that account first`,
      );
  }
  const known = configured?.username || `${agentId}-bot`;
  // The server finds a user by the spelling that it has, which is the configured one.
  const name = username === undefined || isSameUsername(username, known) ? known : username;
  return { agentId, accountId, username: name, profile, wantedRooms };
}

/** The account that is bound to the agent; the default account for the default agent, which hears it; else one of the agent's name. */
function accountOf(
  cfg: OpenClawConfig,
  { agentId, username, serverUrl }: WantedBot & { readonly serverUrl: string },
): string {
  const ours = (cfg.bindings ?? []).filter(
    ({ match }) => match.channel === CHANNEL_ID && match.peer === undefined,
  );
  const bound = ours.find(({ agentId: id, match }) => id === agentId && isOneAccount(match.accountId));
  if (bound !== undefined) return normalizeAccountId(bound.match.accountId);
  const own = normalizeAccountId(agentId);
  const taken = ours.find(({ match }) => match.accountId === own);
  if (taken !== undefined)
    throw refuse(`The account ${own} is bound to the agent ${taken.agentId} already. Correct bindings first`);
  const known = listAccountIds(cfg);
  const free = !ours.some(({ match }) => (match.accountId ?? DEFAULT_ACCOUNT_ID) === DEFAULT_ACCOUNT_ID);
  const isHeard = hearsUnbound(cfg, agentId) && free && known.includes(DEFAULT_ACCOUNT_ID);
  if (!isHeard || known.includes(own)) return own;
  const account = inspectAccount(cfg, DEFAULT_ACCOUNT_ID);
  const fits = username === undefined || isSameUsername(username, account.username);
  return isConfigured(account) && fits && isSameServer(account.serverUrl, serverUrl)
    ? DEFAULT_ACCOUNT_ID
    : own;
}

/** OpenClaw itself binds all accounts of a channel, `*`, to the agent that had them before there were several. */
const isOneAccount = (accountId: string | undefined): boolean => accountId !== undefined && accountId !== "*";

/**
 * Whether messages of an account without a binding of its own are this agent's: by a binding of all accounts, else as the
 * default agent's. OpenClaw throws when there are several agents and none is the default.
 */
export function hearsUnbound(cfg: OpenClawConfig, agentId: string): boolean {
  const all = (cfg.bindings ?? []).find(
    ({ match }) => match.channel === CHANNEL_ID && match.accountId === "*" && match.peer === undefined,
  );
  if (all !== undefined) return all.agentId === agentId;
  try {
    return resolveDefaultAgentId(cfg) === agentId;
  } catch {
    return false;
  }
}

/** A bot user that another account works as must not get a new password or token. */
function refuseTaken(
  cfg: OpenClawConfig,
  { username, accountId }: Pick<BotPlan, "username" | "accountId">,
  serverUrl: string,
): void {
  for (const id of listAccountIds(cfg)) {
    const other = inspectAccount(cfg, id);
    const isOther = normalizeAccountId(id) !== accountId && isConfigured(other);
    if (isOther && isSameUsername(other.username, username) && isSameServer(other.serverUrl, serverUrl))
      throw refuse(`@${username} is the bot user of the account ${id} already. Choose another username`);
  }
}

/** Looks at everything that concerns one bot. Rejects when the server cannot be asked, or the user is not to be taken. */
export async function surveyBot(bot: BotPlan, scope: SurveyScope): Promise<Survey> {
  const user = await findManagedUser(scope.admin, { username: bot.username });
  if (user !== undefined) refusePerson(user, bot.username);
  const account = await resolveToken(scope.cfg, bot.accountId, scope.secrets);
  const place = placeOf(account, user, scope);
  const token = await tryToken(account, { user, place, scope });
  const names = [
    ...new Set([...scope.rooms, ...bot.wantedRooms].map((room) => room.trim().replace(/^#/, ""))),
  ];
  const rooms = await findRooms(names, scope);
  const joined = names.length === 0 ? undefined : await listJoined(token, { user, scope });
  return {
    ...bot,
    account,
    user,
    token,
    place,
    rooms: rooms.map((room) => ({ room, joined: joined?.has(room.id) })),
  };
}

/** An account that stands nowhere yet inherits a token that is somebody else's. */
function placeOf(
  account: AccountSettings,
  user: ManagedUser | undefined,
  { authored }: SurveyScope,
): TokenPlace {
  if (isInherited(account) && (user === undefined || account.userId !== user.id)) return { kind: "nowhere" };
  return findTokenPlace(account, authored);
}

function isInherited({ keyPaths }: AccountSettings): boolean {
  return keyPaths.pat.includes(".") && !keyPaths.pat.startsWith(`${keyPaths.account}.`);
}

function refusePerson({ roles, active }: ManagedUser, username: string): void {
  if (!roles.includes("bot"))
    throw new ConfigError(
      `@${username} exists and does not have the role \`bot\`; it may be a person. Give it the role in Rocket.Chat, or choose another username with --agent <agent>=<username>`,
      { path: "username" },
    );
  if (!active)
    throw new ConfigError(`@${username} is deactivated; activate it in Rocket.Chat first`, {
      path: "username",
    });
}

interface Trial {
  readonly user: ManagedUser | undefined;
  readonly place: TokenPlace;
  readonly scope: SurveyScope;
}

/** Only the server's refusal makes a token a bad one; a server that does not answer rejects. */
async function tryToken(account: AccountSettings, { user, place, scope }: Trial): Promise<TokenState> {
  if (place.kind === "nowhere" || account.patStatus === "missing") return { kind: "none" };
  if (account.pat === "") return { kind: "unreadable" };
  if (user === undefined) return { kind: "refused" };
  try {
    const me = await fetchMe(scope.openClient({ userId: user.id, token: account.pat }));
    return me.id === user.id ? { kind: "works", token: account.pat } : { kind: "refused" };
  } catch (error) {
    if (error instanceof UnauthorizedError) return { kind: "refused" };
    throw error;
  }
}

async function findRooms(rooms: readonly string[], { admin }: SurveyScope): Promise<RoomFacts[]> {
  const found: RoomFacts[] = [];
  for (const name of rooms) {
    const room = await findRoomByName(admin, name);
    if (room === undefined)
      throw new ConfigError(
        `The administrator sees no room #${name}. Check the name; a private room must have the administrator as a member`,
        { path: "rooms" },
      );
    found.push(room);
  }
  return found;
}

/** The rooms that the bot user is in; undefined when it cannot be asked for them. */
async function listJoined(
  token: TokenState,
  { user, scope }: Pick<Trial, "user" | "scope">,
): Promise<ReadonlySet<string> | undefined> {
  if (user === undefined) return new Set();
  if (token.kind !== "works") return undefined;
  const rooms = await fetchJoinedRooms(scope.openClient({ userId: user.id, token: token.token }));
  return new Set(rooms.map(({ id }) => id));
}
