// Owns `openclaw rocketchat doctor`: the checks of every account and the way of one message, printed for a person or a program.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { readChannelAllowFromStore } from "openclaw/plugin-sdk/channel-pairing";
import { resolveStateDir } from "openclaw/plugin-sdk/state-paths";
import { z } from "zod";
import { describe, toLines } from "../../../log.ts";
import { fetchRoomState } from "../../../rest/rooms.ts";
import { openPairingMemory } from "../../account/memory/pairing-memory.ts";
import { inspectAccount, listAccountIds, resolveDefaultAccountId } from "../../config/account.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { resolveReference } from "../machine.ts";
import { resolveToken } from "../token-place.ts";
import {
  type AccountReport,
  type Check,
  checkGroupReplies,
  checkPosting,
  type DoctorPort,
  examineAccount,
  openImpatientClient,
} from "./doctor.ts";
import { GATES, type Gate, SHUT, type ShutGate } from "./gates.ts";
import { openReportPort, REPORT_FILE, type ReportPort, writeReport } from "./report.ts";
import { judgeMessage } from "./silence.ts";

const OptionsSchema = z.object({
  account: z.string().optional(),
  room: z.string().optional(),
  person: z.string().optional(),
  message: z.string().optional(),
  json: z.boolean().default(false),
  report: z.union([z.boolean(), z.string()]).default(false),
});
type Options = z.infer<typeof OptionsSchema>;

const MARKS = { ok: "✓", warning: "!", failure: "✗" } as const;

type Print = (text: string) => void;

const toTerminal: Print = (text) => void process.stdout.write(text);

/** What the doctor needs besides the configuration; the terminal and this machine when not given. */
export interface DoctorRun {
  readonly print?: Print;
  readonly versions?: ReportPort["versions"];
  readonly report?: Partial<ReportPort>;
}

/** Prints what it finds; the exit code is 1 when a check failed or a gate is shut. */
export async function runDoctor(
  cfg: OpenClawConfig,
  given: unknown,
  { print: write = toTerminal, versions = {}, report: reportPort }: DoctorRun = {},
): Promise<number> {
  const print: Print = (text) => write(toLines(text));
  const options = OptionsSchema.parse(given);
  const port = openDoctorPort(cfg);
  if (options.person !== undefined)
    return printWay(cfg, { ...options, person: options.person }, { port, print });
  if (options.room !== undefined) {
    print("rocketchat doctor: --room needs --person, for example --person @alice\n");
    return 2;
  }
  if (options.report !== false && options.json) {
    print("rocketchat doctor: give --report or --json, not both\n");
    return 2;
  }
  const names = options.account === undefined ? listAccountIds(cfg) : [options.account];
  const reports: AccountReport[] = [];
  for (const name of names) {
    const report = await examineAccount(cfg, name, port);
    reports.push(report);
    if (!options.json) print(`Account ${report.accountId}\n${report.checks.map(format).join("")}`);
  }
  const failed = reports.some(({ checks }) => countOf(checks, "failure") > 0);
  print(
    options.json
      ? `${JSON.stringify({ ok: !failed, accounts: reports }, undefined, 2)}\n`
      : summarize(cfg, reports),
  );
  if (options.report !== false) {
    const file = options.report === true ? REPORT_FILE : options.report;
    const opened = { ...openReportPort(port.resolveSecret, versions), ...reportPort };
    const path = await writeReport(cfg, reports, { file, port: opened });
    print(`\nWritten: ${path}. No token is in it; names of people and rooms are. Read it, then pass it on\n`);
  }
  return failed ? 1 : 0;
}

function openDoctorPort(cfg: OpenClawConfig): DoctorPort {
  return {
    resolveSecret: (value, path) => resolveReference(cfg, value, path),
    async readWaiting(accountId) {
      const directory = join(resolveStateDir(), CHANNEL_ID);
      if (!existsSync(join(directory, `pairings-${accountId}.sqlite`))) return [];
      const approved = new Set(await readPaired(accountId));
      const memory = openPairingMemory(directory, accountId, Date.now);
      try {
        return memory.waiting().filter(({ userId }) => !approved.has(userId));
      } finally {
        memory.close();
      }
    },
  };
}

const readPaired = (accountId: string): Promise<string[]> =>
  readChannelAllowFromStore(CHANNEL_ID, process.env, accountId);

function format({ id, outcome, found, remedy }: Check): string {
  const line = `  ${MARKS[outcome]} ${id}: ${found}\n`;
  return remedy === undefined ? line : `${line}      ${remedy}\n`;
}

const countOf = (checks: readonly Check[], outcome: Check["outcome"]): number =>
  checks.filter((check) => check.outcome === outcome).length;

/** One line for each account, whatever happened. */
function summarize(cfg: OpenClawConfig, reports: readonly AccountReport[]): string {
  const rows = reports.map(({ accountId, checks }) => {
    const { username, serverUrl } = inspectAccount(cfg, accountId);
    const bad = checks.filter(({ outcome }) => outcome !== "ok").map(({ id }) => id);
    const counts = `${countOf(checks, "failure")} failed, ${countOf(checks, "warning")} to look at`;
    const verdict = bad.length === 0 ? "all well" : `${counts}: ${[...new Set(bad)].join(", ")}`;
    return [accountId, username === "" ? "-" : `@${username}`, serverUrl === "" ? "-" : serverUrl, verdict];
  });
  const table = [["Account", "Bot", "Server", "Result"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `\n${lines.join("\n")}\n`;
}

interface Way {
  readonly shut: ShutGate | undefined;
  /** How far the message came. */
  readonly passed: readonly Gate[];
}

/** Walks through the gates in their order and stops at the one that is shut. */
export async function walkGates(
  cfg: OpenClawConfig,
  options: Pick<Options, "account" | "room" | "message"> & { readonly person: string },
  port: DoctorPort,
): Promise<Way> {
  const name = options.account ?? resolveDefaultAccountId(cfg);
  const shut = await findShutGate(cfg, { ...options, account: name }, port);
  const order = Object.keys(GATES) as Gate[];
  const passed = shut === undefined ? order : order.slice(0, order.indexOf(shut.gate));
  return { shut, passed };
}

async function findShutGate(
  cfg: OpenClawConfig,
  options: Pick<Options, "room" | "message"> & { readonly account: string; readonly person: string },
  port: DoctorPort,
): Promise<ShutGate | undefined> {
  const { checks } = await examineAccount(cfg, options.account, port);
  const broken = checks.find(({ outcome, id }) => ACCOUNT_CHECKS.has(id) && outcome !== "ok");
  if (broken !== undefined) return atGate("account", broken);
  const account = await resolveToken(cfg, inspectAccount(cfg, options.account).accountId, port);
  const rest = openImpatientClient(account);
  const { room, person, message: text } = options;
  const readWaiting = () => readPaired(account.accountId);
  const { outcome, room: place } = await judgeMessage({
    cfg,
    account,
    rest,
    room,
    person,
    text,
    readPaired: readWaiting,
  });
  if (outcome.kind === "dropped") return SHUT[outcome.reason];
  if (room === undefined) return undefined;
  const posting = checkPosting(place, await fetchRoomState(rest, place.id), account);
  const replies = [posting, checkGroupReplies(cfg)].find(({ outcome: verdict }) => verdict !== "ok");
  return replies && atGate("answer", replies);
}

/** Checks without which no message arrives. */
const ACCOUNT_CHECKS = new Set(["account", "config", "enabled", "server", "token"]);

function atGate(gate: Gate, { id, found, remedy = "" }: Check): ShutGate {
  return { gate, found: id === gate ? found : `${id}: ${found}`, remedy };
}

async function printWay(
  cfg: OpenClawConfig,
  options: Options & { readonly person: string },
  { port, print }: { readonly port: DoctorPort; readonly print: Print },
): Promise<number> {
  try {
    const way = await walkGates(cfg, options, port);
    if (options.json) print(`${JSON.stringify({ ok: way.shut === undefined, ...way }, undefined, 2)}\n`);
    else print(`${headWay(cfg, options)}${formatWay(way)}`);
    return way.shut === undefined ? 0 : 1;
  } catch (error) {
    print(`rocketchat doctor: ${describe(error)}\n`);
    return 1;
  }
}

/** Whose message goes where, and to which bot: with several accounts that is not plain. */
function headWay(
  cfg: OpenClawConfig,
  { account, person, room }: Pick<Options, "account" | "room"> & { readonly person: string },
): string {
  const { accountId, username } = inspectAccount(cfg, account ?? resolveDefaultAccountId(cfg));
  const others = listAccountIds(cfg).filter((id) => normalizeAccountId(id) !== accountId);
  const hint =
    account !== undefined || others.length === 0 ? "" : `; --account chooses ${others.join(" or ")}`;
  const place = room === undefined ? "in a direct message" : `in ${room}`;
  return `${person} ${place} to @${username} (account ${accountId}${hint})\n`;
}

function formatWay({ passed, shut }: Way): string {
  const open = passed.map((gate) => `  ✓ ${gate}: ${GATES[gate]}\n`).join("");
  if (shut === undefined)
    return `${open}Every gate is open: such a message is answered while the gateway runs. If it was not, look at \`openclaw channels status --probe\`, and at the log of that time\n`;
  return `${open}  ✗ ${shut.gate}: ${shut.found}\n      ${shut.remedy}\n`;
}
