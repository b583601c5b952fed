// Owns a person at a terminal: runs a command in a pseudo-terminal, reads its screen, types and presses keys.

import { stripVTControlCharacters } from "node:util";
import { spawn } from "@lydell/node-pty";
import type { Gateway } from "../../demo/gateway.ts";

export const ENTER = "\r";
export const SPACE = " ";
export const DOWN = "\u001b[B";
export const BACKSPACE = "\u007f";

const WAIT_TIMEOUT_MS = 60_000;

export interface Terminal {
  /** Everything shown so far, without control characters. */
  readonly text: () => string;
  /** Resolves when the pattern stands in what was shown since the last `see`. */
  see(pattern: RegExp): Promise<string>;
  press(...keys: readonly string[]): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
}

/** Starts `openclaw <args>` of a gateway at a terminal of its own. */
export function openTerminal(gateway: Gateway, args: readonly string[]): Terminal {
  const command = gateway.command(args);
  const env = Object.fromEntries(
    Object.entries({ ...command.env, TERM: "xterm", NO_COLOR: "1" }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
  const pty = spawn(command.file, command.args, { cwd: command.cwd, env, cols: 200, rows: 60 });
  let shown = "";
  let seen = 0;
  const watchers = new Set<() => void>();
  pty.onData((data) => {
    shown += stripVTControlCharacters(data);
    for (const look of watchers) look();
  });
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    text: () => shown,
    ended,
    press(...keys) {
      for (const key of keys) pty.write(key);
    },
    see(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const look = (): void => {
        const found = pattern.exec(shown.slice(seen));
        if (found === null) return;
        seen += found.index + found[0].length;
        resolve(found[0]);
      };
      const giveUp = (why: string) =>
        reject(new Error(`${why} before ${pattern} was shown:\n${shown.slice(-3000)}`));
      const timer = setTimeout(() => giveUp("The time was over"), WAIT_TIMEOUT_MS);
      watchers.add(look);
      look();
      void ended.then(() => giveUp("The command ended"));
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(look);
      });
    },
  };
}
