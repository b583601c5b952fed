// Owns the look for missed messages of one running account: its durable mark, its settings and its place in the status.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isJsonObject, readNumber, readText } from "../../facts/json.ts";
import { type CatchUp, type CatchUpReport, createCatchUp, type Mark } from "../../intake/catch-up.ts";
import type { Log } from "../../log.ts";
import type { AccountClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import type { AccountScope } from "../account/scope.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { getRuntime } from "../runtime.ts";
import type { Ingress } from "./ingress.ts";

/** The look for missed messages of a running account; they come in through `ingress`. */
export function openCatchUp(scope: AccountScope, rest: AccountClient, ingress: Ingress): CatchUp {
  const { ctx, settings, log } = scope;
  const folder = join(getRuntime().state.resolveStateDir(), CHANNEL_ID);
  let told: Partial<CatchUpReport> = {};
  return createCatchUp({
    rest,
    prepare: ingress.prepare,
    settings: ingress.settings,
    admit: ingress.admit,
    admitDeletions: ingress.admitDeletions,
    mark: openMark(join(folder, `mark-${ctx.accountId}.json`), settings, log),
    log,
    report(change) {
      told = { ...told, ...change };
      scope.audit({ catchUp: told });
    },
    now: Date.now,
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal, ref: false }),
  });
}

/** The mark of a bot user at a server, in a file that is replaced as a whole. Another user's mark counts for nothing. */
export function openMark(
  file: string,
  { serverUrl, userId }: Pick<AccountSettings, "serverUrl" | "userId">,
  log: Log,
) {
  return {
    read(): Mark | undefined {
      const text = readIfThere(file);
      if (text === undefined) return undefined;
      const mark = decodeMark(text, { serverUrl, userId });
      if (mark === "unreadable") {
        log.warn("the mark of what was read is damaged; messages from now on are read", { file });
        return undefined;
      }
      return mark;
    },
    write(mark: Mark): void {
      mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify({ serverUrl, userId, ...mark }), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Undefined for another bot user's mark. */
function decodeMark(
  text: string,
  owner: { readonly serverUrl: string; readonly userId: string },
): Mark | undefined | "unreadable" {
  const value = parseJson(text);
  if (value === undefined) return "unreadable";
  const [readTo, notedAt, startedAt] = ["readTo", "notedAt", "startedAt"].map((key) =>
    readNumber(value, key),
  );
  if (readTo === undefined || notedAt === undefined || startedAt === undefined) return "unreadable";
  const same = readText(value, "serverUrl") === owner.serverUrl && readText(value, "userId") === owner.userId;
  return same ? { readTo, notedAt, startedAt } : undefined;
}

function parseJson(text: string) {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
