// Owns the file that goes with the report of a fault: what runs, how it is set and what happened, without a secret.

import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { arch, platform, release } from "node:os";
import { join, resolve } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { callGatewayFromCli } from "openclaw/plugin-sdk/gateway-runtime";
import { resolveStateDir } from "openclaw/plugin-sdk/state-paths";
import { isJsonObject, readObject, readObjects, readText } from "../../../facts/json.ts";
import { createRedactor, describe, isSecretKey, toOneLine } from "../../../log.ts";
import { listAccountIds } from "../../config/account.ts";
import { ENVIRONMENT } from "../../config/environment.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { secretForms } from "../../config/secrets.ts";
import { readOutput } from "../machine.ts";
import { resolveToken, type TokenPort } from "../token-place.ts";
import type { AccountReport } from "./doctor.ts";

/** What the machine is asked for; each answers with undefined, or rejects, where it cannot be had. */
export interface ReportPort extends Pick<TokenPort, "resolveSecret"> {
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** The answer of the gateway's `channels.status`. */
  readStatus(): Promise<unknown>;
  /** OpenClaw's log, as `openclaw channels logs --json` prints it. */
  readLog(): Promise<unknown>;
}

export const REPORT_FILE = "rocketchat-report.json";
const LOG_LINES = 200;
/** OpenClaw reads the last megabyte; ours are picked out of so many lines. */
const READ_LINES = 5_000;
const HIDDEN = "[hidden]";

const ABOUT =
  "Holds no token, no password and no text of a message. It does hold the server's address and the names and ids of " +
  "users and rooms: read it before you pass it on.";

export function openReportPort(
  resolveSecret: ReportPort["resolveSecret"],
  versions: ReportPort["versions"],
): ReportPort {
  return {
    resolveSecret,
    versions,
    readStatus: () => callGatewayFromCli("channels.status", {}, {}, { progress: false }),
    readLog: async () => {
      const args = ["channels", "logs", "--channel", "all", "--lines", String(READ_LINES), "--json"];
      const output = await readOutput(args);
      return output === undefined ? undefined : JSON.parse(output);
    },
  };
}

/** Writes the file, readable for its owner alone; answers its whole path. Rejects when it cannot be written. */
export async function writeReport(
  cfg: OpenClawConfig,
  findings: readonly AccountReport[],
  { file, port }: { readonly file: string; readonly port: ReportPort },
): Promise<string> {
  const report = {
    about: ABOUT,
    writtenAt: new Date().toISOString(),
    versions: { ...port.versions, node: process.version, system: `${platform()} ${release()} ${arch()}` },
    findings,
    settings: hide(cfg.channels?.[CHANNEL_ID] ?? {}),
    bindings: (cfg.bindings ?? []).filter(({ match }) => match.channel === CHANNEL_ID),
    variables: Object.values(ENVIRONMENT).filter((name) => process.env[name] !== undefined),
    counters: await attempt(async () => readAccounts(await port.readStatus())),
    files: await attempt(async () => listFiles(join(resolveStateDir(), CHANNEL_ID))),
    log: await attempt(async () => readLines(await port.readLog())),
  };
  const redact = createRedactor(await listSecrets(cfg, port));
  const path = resolve(file);
  // Value by value: what JSON writes around quotation marks would hide a secret from the redactor.
  const clean = (key: string, value: unknown): unknown =>
    typeof value !== "string" ? value : isSecretKey(key) ? HIDDEN : redact(value);
  // A file that is there would keep its mode, and a link its place.
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(report, clean, 2)}\n`, { mode: 0o600, flag: "wx" });
  return path;
}

/** What one part of the report is, or why it is not there: the others are wanted all the more then. */
async function attempt<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    return `could not be read: ${toOneLine(describe(error))}`;
  }
}

async function listSecrets(cfg: OpenClawConfig, port: Pick<ReportPort, "resolveSecret">): Promise<string[]> {
  const accounts = await Promise.all(listAccountIds(cfg).map((id) => resolveToken(cfg, id, port)));
  return [...accounts.map(({ pat }) => pat), process.env[ENVIRONMENT.pat] ?? ""].flatMap(secretForms);
}

/** Values that are nobody else's business; a reference to a token says where it is, and stays. */
function hide(settings: unknown): unknown {
  if (Array.isArray(settings)) return settings.map(hide);
  if (!isJsonObject(settings)) return settings;
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      const hidden = isSecretKey(key) || key === "systemPrompt" || (key === "pat" && !isJsonObject(value));
      return [key, hidden ? HIDDEN : hide(value)];
    }),
  );
}

/** The accounts of this channel in the gateway's status, `health` with its counters among it. */
function readAccounts(status: unknown): unknown {
  if (!isJsonObject(status)) return "the gateway did not answer";
  return readObjects(readObject(status, "channelAccounts") ?? {}, CHANNEL_ID).map(hide);
}

function listFiles(folder: string): unknown {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const { size, mtime } = statSync(join(folder, name));
      return { name, bytes: size, changedAt: mtime.toISOString() };
    });
}

/** OpenClaw names lines of a channel "rocketchat", and its own about it "gateway/channels/rocketchat" or the like. */
function readLines(log: unknown): unknown {
  if (!isJsonObject(log)) return "the log could not be read";
  const ours = readObjects(log, "lines").filter((line) =>
    ["subsystem", "module", "plugin"].some((key) => readText(line, key)?.split("/").includes(CHANNEL_ID)),
  );
  return ours
    .slice(-LOG_LINES)
    .map((line) =>
      toOneLine(["time", "level", "message"].map((key) => readText(line, key) ?? "-").join(" ")),
    );
}
