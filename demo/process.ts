// Owns running a program to its end, with its output kept.
import { spawn } from "node:child_process";

export interface Finished {
  /** The exit code; 1 when a signal ended the process. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** After this time the program and everything it started is killed. Milliseconds. */
  readonly timeoutMs: number;
  /** Told the process group while it lives. */
  readonly onGroup?: (group: ProcessGroup) => void;
}

/** A process that leads a group of its own: killing the group reaches everything it started. */
export interface ProcessGroup {
  readonly id: number;
  readonly ended: Promise<void>;
}

/** Runs a program in a process group of its own. Rejects when it cannot be started or takes too long. */
export async function runProgram(command: readonly string[], options: ProgramOptions): Promise<Finished> {
  const [program = "", ...args] = command;
  const { env, cwd, timeoutMs } = options;
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", (error) => reject(new Error(`Cannot run ${program}.`, { cause: error })));
  child.once("close", (code) => resolve(code ?? 1));
  const id = child.pid;
  if (id !== undefined) options.onGroup?.({ id, ended: promise.then(ignore, ignore) });
  const timer = setTimeout(() => {
    if (id !== undefined) signalGroup(id, "SIGKILL");
    reject(new Error(`"${command.join(" ")}" did not end within ${timeoutMs} ms.`));
  }, timeoutMs);
  try {
    const code = await promise;
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  } finally {
    clearTimeout(timer);
  }
}

/** Sends a signal to every process of a group; a group that is gone is no error. */
export function signalGroup(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-id, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function ignore(): void {}
