// Owns a temporary folder and the process groups that work in it: both are gone when it closes or we die.
import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessGroup } from "./process.ts";

/**
 * The caretaker: a shell that waits at our end of a pipe. Every line it reads is the list of living groups;
 * when the pipe ends, because we close it or because we were killed, it kills them and removes the folder.
 * Helpers of a killed program end a moment after it and may write once more, hence the second removal.
 */
const CARETAKER = `
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
rm -rf "$1"
[ -z "$groups" ] || { sleep 1; rm -rf "$1"; }
`;

export interface Sandbox {
  readonly folder: string;
  /** Takes a process group into care until it ends. */
  adopt(group: ProcessGroup): void;
  /** Kills what still lives and removes the folder; resolves when both are done. */
  close(): Promise<void>;
}

const open = new Set<Sandbox>();

/** Closes every sandbox that is still open, for the way out of an interrupted program. */
export async function closeSandboxes(): Promise<void> {
  await Promise.all([...open].map((sandbox) => sandbox.close()));
}

/** Makes a folder for temporary files, such as `/tmp/rocketchat-demo-x1Y2z3`. */
export async function openSandbox(name: string): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), `rocketchat-${name}-`));
  const caretaker = spawn("/bin/sh", ["-c", CARETAKER, "caretaker", folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const gone = new Promise<void>((resolve, reject) => {
    caretaker.once("close", () => resolve());
    caretaker.once("error", reject);
  });
  gone.catch(() => undefined);
  const groups = new Set<number>();
  const report = () => {
    if (caretaker.stdin.writable) caretaker.stdin.write(`${[...groups].join(" ")}\n`);
  };
  const sandbox: Sandbox = {
    folder,
    adopt({ id, ended }) {
      groups.add(id);
      report();
      void ended.then(() => {
        groups.delete(id);
        report();
      });
    },
    async close() {
      caretaker.stdin.end();
      await gone;
      open.delete(sandbox);
    },
  };
  open.add(sandbox);
  return sandbox;
}
