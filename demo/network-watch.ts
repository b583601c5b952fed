// Owns watching that no process of a demo leaves the loopback interface.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const PRELOAD = pathToFileURL(join(import.meta.dirname, "loopback-only.mjs")).href;

const entrySchema = z.object({
  kind: z.enum(["process", "connect", "lookup", "datagram"]),
  target: z.string().optional(),
  pid: z.number(),
  program: z.string(),
});

export interface WatchOptions {
  /** Where the watched processes write. */
  readonly file: string;
  /** Names and addresses that may be reached. */
  readonly allow?: readonly string[];
  /** Lets every attempt to reach another place fail. */
  readonly refuse?: boolean;
}

/** The variables under which every Node process, and every one that it starts, is watched. */
export function watchEnvironment({ file, allow = [], refuse = false }: WatchOptions): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${PRELOAD}`.trim(),
    ROCKETCHAT_NETWORK_LOG: file,
    ROCKETCHAT_NETWORK_ALLOW: allow.join(","),
    ROCKETCHAT_NETWORK_REFUSE: refuse ? "1" : "",
  };
}

export interface WatchReport {
  /** How many processes were watched. */
  readonly processes: number;
  /** One line for each attempt to reach a place outside, such as `lookup example.test by npm install`. */
  readonly outside: readonly string[];
}

export async function readWatchReport(file: string): Promise<WatchReport> {
  const text = existsSync(file) ? await readFile(file, "utf8") : "";
  const entries = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => entrySchema.parse(JSON.parse(line)));
  return {
    processes: entries.filter(({ kind }) => kind === "process").length,
    outside: entries
      .filter(({ kind }) => kind !== "process")
      .map(({ kind, target, program, pid }) => `${kind} ${target} by ${program} (process ${pid})`),
  };
}
