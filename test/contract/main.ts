// The program behind `npm run contract`: is this server a Rocket.Chat? Without an address it asks the emulator.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Credentials, decodeCredentials } from "./credentials.ts";
import { startEmulated } from "./emulated.ts";
import { PATIENT } from "./quiet.ts";
import { formatRecording, PROFILES, type Profile } from "./recording/recording.ts";
import { seed } from "./seed.ts";
import type { Target } from "./stage.ts";
import { loadIgnoreRules, runSuite, type Score } from "./suite.ts";

const USAGE = `usage: npm run contract -- [options]

Plays the scenarios against a server and compares what it says with the recordings of a real one.
Without --url the emulator is started and asked.

  --url URL            the server, as http://127.0.0.1:3000
  --creds FILE         logins as JSON: {users: {labbot, alice, bob, mallory}, admin?}; each {username, password,
                       userId, authToken}, labbot with personalAccessToken and the roles user and bot
  --admin NAME         in place of --creds: make these users on a fresh server as this administrator,
  --password-env VAR   whose password is in this variable of the environment
  --profile 8.3|7.7|6.5  which recordings to compare with; 8.3 when absent
  --only A,B           these scenarios only
  --min P              exit with 1 when less than P percent of the steps agree
  --quiet              print the scores, not the differences
  --out DIR            write what was recorded to DIR, one file a scenario
  --one-address        call from one address only, where the machine has just 127.0.0.1
  --save-creds FILE    write the logins of the users that were made`;

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    creds: { type: "string" },
    admin: { type: "string" },
    "password-env": { type: "string" },
    profile: { type: "string", default: "8.3" },
    only: { type: "string" },
    min: { type: "string" },
    quiet: { type: "boolean", default: false },
    out: { type: "string" },
    "one-address": { type: "boolean", default: false },
    "save-creds": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const profile = PROFILES.find((known) => known === options.profile);
  if (options.help || !profile) {
    console.log(USAGE);
    return options.help ? 0 : 2;
  }
  try {
    if (options.url !== undefined)
      return await play(profile, await findTarget(options.url.replace(/\/+$/, "")));
    const emulated = await startEmulated(profile);
    return await play(profile, emulated.target).finally(emulated.close);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

async function findTarget(url: string): Promise<Target> {
  return { url, credentials: await findCredentials(url), pace: PATIENT, oneAddress: options["one-address"] };
}

async function findCredentials(url: string): Promise<Credentials> {
  if (options.creds) return decodeCredentials(readFileSync(options.creds, "utf8"));
  const password = process.env[options["password-env"] ?? ""];
  if (!options.admin || !password) throw new Error("give --creds, or --admin with --password-env");
  return seed(url, { username: options.admin, password });
}

async function play(profile: Profile, target: Target): Promise<number> {
  if (options["save-creds"]) writePrivately(options["save-creds"], target.credentials);
  if (options.out) mkdirSync(options.out, { recursive: true });
  const score = await runSuite({
    target,
    profile,
    only: options.only?.split(",").map((name) => name.trim()),
    rules: loadIgnoreRules(),
    report: ({ scenario, agree, total, differences }) => {
      if (!options.quiet) for (const line of differences) console.log(line);
      console.log(`${scenario}: ${agree} of ${total} steps agree`);
    },
    keep: (recording) => {
      const file = options.out && join(options.out, `${recording.scenario}.jsonl`);
      if (file) writeFileSync(file, formatRecording(recording));
    },
  });
  printScore(profile, score);
  return options.min !== undefined && score.percent < Number(options.min) ? 1 : 0;
}

function writePrivately(file: string, credentials: Credentials): void {
  writeFileSync(file, `${JSON.stringify(credentials, null, 1)}\n`, { mode: 0o600 });
}

function printScore(profile: Profile, { agree, total, percent, unused, skipped, verdicts }: Score): void {
  const ignored = verdicts.flatMap((verdict) => [...verdict.ignored.values()].flat()).length;
  for (const name of skipped) console.log(`skipped: ${name} needs an administrator`);
  for (const rule of unused) console.log(`unused ignore rule: ${rule.scenario ?? "*"} /${rule.match}/`);
  console.log(`differences ignored for a reason in ignore.json: ${ignored}`);
  console.log(`total, profile ${profile}: ${agree} of ${total} steps agree (${percent.toFixed(1)} %)`);
}
