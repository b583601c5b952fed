// Owns opening the plugin's SQLite files, and what becomes of a damaged one.

import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createSubsystemLogger } from "openclaw/plugin-sdk/logging-core";
import { createLog } from "../../../log.ts";
import { CHANNEL_ID } from "../../config/schema.ts";

/** SQLite's code for a damaged file. */
const CORRUPT = 11;
const DAMAGE = new Set([CORRUPT, 26]);

/** The primary SQLite result code of an error. */
export function resultCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

export const isDamage = (error: unknown): boolean => DAMAGE.has(resultCode(error) ?? 0);

/** Opens a file, creating it and its folder, and sees that it is whole. What it throws for one that is not `isDamage`. */
export function openWhole(file: string, schema: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(file);
  try {
    db.exec(schema);
    const [verdict] = db.prepare("PRAGMA quick_check(1)").all();
    if (verdict?.quick_check === "ok") return db;
    throw Object.assign(new Error("quick_check found damage"), { errcode: CORRUPT });
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Keeps a damaged file, for whoever wants to read it, and makes room for a new one. Answers where it lies. */
export function putAside(file: string): string {
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(":", "")}`;
  for (const suffix of ["", "-wal", "-shm"])
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`);
  return aside;
}

/** Opens a file of what is remembered; a damaged one is put aside, which the log tells, and begun anew. */
export function openMemoryFile(file: string, schema: string): { db: DatabaseSync; wasDamaged: boolean } {
  try {
    return { db: openWhole(file, schema), wasDamaged: false };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const log = createLog(createSubsystemLogger(CHANNEL_ID), { prefix: "storage", secrets: [] });
    log.warn("a damaged file was put aside and is begun anew", { file, aside: putAside(file) });
    return { db: openWhole(file, schema), wasDamaged: true };
  }
}
