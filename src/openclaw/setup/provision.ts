// Owns provisioning: a plan of what is missing, which is shown, and steps that each save what they did and can be repeated.

import { createHash, randomBytes } from "node:crypto";
import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { ConfigError, RestError } from "../../errors.ts";
import { findRoomKey } from "../../policy/names.ts";
import {
  createBotUser,
  endSession,
  inviteToRoom,
  issueToken,
  openSession,
  type Session,
  setAvatar,
  updateUser,
} from "../../rest/administration.ts";
import type { SetupClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { inspectAccount, isConfigured } from "../config/account.ts";
import { isSameServer } from "../config/faults.ts";
import { accountKeyOf } from "../config/places.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { addBinding, addRoom, isBound, setAccountKeys } from "./config-edit.ts";
import { nameOf } from "./probe.ts";
import { hearsUnbound, planBots, type Survey, surveyBot, type WantedBot } from "./survey.ts";
import { describePlace, type TokenPort } from "./token-place.ts";

/** What provisioning changes, besides the server. */
export interface ProvisionPort extends TokenPort {
  /** The configuration as it is now, and the file before OpenClaw filled anything in. */
  readConfig(): Promise<{ readonly cfg: OpenClawConfig; readonly authored: unknown }>;
  /** Changes the newest configuration by a draft of it, and writes it. */
  changeConfig(change: (draft: OpenClawConfig) => void): Promise<void>;
  readonly openClient: (session: Session | undefined) => SetupClient;
  readonly say: (line: string) => void;
}

export interface ProvisionOptions {
  readonly serverUrl: string;
  readonly bots: readonly WantedBot[];
  readonly rooms: readonly string[];
  /** The part behind the `@` of the new users' addresses; Rocket.Chat wants one for each. */
  readonly mailDomain: string;
  /** Digest of the administrator's password, where one was given: some routes ask for it a second time. */
  readonly adminDigest: string;
  /** Makes a new token also where the configured reference cannot be resolved here. */
  readonly newToken: boolean;
  /** Keys of the transport that new accounts get, where they do not inherit them. */
  readonly transport: { readonly insecure: boolean; readonly privateNetwork: boolean };
}

/** One thing to do. `text` says it as an order: "create the user @main-bot". */
export interface Step {
  readonly text: string;
  run(): Promise<void>;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** What is left as it is although it was asked for, and why. */
  readonly notes: readonly string[];
}

/** The roles of a bot user: `user` may post and own a token, `bot` is free of the REST limit. */
const ROLES = ["user", "bot"];

export const TOKEN_NAME = "openclaw";

/**
 * Looks at server and configuration and plans what is missing; changes nothing. Rejects with ConfigError for an agent,
 * user or room that cannot be, and with the server's error when it cannot be asked.
 */
export async function planProvision(
  options: ProvisionOptions,
  session: Session,
  port: ProvisionPort,
): Promise<Plan> {
  const { cfg, authored } = await port.readConfig();
  const admin = port.openClient(session);
  const { serverUrl, rooms } = options;
  const survey = { cfg, authored, serverUrl, admin, secrets: port, openClient: port.openClient, rooms };
  const plans: BotSteps[] = [];
  for (const bot of planBots(cfg, serverUrl, options.bots))
    plans.push(planBot({ found: await surveyBot(bot, survey), cfg, options, admin, port }));
  return {
    steps: [...plans.flatMap(({ steps }) => steps), ...plans.flatMap(({ looks }) => looks)],
    notes: plans.flatMap(({ notes }) => notes),
  };
}

/** What is missing for one bot. */
interface BotSteps extends Plan {
  /** They come last: no bot waits for another one's picture. */
  readonly looks: readonly Step[];
}

interface BotScope {
  readonly found: Survey;
  readonly cfg: OpenClawConfig;
  readonly options: ProvisionOptions;
  readonly admin: SetupClient;
  readonly port: ProvisionPort;
}

/** What a step leaves for the ones behind it. */
interface Made {
  userId?: string;
  /** Known when the user was created just now. */
  password?: string;
}

function planBot(scope: BotScope): BotSteps {
  const { found, options } = scope;
  const made: Made = found.user === undefined ? {} : { userId: found.user.id };
  const renew = needsToken(found, options);
  const unreadable = found.token.kind === "unreadable" && !renew;
  const where = describePlace(found.place, found.account);
  const rooms = planRooms(scope, made);
  const steps = [
    ...planUser(scope, made),
    ...(renew ? planToken(scope, made) : []),
    ...(renew ? [] : planAccount(scope, made)),
    ...planBinding(scope),
    ...rooms.steps,
  ];
  const left = unreadable
    ? [
        `The token of @${found.username} is in ${where}, which cannot be read here, so it is left alone. Run this where the gateway can read it, or with --new-token for a new one`,
      ]
    : [];
  const looks = planProfile(scope, made);
  return { steps, looks, notes: [...left, ...noteAvatar(found), ...rooms.notes] };
}

function needsToken({ token, user }: Survey, { newToken }: ProvisionOptions): boolean {
  if (token.kind === "works") return false;
  return token.kind !== "unreadable" || newToken || user === undefined;
}

function planUser({ found, options, admin }: BotScope, made: Made): Step[] {
  const { user, username } = found;
  if (user === undefined) {
    const run = async () => {
      made.password = randomPassword();
      const email = `${username}@${options.mailDomain}`;
      const name = found.profile.name ?? username;
      const wanted = { username, name, email, password: made.password, roles: ROLES };
      made.userId = (
        await createBotUser(admin, wanted, options.adminDigest).catch(explainTaken(username))
      ).id;
    };
    return [{ text: `create the user @${username} with the roles ${ROLES.join(" and ")}`, run }];
  }
  if (ROLES.every((role) => user.roles.includes(role))) return [];
  const roles = [...new Set([...user.roles, ...ROLES])];
  const run = () => updateUser(admin, { userId: user.id, roles, digest: options.adminDigest });
  return [{ text: `give @${username} the roles ${roles.join(", ")}`, run }];
}

/** The server finds a user by the exact spelling, and gives out no second one that differs in case. */
const explainTaken =
  (username: string) =>
  (error: unknown): never => {
    if (!(error instanceof RestError) || error.serverCode !== "error-field-unavailable") throw error;
    throw new ConfigError(
      `The username @${username} is taken, perhaps in capitals or small letters. Write it as Rocket.Chat shows it, or choose another one`,
      { path: "username", cause: error },
    );
  };

/** What of the wanted looks is not there yet. A picture is given once: the server does not tell which one it has. */
function planProfile({ found, options, admin }: BotScope, made: Made): Step[] {
  const { user, username, profile } = found;
  const { name, statusText, avatar } = profile;
  const changes = {
    ...(name !== undefined && user !== undefined && user.name !== name && { name }),
    ...(statusText !== undefined && (user?.statusText ?? "") !== statusText && { statusText }),
  };
  const digest = options.adminDigest;
  const words = [
    ...(changes.name === undefined ? [] : [`the display name "${changes.name}"`]),
    ...(changes.statusText === undefined ? [] : [`the status "${changes.statusText}"`]),
  ];
  const look: Step = {
    text: `give @${username} ${words.join(" and ")}`,
    run: () => updateUser(admin, { userId: made.userId ?? "", ...changes, digest }),
  };
  const steps = words.length === 0 ? [] : [look];
  if (avatar === undefined || user?.hasAvatar === true) return steps;
  const run = () => setAvatar(admin, made.userId ?? "", avatar);
  return [...steps, { text: `give @${username} the picture ${avatar.name}`, run }];
}

function noteAvatar({ user, username, profile }: Survey): string[] {
  if (profile.avatar === undefined || user?.hasAvatar !== true) return [];
  return [
    `@${username} has a picture already; it is left as it is. Remove it in Rocket.Chat to have it replaced`,
  ];
}

/** A new token, issued by the bot user itself: its password is set anew where it is not known, which ends what tokens it has. */
function planToken(scope: BotScope, made: Made): Step[] {
  const { found, port } = scope;
  const { username, user, accountId, agentId } = found;
  const ends = user === undefined ? "" : "set a new random password, which ends all tokens of this user, ";
  const binds = `write the account ${accountId} of the agent ${agentId}`;
  return [
    {
      text: `${ends}issue a personal access token for @${username} and ${binds}`,
      run: async () => {
        const password = made.password ?? (await resetPassword(scope, made));
        const { openClient } = port;
        const session = openClient(await openSession(openClient(undefined), username, password));
        const token = await issueToken(session, TOKEN_NAME, digestOf(password));
        try {
          await saveToken(scope, made, token);
        } finally {
          if (!(await endSession(session)))
            port.say(`The login as @${username} could not be ended; it will expire by itself`);
        }
      },
    },
  ];
}

async function resetPassword({ admin, options }: BotScope, made: Made): Promise<string> {
  const password = randomPassword();
  await updateUser(admin, { userId: made.userId ?? "", password, digest: options.adminDigest });
  return password;
}

/** Puts a new token where the old one stands, and the account's other keys beside it. */
async function saveToken(scope: BotScope, made: Made, token: string): Promise<void> {
  const { found, port } = scope;
  const { place, accountId } = found;
  if (place.kind === "text" || place.kind === "nowhere") {
    await port.changeConfig((draft) => {
      setAccountKeys(draft, accountId, { ...accountKeys(draft, scope, made), pat: token });
    });
    return;
  }
  const stored = place.kind === "reference" && (await port.storeSecret(place.reference, token));
  if (!stored) showToken(scope, token);
  await writeAccount(scope, made);
}

function showToken({ found, port }: BotScope, token: string): void {
  const where = describePlace(found.place, found.account);
  port.say(
    `The new token of @${found.username} belongs into ${where}, where this program cannot write. It is shown this once: ${token}`,
  );
  port.say(`Put it there and restart the gateway. Until then the account ${found.accountId} does not work`);
}

function planAccount(scope: BotScope, made: Made): Step[] {
  const { found, cfg } = scope;
  if (Object.keys(accountKeys(cfg, scope, made)).length === 0) return [];
  const text = `correct the account ${found.accountId} of the agent ${found.agentId}`;
  return [{ text, run: () => writeAccount(scope, made) }];
}

async function writeAccount(scope: BotScope, made: Made): Promise<void> {
  await scope.port.changeConfig((draft) => {
    const keys = accountKeys(draft, scope, made);
    if (Object.keys(keys).length > 0) setAccountKeys(draft, scope.found.accountId, keys);
  });
}

/** The keys of the account that are missing or wrong in a configuration. What works is not written again. */
function accountKeys(cfg: OpenClawConfig, scope: BotScope, made: Made): Record<string, unknown> {
  const { found, options } = scope;
  const account = inspectAccount(cfg, found.accountId);
  const { serverUrl, transport } = options;
  return {
    ...(!isSameServer(account.serverUrl, serverUrl) && { serverUrl }),
    ...(account.userId !== made.userId && { userId: made.userId }),
    ...(account.username !== found.username && { username: found.username }),
    ...((found.token.kind !== "works" || !isConfigured(account)) && transportKeys(account, transport)),
    ...beginRooms(cfg, account, found.rooms),
  };
}

/**
 * An account that is made begins a list of its own, so that it does not serve the rooms of the root's bot; what restricts
 * a wanted room comes along. Under `"*"` and other policies than `allowlist` it inherits all of it.
 */
function beginRooms(
  cfg: OpenClawConfig,
  { accountId, rooms, groupPolicy }: AccountSettings,
  wanted: Survey["rooms"],
): Record<string, unknown> {
  const isNew =
    accountId !== DEFAULT_ACCOUNT_ID && accountKeyOf(cfg.channels?.[CHANNEL_ID], accountId) === undefined;
  if (!isNew || rooms.size === 0 || rooms.has("*") || groupPolicy !== "allowlist") return {};
  const keys = new Set(wanted.map(({ room }) => findRoomKey(rooms.keys(), room)));
  return { rooms: Object.fromEntries([...rooms].filter(([key]) => keys.has(key))) };
}

function transportKeys(
  account: AccountSettings,
  { insecure, privateNetwork }: ProvisionOptions["transport"],
): Record<string, unknown> {
  return {
    ...(insecure && !account.dangerouslyAllowInsecure && { dangerouslyAllowInsecure: true }),
    ...(privateNetwork &&
      !account.allowPrivateNetwork && { network: { dangerouslyAllowPrivateNetwork: true } }),
  };
}

function planBinding({ found, cfg, port }: BotScope): Step[] {
  const { agentId, accountId } = found;
  if (isBound(cfg, found) || isHeardAnyway(cfg, found)) return [];
  const run = () => port.changeConfig((draft) => addBinding(draft, { agentId, accountId }));
  return [{ text: `bind the account ${accountId} to the agent ${agentId}`, run }];
}

/** The default account needs no binding of its own where the agent hears what is not bound. */
function isHeardAnyway(cfg: OpenClawConfig, { accountId, agentId, account }: Survey): boolean {
  if (accountId !== DEFAULT_ACCOUNT_ID || !hearsUnbound(cfg, agentId)) return false;
  return (
    account.userId !== "" &&
    !(cfg.bindings ?? []).some(
      ({ match }) =>
        match.channel === CHANNEL_ID && (match.accountId ?? DEFAULT_ACCOUNT_ID) === DEFAULT_ACCOUNT_ID,
    )
  );
}

function planRooms({ found, cfg, admin, port }: BotScope, made: Made): Plan {
  const { username, accountId } = found;
  const steps: Step[] = [];
  const notes: string[] = [];
  for (const { room, joined } of found.rooms) {
    const name = `#${nameOf(room)}`;
    if (joined !== true)
      steps.push({
        text: `invite @${username} to ${name}`,
        run: () => inviteToRoom(admin, room, made.userId ?? ""),
      });
    const served = judgeRoom(inspectAccount(cfg, accountId), room);
    if (served === "off") notes.push(`${name} is switched off for the account ${accountId}; it is left so`);
    if (served === "unserved")
      steps.push({
        text: `serve ${name} with the account ${accountId}`,
        run: () =>
          port.changeConfig((draft) => {
            if (judgeRoom(inspectAccount(draft, accountId), room) === "unserved")
              addRoom(draft, accountId, room.id);
          }),
      });
  }
  return { steps, notes };
}

/** Whether a room is served; an entry of its own would take the place of what restricts it under another key. */
export function judgeRoom(
  { rooms, groupPolicy }: AccountSettings,
  room: { readonly id: string; readonly name?: string | undefined; readonly parentId?: string | undefined },
): "served" | "off" | "unserved" {
  if (groupPolicy === "disabled") return "off";
  const parent = room.parentId === undefined ? undefined : findRoomKey(rooms.keys(), { id: room.parentId });
  const key = findRoomKey(rooms.keys(), room) ?? parent ?? (rooms.has("*") ? "*" : undefined);
  if (key !== undefined) return rooms.get(key)?.enabled === false ? "off" : "served";
  return groupPolicy === "open" ? "served" : "unserved";
}

/**
 * Takes the steps one after the other; each has saved what it did when the next begins. Rejects with the first failure:
 * running the whole again goes on from there.
 */
export async function takeSteps({ steps }: Plan, say: (line: string) => void): Promise<void> {
  for (const [index, { text, run }] of steps.entries()) {
    say(`${index + 1}/${steps.length} ${text}`);
    try {
      await run();
    } catch (error) {
      say(
        `Stopped at step ${index + 1}. What was done is saved. Correct what the next line says, then run the same command again`,
      );
      throw error;
    }
  }
}

/** The form in which Rocket.Chat takes a password as second factor: SHA-256 in hex; empty for none. */
export function digestOf(password: string): string {
  return password === "" ? "" : createHash("sha256").update(password).digest("hex");
}

function randomPassword(): string {
  return randomBytes(32).toString("base64url");
}
