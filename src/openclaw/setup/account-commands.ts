// Owns `openclaw rocketchat rotate` and `openclaw rocketchat deprovision`.

import { setTimeout as wait } from "node:timers/promises";
import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { callGatewayFromCli, isGatewayTransportError } from "openclaw/plugin-sdk/gateway-runtime";
import { createClackPrompter } from "openclaw/plugin-sdk/setup-runtime";
import { z } from "zod";
import { type ConnectionHandlers, createConnection, systemClock } from "../../connection/driver.ts";
import { ConfigError } from "../../errors.ts";
import { isJsonObject, readNumber, readObject, readObjects } from "../../facts/json.ts";
import type { Session } from "../../rest/administration.ts";
import type { SetupClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { openSocketFor } from "../account/sockets.ts";
import { assertServerAllowed, openSetupClient } from "../account/transport.ts";
import {
  inspectAccount,
  listAccountIds,
  resolveDefaultAccountId,
  resolveEndpoints,
} from "../config/account.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { planDeprovision } from "./deprovision.ts";
import { openMachine } from "./machine.ts";
import { AdminOptionsSchema, asAdministrator, carryOut, explainFailures } from "./provision-command.ts";
import { planRotation, type RotatePort } from "./rotate.ts";

const RotateSchema = AdminOptionsSchema.omit({ admin: true }).extend({ account: z.string().optional() });

/** Replaces the token of one account without a moment in which the bot does not listen. */
export function runRotate(cfg: OpenClawConfig, given: unknown): Promise<number> {
  return explainFailures("rotate", async () => {
    const options = RotateSchema.parse(given);
    const account = accountOf(cfg, options.account);
    await assertServerAllowed(account);
    const port = openRotatePort(account);
    await carryOut(await planRotation(account.accountId, port), options, port);
  });
}

const DeprovisionSchema = AdminOptionsSchema.extend({ account: z.string() });

/** Deactivates the bot user of an account and removes the account. */
export function runDeprovision(cfg: OpenClawConfig, given: unknown): Promise<number> {
  return explainFailures("deprovision", async () => {
    const options = DeprovisionSchema.parse(given);
    const account = accountOf(cfg, options.account);
    await assertServerAllowed(account);
    await asAdministrator(account, options, async ({ session, openClient }) => {
      const port = { ...openMachine(), openClient };
      await carryOut(await planDeprovision(account.accountId, session, port), options, port);
    });
  });
}

/** The account of a name, or the default one. Throws ConfigError for a name that no account has. */
export function accountOf(cfg: OpenClawConfig, name: string | undefined): AccountSettings {
  const known = listAccountIds(cfg);
  const id = normalizeAccountId(name ?? resolveDefaultAccountId(cfg));
  if (known.some((one) => normalizeAccountId(one) === id)) return inspectAccount(cfg, id);
  throw new ConfigError(`There is no account ${id}. There are: ${known.join(", ")}`, { path: "account" });
}

function openRotatePort(account: AccountSettings): RotatePort {
  return {
    ...openMachine(),
    openClient: (session: Session | undefined): SetupClient =>
      openSetupClient({ ...account, userId: session?.userId ?? "", pat: session?.token ?? "" }),
    tryOverSocket,
    waitUntilListening,
    askPassword: async (username) => process.env.ROCKETCHAT_BOT_PASSWORD ?? (await askAtTerminal(username)),
  };
}

async function askAtTerminal(username: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  return createClackPrompter().text({ message: `Password of @${username} (not kept)`, sensitive: true });
}

const LOGIN_TIMEOUT_MS = 30_000;

async function tryOverSocket(account: AccountSettings, session: Session): Promise<void> {
  const settings = { ...account, pat: session.token, patStatus: "available" as const };
  const end = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(
    () =>
      reject(
        new ConfigError("The server did not take the new token over the socket in time", { path: "pat" }),
      ),
    LOGIN_TIMEOUT_MS,
  );
  const connection = createConnection({
    url: resolveEndpoints(settings).socket,
    openSocket: openSocketFor(settings, () => {}),
    credentials: session,
    streams: [],
    clock: systemClock,
    random: Math.random,
  });
  const handlers: ConnectionHandlers = {
    onEvent: () => undefined,
    onState: ({ state, error }) => {
      if (state === "online") resolve();
      if (state === "blocked") reject(error);
    },
    onDrop: () => {},
  };
  const done = connection.run(handlers, end.signal);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    end.abort();
    await done;
  }
}

const LISTEN_TIMEOUT_MS = 120_000;
const LOOK_INTERVAL_MS = 1_000;

/** The close code of a connection that was never there. */
const NEVER_OPENED = 1006;

/** A gateway that does not run listens with nothing, so there is nothing to wait for. */
async function waitUntilListening(accountId: string, since: number): Promise<boolean> {
  const deadline = AbortSignal.timeout(LISTEN_TIMEOUT_MS);
  while (!deadline.aborted) {
    try {
      const status = await callGatewayFromCli("channels.status", {}, {}, { progress: false });
      if ((readConnectedSince(status, accountId) ?? 0) >= since) return true;
    } catch (error) {
      if (isGatewayTransportError(error) && error.code === NEVER_OPENED) return true;
    }
    await wait(LOOK_INTERVAL_MS);
  }
  return false;
}

function readConnectedSince(status: Record<string, unknown>, accountId: string): number | undefined {
  const accounts = readObjects(readObject(status, "channelAccounts") ?? {}, CHANNEL_ID);
  const found = accounts.find((one) => one.accountId === accountId);
  const health = found && isJsonObject(found.health) ? found.health : undefined;
  return health && readNumber(health, "connectedSince");
}
