// Owns one real OpenClaw gateway in a folder of its own, with the packed plugin, installed as a user would.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import {
  type ConfigObject,
  configPath,
  type Isolation,
  isolatedConfig,
  isolatedEnvironment,
  stateFolder,
  temporaryFolder,
} from "./gateway-config.ts";
import { listenOnLoopback } from "./listen.ts";
import { readWatchReport, type WatchOptions, type WatchReport, watchEnvironment } from "./network-watch.ts";
import { environment } from "./pack.ts";
import { type Finished, runProgram, signalGroup } from "./process.ts";
import { openSandbox, type Sandbox } from "./sandbox.ts";

const CHANNEL_ID = "rocketchat";
const INSTALLED = join(import.meta.dirname, "..", "node_modules", "openclaw", "openclaw.mjs");
const CLI_TIMEOUT_MS = 240_000;
/** For what hangs: a gateway on a busy machine may need minutes until its channels run. */
const WAIT_TIMEOUT_MS = 240_000;
const PROBE_INTERVAL_MS = 200;
/** A gateway drains for minutes when a turn hangs; after this grace it is killed. */
const STOP_GRACE_MS = 10_000;
const OUTPUT_TAIL_LINES = 40;
/**
 * On a machine that is busy, OpenClaw 2026.9.6 gives up its start when one of its threads does not come up within five
 * seconds. It starts when it is asked again, as a service manager does.
 */
const GAVE_UP = /state lease heartbeat did not become ready/;
const MAX_STARTS = 3;

const configSchema = z.record(z.string(), z.unknown());

export interface GatewayOptions {
  /** The packed plugin. */
  readonly tarball: string;
  /** Where the tarball lies unpacked, if the gateway is to load it from there: that takes no installation. */
  readonly unpacked?: string | undefined;
  /** OpenClaw's program, if not the installed one. */
  readonly openclaw?: string | undefined;
  /** The base address of the model server. */
  readonly modelUrl: string;
  /** The `channels` section, written after the plugin is installed: before that, OpenClaw refuses its name. */
  readonly channels: ConfigObject;
  /** Further top-level sections, which replace the isolated ones of the same name. */
  readonly config?: ConfigObject;
  /** What may be reached beyond loopback, nothing if not given, and where attempts are written down. */
  readonly watch?: WatchOptions;
  /** Further variables for the gateway and for every command. */
  readonly env?: NodeJS.ProcessEnv;
  /** Told what is going on, one short line a step. */
  readonly onProgress?: (step: string) => void;
  /** Told what the gateway prints, in pieces of any size. */
  readonly onOutput?: (text: string) => void;
}

interface RunningProcess {
  readonly groupId: number;
  readonly ended: Promise<void>;
}

/** Prepares the folder and the plugin; the gateway does not run yet. */
export async function installGateway(options: GatewayOptions): Promise<Gateway> {
  const sandbox = await openSandbox("gateway");
  try {
    const { folder } = sandbox;
    const isolation = { folder, port: await freePort(), token: randomUUID(), modelUrl: options.modelUrl };
    const gateway = new Gateway(sandbox, isolation, options);
    await gateway.install();
    return gateway;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

export class Gateway {
  readonly folder: string;
  readonly port: number;
  readonly #sandbox: Sandbox;
  readonly #isolation: Isolation;
  readonly #options: GatewayOptions;
  #openclaw: string;
  readonly #watch: WatchOptions;
  readonly #env: NodeJS.ProcessEnv;
  #process: RunningProcess | undefined;
  #output = "";
  #commandOutput = "";
  #outputWatchers = new Set<() => void>();

  constructor(sandbox: Sandbox, isolation: Isolation, options: GatewayOptions) {
    this.#sandbox = sandbox;
    this.#isolation = isolation;
    this.#options = options;
    this.#openclaw = options.openclaw ?? INSTALLED;
    this.folder = isolation.folder;
    this.port = isolation.port;
    this.#watch = options.watch ?? { file: join(this.folder, "network.jsonl") };
    this.#env = {
      ...environment(),
      ...isolatedEnvironment(isolation),
      ...watchEnvironment(this.#watch),
      ...options.env,
    };
  }

  async install(): Promise<void> {
    const { tarball, unpacked, channels, config, onProgress } = this.#options;
    await mkdir(stateFolder(this.folder));
    await mkdir(temporaryFolder(this.folder));
    const isolated = { ...isolatedConfig(this.#isolation), ...config };
    if (unpacked !== undefined) {
      const entries = { [CHANNEL_ID]: { enabled: true } };
      const plugins = allowOnlyOurs({ load: { paths: [unpacked] }, entries });
      return this.#writeConfig({ ...isolated, channels, plugins });
    }
    await this.#writeConfig(isolated);
    onProgress?.("installing the packed plugin with openclaw plugins install");
    await this.mustRun(["plugins", "install", `npm-pack:${tarball}`, "--force", "--accept-capabilities"]);
    await this.updateConfig((current) => ({
      ...current,
      channels,
      plugins: allowOnlyOurs(current.plugins),
    }));
  }

  /** Who tried to leave the loopback interface so far, and how many processes were watched. */
  watchReport(): Promise<WatchReport> {
    return readWatchReport(this.#watch.file);
  }

  /** Has the next start, and every command, run another OpenClaw; `undefined`: the installed one. */
  useProgram(openclaw: string | undefined): void {
    this.#openclaw = openclaw ?? INSTALLED;
  }

  /** Starts the process and resolves when its HTTP server says that startup is complete. */
  async start(): Promise<void> {
    if (this.#process) throw new Error("The gateway runs already.");
    this.#options.onProgress?.("starting the gateway");
    for (let starts = 1; ; starts++) {
      const from = this.mark();
      this.#launch();
      try {
        return await this.waitForHttp("/startupz");
      } catch (error) {
        if (this.running || starts === MAX_STARTS || !GAVE_UP.test(this.#output.slice(from))) throw error;
      }
    }
  }

  #launch(): void {
    const args = [this.#openclaw, "gateway", "run", "--port", String(this.port), "--bind", "loopback"];
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env: this.#env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const groupId = child.pid;
    if (groupId === undefined) throw new Error("The gateway process could not be started.");
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    }
    const ended = new Promise<void>((resolve) => {
      child.once("close", () => {
        this.#process = undefined;
        resolve();
      });
    });
    this.#process = { groupId, ended };
    this.#sandbox.adopt({ id: groupId, ended });
  }

  /** Resolves when `/readyz` answers 200: every configured channel account is up. */
  waitForReady(): Promise<void> {
    return this.waitForHttp("/readyz");
  }

  async waitForHttp(path: string): Promise<void> {
    const deadline = AbortSignal.timeout(WAIT_TIMEOUT_MS);
    while (!(await this.#answersOk(path))) {
      if (deadline.aborted) throw new Error(`${path} was not ready in time.\n${this.#tail()}`);
      if (!this.running) throw new Error(`The gateway ended by itself.\n${this.#tail()}`);
      await wait(PROBE_INTERVAL_MS);
    }
  }

  /** What the gateway printed so far, over all its starts. */
  get output(): string {
    return this.#output;
  }

  /** The end of the output as it stands, to wait for what comes after. */
  mark(): number {
    return this.#output.length;
  }

  /** Resolves with the first match in the output after `from` (the beginning, if not given). */
  async waitForOutput(
    pattern: RegExp,
    { from = 0, timeoutMs = WAIT_TIMEOUT_MS }: { readonly from?: number; readonly timeoutMs?: number } = {},
  ): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = () => {
      const found = pattern.exec(this.#output.slice(from));
      if (found) resolve(found[0]);
    };
    const timer = setTimeout(
      () => reject(new Error(`The gateway did not print ${pattern} in time.\n${this.#tail()}`)),
      timeoutMs,
    );
    this.#outputWatchers.add(look);
    look();
    void this.ended.then(() =>
      reject(new Error(`The gateway ended before it printed ${pattern}.\n${this.#tail()}`)),
    );
    return promise.finally(() => {
      clearTimeout(timer);
      this.#outputWatchers.delete(look);
    });
  }

  /** Runs an `openclaw` command against this gateway, such as `["channels", "status", "--probe"]`. */
  async cli(args: readonly string[]): Promise<Finished> {
    const finished = await runProgram([process.execPath, this.#openclaw, ...args], {
      cwd: this.folder,
      env: this.#env,
      timeoutMs: CLI_TIMEOUT_MS,
      onGroup: (group) => this.#sandbox.adopt(group),
    });
    this.#commandOutput += finished.stdout + finished.stderr;
    return finished;
  }

  /** What the commands printed so far. */
  get commandOutput(): string {
    return this.#commandOutput;
  }

  /** What running an `openclaw` command takes, for a caller that gives it a terminal. */
  command(args: readonly string[]): { file: string; args: string[]; cwd: string; env: NodeJS.ProcessEnv } {
    return { file: process.execPath, args: [this.#openclaw, ...args], cwd: this.folder, env: this.#env };
  }

  /** As `cli`, but a command that fails is an error with its output. */
  async mustRun(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(args);
    if (code !== 0) throw new Error(`"openclaw ${args.join(" ")}" ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Changes the configuration file; a running gateway picks the change up in about a second. */
  async updateConfig(change: (current: ConfigObject) => ConfigObject): Promise<void> {
    await this.#writeConfig(change(await this.readConfig()));
  }

  /** The configuration file as it stands. */
  async readConfig(): Promise<ConfigObject> {
    return configSchema.parse(JSON.parse(await readFile(configPath(this.folder), "utf8")));
  }

  /** The process group that runs now. */
  get groupId(): number | undefined {
    return this.#process?.groupId;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Resolves when the process that runs now has ended; at once when none does. */
  get ended(): Promise<void> {
    return this.#process?.ended ?? Promise.resolve();
  }

  /** Ends the process group with a signal and waits for its end; the state stays for the next start. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const current = this.#process;
    if (!current) return;
    signalGroup(current.groupId, signal);
    await current.ended;
  }

  /** Stops the process in an orderly way, or after a grace by force, and starts it again. */
  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }

  /** Stops everything and removes the folder. */
  async stop(): Promise<void> {
    await this.end();
    await this.#sandbox.close();
  }

  /** Stops the process in an orderly way, or after a grace by force; the folder stays. */
  async end(): Promise<void> {
    const current = this.#process;
    if (!current) return;
    const force = setTimeout(() => signalGroup(current.groupId, "SIGKILL"), STOP_GRACE_MS);
    await this.kill("SIGTERM").finally(() => clearTimeout(force));
  }

  #hear(text: string): void {
    this.#output += text;
    this.#options.onOutput?.(text);
    for (const look of this.#outputWatchers) look();
  }

  async #answersOk(path: string): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`);
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  #tail(): string {
    return this.#output.trimEnd().split("\n").slice(-OUTPUT_TAIL_LINES).join("\n");
  }

  async #writeConfig(config: ConfigObject): Promise<void> {
    const path = configPath(this.folder);
    await writeFile(`${path}.new`, JSON.stringify(config, null, 2), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }
}

/** Names our plugin as the only one wanted, as a careful operator does; a start is faster so, too. */
function allowOnlyOurs(plugins: unknown): ConfigObject {
  return { ...configSchema.parse(plugins), allow: [CHANNEL_ID] };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
