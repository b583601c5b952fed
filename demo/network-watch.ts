// Owns keeping the processes of a demo on the loopback interface, and knowing what they tried.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const PRELOAD = pathToFileURL(join(import.meta.dirname, "loopback-only.mjs")).href;

const entrySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("process"), pid: z.number(), program: z.string() }),
  z.object({
    kind: z.enum(["connect", "lookup", "datagram"]),
    target: z.string(),
    pid: z.number(),
    program: z.string(),
  }),
]);

export interface WatchOptions {
  /** Where the watched processes write. */
  readonly file: string;
  /** Names and addresses beyond loopback that may be reached. */
  readonly allow?: readonly string[];
}

/** The variables under which every Node process, and every one that it starts, stays on loopback. */
export function watchEnvironment({ file, allow = [] }: WatchOptions): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${PRELOAD}`.trim(),
    ROCKETCHAT_NETWORK_LOG: file,
    ROCKETCHAT_NETWORK_ALLOW: allow.join(","),
  };
}

/** Puts this process, and everything that it starts from here on, under the watch. */
export async function watchFromHereOn(options: WatchOptions): Promise<void> {
  Object.assign(process.env, watchEnvironment(options));
  await import(PRELOAD);
}

/** An attempt to leave, which was refused. */
export interface Refusal {
  /** Such as `lookup example.test` or `connect 192.0.2.1`. */
  readonly attempt: string;
  /** Who tried, such as `/…/openclaw.mjs gateway`. */
  readonly program: string;
}

export interface WatchReport {
  /** How many processes were watched. */
  readonly processes: number;
  readonly refusals: readonly Refusal[];
}

/** Reads what the processes wrote so far. */
export async function readWatchReport(file: string): Promise<WatchReport> {
  const text = existsSync(file) ? await readFile(file, "utf8") : "";
  const lines = text.split("\n").filter((line) => line !== "");
  const entries = lines.map((line) => entrySchema.parse(JSON.parse(line)));
  return {
    processes: entries.filter(({ kind }) => kind === "process").length,
    refusals: entries.flatMap((entry) =>
      entry.kind === "process" ? [] : [{ attempt: `${entry.kind} ${entry.target}`, program: entry.program }],
    ),
  };
}
