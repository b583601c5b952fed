// Owns replacing a token that works: a new one first, tried over the socket and taken up, and only then the old one revoked.

import { ConfigError, RestError } from "../../errors.ts";
import { issueToken, listTokens, removeToken, type Session } from "../../rest/administration.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { setAccountKeys } from "./config-edit.ts";
import { digestOf, type Plan, type ProvisionPort, type Step, TOKEN_NAME } from "./provision.ts";
import { describePlace, findTokenPlace, resolveToken, type TokenPlace } from "./token-place.ts";

export interface RotatePort extends ProvisionPort {
  /** Logs in over the socket with these credentials. Rejects when the server refuses them. */
  tryOverSocket(account: AccountSettings, session: Session): Promise<void>;
  /** Waits until a running gateway listens with a token that was put in place at `since` (epoch ms); false when it does not. */
  waitUntilListening(accountId: string, since: number): Promise<boolean>;
  /** The bot user's password, for a server that asks for it; undefined when nobody answers. */
  askPassword(username: string): Promise<string | undefined>;
}

/** A token's name says which one it replaces, by the part that the server shows of it: so a run that broke off is recognized. */
const nameAfter = (lastTokenPart: string): string => `${TOKEN_NAME}-after-${lastTokenPart}`;

const LAST_PART = 6;

/**
 * Plans the replacement of an account's token; one that was begun and broke off is finished. Rejects with ConfigError
 * when the present token cannot be read here, and with the server's error when it does not work.
 */
export async function planRotation(accountId: string, port: RotatePort): Promise<Plan> {
  const { cfg, authored } = await port.readConfig();
  const account = await resolveToken(cfg, accountId, port);
  const place = findTokenPlace(account, authored);
  const where = describePlace(place, account);
  if (account.pat === "") throw unreadable(account, where);
  const rest = port.openClient({ userId: account.userId, token: account.pat });
  const tokens = await listTokens(rest);
  const last = account.pat.slice(-LAST_PART);
  const current = tokens.find(({ lastTokenPart }) => lastTokenPart === last);
  const replaced = tokens.find(({ lastTokenPart }) => current?.name === nameAfter(lastTokenPart));
  const scope = { account, place, where, rest, port };
  const step = replaced ? planRevocation(scope, replaced.name) : planReplacement(scope, current?.name);
  return { steps: [step], notes: [] };
}

function unreadable({ accountId, keyPaths }: AccountSettings, where: string): ConfigError {
  return new ConfigError(
    `The token of the account ${accountId} cannot be read from ${where} here. Run this where the gateway can read it`,
    { path: keyPaths.pat },
  );
}

interface Scope {
  readonly account: AccountSettings;
  readonly place: TokenPlace;
  readonly where: string;
  readonly rest: RestClient;
  readonly port: RotatePort;
}

function planRevocation(scope: Scope, name: string): Step {
  const text = `revoke the token "${name}" of @${scope.account.username}, which was replaced`;
  return { text, run: () => withDigest(scope, (digest) => removeToken(scope.rest, name, digest)) };
}

function planReplacement(scope: Scope, oldName: string | undefined): Step {
  const { account, where, rest } = scope;
  const newName = nameAfter(account.pat.slice(-LAST_PART));
  return {
    text: `issue a new token for @${account.username}, put it into ${where}, and revoke the old one when the gateway listens with the new one`,
    run: () =>
      withDigest(scope, async (digest) => {
        const token = await issueToken(rest, newName, digest);
        await scope.port.tryOverSocket(account, { userId: account.userId, token });
        const since = Date.now();
        if (!(await putInPlace(scope, token))) return;
        await finish(scope, { token, since, oldName, digest });
      }),
  };
}

/** Whether the token is where the gateway reads it. */
async function putInPlace({ account, place, where, port }: Scope, token: string): Promise<boolean> {
  const { accountId, username } = account;
  if (place.kind === "text") {
    await port.changeConfig((draft) => setAccountKeys(draft, accountId, { pat: token }));
    return true;
  }
  if (place.kind === "reference" && (await port.storeSecret(place.reference, token))) return true;
  port.say(
    `The new token of @${username} belongs into ${where}, where this program cannot write. It is shown this once: ${token}`,
  );
  port.say(
    "Put it there, restart the gateway, and run the same command again: that revokes the old token, which works until then",
  );
  return false;
}

interface Finishing {
  readonly token: string;
  readonly since: number;
  readonly oldName: string | undefined;
  readonly digest: string;
}

async function finish({ account, port }: Scope, { token, since, oldName, digest }: Finishing): Promise<void> {
  if (oldName === undefined) return;
  if (!(await port.waitUntilListening(account.accountId, since)))
    return port.say(
      "The gateway has not taken the new token up yet, so the old one still works. Look at `openclaw channels status --probe`, then run the same command again to revoke it",
    );
  await removeToken(port.openClient({ userId: account.userId, token }), oldName, digest);
}

/** Some versions ask for the bot user's password, whatever the token is allowed (8.x before 8.6). */
async function withDigest({ account, port }: Scope, act: (digest: string) => Promise<void>): Promise<void> {
  try {
    await act("");
  } catch (error) {
    if (!(error instanceof RestError) || error.serverCode !== "totp-required") throw error;
    await act(digestOf(await needPassword(account.username, port)));
  }
}

/** Provisioning gives a bot user a password that nobody knows. */
async function needPassword(username: string, port: RotatePort): Promise<string> {
  const password = await port.askPassword(username);
  if (password) return password;
  throw new ConfigError(
    `This server asks for the password of @${username}, and none was given. Run this at a terminal, or put the password into the variable ROCKETCHAT_BOT_PASSWORD. When nobody knows it, remove the token in Rocket.Chat and run \`openclaw rocketchat provision\` for a new one`,
    { path: "ROCKETCHAT_BOT_PASSWORD" },
  );
}
