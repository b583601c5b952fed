// Owns a process beside the bench that is told what to do by messages.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { z } from "zod";

export interface Child {
  /** Sends a message, if there is one, and resolves with the next that comes back. */
  ask<T>(schema: z.ZodType<T>, message?: object): Promise<T>;
  close(): Promise<void>;
}

/** Starts `bench/process/NAME`; it ends with the channel to it. */
export function startChild(name: string, args: readonly string[]): Child {
  const child: ChildProcess = fork(join(import.meta.dirname, name), args);
  const ended = once(child, "exit");
  const lost = ended.then(() => {
    throw new Error(`${name} ended by itself`);
  });
  lost.catch(() => {});
  return {
    async ask(schema, message) {
      const answer = Promise.race([once(child, "message"), lost]);
      if (message !== undefined) child.send(message);
      const [value] = await answer;
      return schema.parse(value);
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
