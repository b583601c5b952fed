// Owns asking a gateway process what it uses.

import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";

const PRELOAD = pathToFileURL(join(import.meta.dirname, "process", "probe.mjs")).href;

/** The CPU of all threads since the process began, and what it holds after a collection of garbage. */
const usageSchema = z.object({
  cpuMs: z.number(),
  /** Bytes. */
  rss: z.number(),
  /** Bytes that live objects and their buffers take. */
  used: z.number(),
  /** Bytes handed to the disk since the process began. */
  written: z.number(),
  /** The delay of the event loop that 99 % did not exceed since the last question. */
  delayP99Ms: z.number(),
  /** Timers that run and keep the process alive. */
  timers: z.number(),
});
const peakSchema = z.object({ peak: z.number() });
const cpuSchema = z.object({ cpuMs: z.number() });

export type Usage = z.infer<typeof usageSchema>;

/** The process rests when it used no more than this share of a processor for half a second. */
const RESTING_SHARE = 0.1;
const RESTING_MS = 500;
const RESTING_TIMEOUT_MS = 300_000;

/** The variables under which a process listens for questions at `path`, beside what it runs under already. */
export function probeEnvironment(path: string, { NODE_OPTIONS = "" }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `${NODE_OPTIONS} --expose-gc --import=${PRELOAD}`.trim(), BENCH_PROBE: path };
}

export class Probe {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async usage(): Promise<Usage> {
    return usageSchema.parse(await this.#ask("usage"));
  }

  /** Resolves when the process has nothing to do; answers its CPU time by then. */
  async rest(): Promise<number> {
    const deadline = performance.now() + RESTING_TIMEOUT_MS;
    let before = await this.#cpu();
    while (performance.now() < deadline) {
      await wait(RESTING_MS);
      const after = await this.#cpu();
      if (after - before <= RESTING_SHARE * RESTING_MS) return after;
      before = after;
    }
    throw new Error("The gateway did not come to rest.");
  }

  /** From now on the peak is counted anew. */
  async resetPeak(): Promise<void> {
    await this.#ask("peak reset");
  }

  /** The most bytes of memory that the process held since `resetPeak`. */
  async peak(): Promise<number> {
    return peakSchema.parse(await this.#ask("peak")).peak;
  }

  /** The CPU that the resting process takes by itself, as a share of one processor. */
  async idleShare(ms = 4_000): Promise<number> {
    await this.rest();
    const [before, start] = [await this.#cpu(), performance.now()];
    await wait(ms);
    return ((await this.#cpu()) - before) / (performance.now() - start);
  }

  /** Writes a CPU profile of what happens meanwhile when `BENCH_PROFILES` names a folder. */
  async profiled<T>(name: string, run: () => Promise<T>): Promise<T> {
    const folder = process.env.BENCH_PROFILES;
    if (folder === undefined) return run();
    await this.#ask("profile start");
    const result = await run();
    await this.#ask(`profile stop ${join(folder, `${name}.cpuprofile`)}`);
    return result;
  }

  async #cpu(): Promise<number> {
    return cpuSchema.parse(await this.#ask("cpu")).cpuMs;
  }

  async #ask(question: string): Promise<unknown> {
    const socket = connect(this.#path);
    try {
      await once(socket, "connect");
      socket.write(`${question}\n`);
      const [line] = await once(createInterface(socket), "line");
      return JSON.parse(String(line));
    } finally {
      socket.destroy();
    }
  }
}
