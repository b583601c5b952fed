// Owns small JSON files in which an account keeps something over restarts, replaced as a whole.

import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { resolveStateDir } from "openclaw/plugin-sdk/state-paths";
import { StorageError } from "../../../errors.ts";
import { isJsonObject, type JsonObject } from "../../../facts/json.ts";
import { CHANNEL_ID } from "../../config/schema.ts";

/** `<state>/rocketchat/<what>-<account>.json`, beside the queue. */
export function stateFile(what: string, accountId: string): string {
  return join(resolveStateDir(), CHANNEL_ID, `${what}-${accountId}.json`);
}

/** The object in the file; undefined when there is no file. Throws StorageError when it cannot be read as one. */
export function readStateFile(file: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw damaged(file, cause);
  }
  throw damaged(file);
}

/** Puts an object in place of the file's, so that a crash leaves the one or the other. Throws StorageError. */
export function replaceStateFile(file: string, value: JsonObject): void {
  write(file, value, renameSync);
}

/** Makes the file, and answers with what it holds: another process may have made it first. Throws StorageError. */
export function createStateFile(file: string, value: JsonObject): JsonObject {
  write(file, value, (next) => {
    try {
      linkSync(next, file);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
  });
  return readStateFile(file) ?? value;
}

/** `settle` gives the file, which is complete on disk, its name. */
function write(file: string, value: JsonObject, settle: (next: string, file: string) => void): void {
  const next = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(next, JSON.stringify(value), { mode: 0o600, flush: true });
    settle(next, file);
    syncFolder(dirname(file));
  } catch (cause) {
    throw new StorageError(`${file} cannot be written`, { passing: false, cause });
  } finally {
    rmSync(next, { force: true });
  }
}

/** Without this a machine that loses its power may have the new name and not the file behind it. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** For a file whose content cannot be what was written. */
export function damaged(file: string, cause?: unknown): StorageError {
  const message = `${file} cannot be read. Mend it, or remove it to begin anew`;
  return new StorageError(message, { passing: false, cause });
}
