// Owns moving what waits from the plugin's own queue to the host's, or back, when the host's version changes.

import { type JsonObject, readNumber, readText } from "../../facts/json.ts";
import type { Log } from "../../log.ts";
import type { Queue, QueueRows, StoredEvent } from "./queue-rows.ts";

type Own = Pick<QueueRows, "file" | "toRecord">;

/** Written into our file while the host's queue has all of it. */
const CARRIED = 1;

/**
 * The host's queue, behind the taking over of what stands in ours: what waits, and the ids of what was answered. From then
 * on ours is kept as its copy, so that an older host, which refuses its own, finds the same. A call rejects when
 * something cannot be taken over, and the next one tries again.
 */
export function onceTakenOver(host: Queue, own: Own | undefined, log: Log): Queue {
  if (own === undefined) return host;
  const copied = copyTo(own, host, log);
  let taking: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    taking ??= takeOver(host, own, log).catch((error: unknown) => {
      taking = undefined;
      throw error;
    });
    return taking;
  };
  const behind =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      await ready();
      return call(...args);
    };
  const { listFailed, refreshClaim } = host;
  return {
    enqueue: behind(copied.enqueue),
    listPending: behind(copied.listPending),
    listClaims: behind(copied.listClaims),
    ...(listFailed && { listFailed: behind(listFailed) }),
    claimNext: behind(copied.claimNext),
    claim: behind(copied.claim),
    ...(refreshClaim && { refreshClaim: behind(refreshClaim) }),
    complete: behind(copied.complete),
    release: behind(copied.release),
    fail: behind(copied.fail),
    delete: behind(copied.delete),
    recoverStaleClaims: behind(copied.recoverStaleClaims),
    prune: behind(copied.prune),
  };
}

async function takeOver(host: Queue, own: Own, log: Log): Promise<void> {
  const version = readNumber(own.file.select("PRAGMA user_version")[0] ?? {}, "user_version");
  const isCarried = version === CARRIED;
  const wanted = isCarried ? "WHERE status IN ('pending', 'claimed')" : "";
  const rows = own.file.select(`SELECT * FROM event ${wanted} ORDER BY received_at, id`);
  for (const row of rows) await carry(host, own, { row, isCarried });
  own.file.change(`PRAGMA user_version = ${CARRIED}`);
  if (!isCarried && rows.length > 0)
    log.info("OpenClaw's queue has taken over ours", { events: rows.length });
}

async function carry(
  host: Queue,
  own: Own,
  { row, isCarried }: { readonly row: JsonObject; readonly isCarried: boolean },
): Promise<void> {
  const { id, payload, laneKey, receivedAt, lastError } = own.toRecord(row);
  const status = readText(row, "status");
  const at = readNumber(row, "updated_at") ?? receivedAt;
  const place = { receivedAt, ...(laneKey !== undefined && { laneKey }) };
  const result = await host.enqueue(id, payload, place);
  const isDone = result.kind === "completed" || result.kind === "failed";
  if (status === "pending" || status === "claimed") {
    if (isDone) settleCopy(own, id, result.kind);
    // As a copy ours is behind, if they differ.
    else if (!isCarried && lastError !== undefined && lastError !== result.record.lastError)
      await noteError(host, result, lastError);
    return;
  }
  if (isDone) return;
  // It may wait there since it was in use before.
  const reference = result.kind === "claimed" ? result.record : id;
  if (status === "completed") await host.complete(reference, { completedAt: at });
  else await host.fail(reference, { reason: readText(row, "reason") ?? "unknown", failedAt: at });
}

type Waiting = Extract<Awaited<ReturnType<Queue["enqueue"]>>, { kind: "accepted" | "pending" | "claimed" }>;

/** How its last attempt failed tells the next one how often OpenClaw has refused a question (`readRefusals`). */
async function noteError(host: Queue, { kind, record }: Waiting, lastError: string): Promise<void> {
  const claim = kind === "claimed" ? record : await host.claim(record.id);
  if (claim !== null) await host.release(claim, { lastError });
}

function settleCopy(own: Own, id: string, status: "completed" | "failed"): void {
  const sql = `UPDATE event SET status = ?, payload = NULL, reason = ?, updated_at = ?, claim_token = NULL WHERE id = ?`;
  own.file.change(sql, status, status === "failed" ? "failed in OpenClaw's queue" : null, Date.now(), id);
}

function pruneCopy(own: Own, before: number): void {
  const sql = "DELETE FROM event WHERE status IN ('completed', 'failed') AND updated_at < ?";
  own.file.change(sql, before);
}

function noteInCopy(own: Own, id: string, lastError: string): void {
  const sql = "UPDATE event SET last_error = ?, attempts = attempts + 1, last_attempt_at = ? WHERE id = ?";
  own.file.change(sql, lastError, Date.now(), id);
}

/** Ours is written first when something comes, and last when it is done: it never lacks what the host's has to do. */
function copyTo(own: Own, host: Queue, log: Log): Queue {
  function copy(run: () => void): void {
    try {
      run();
    } catch (error) {
      log.warn("the copy of the queue cannot be written", { error });
    }
  }
  const idOf = (reference: string | { readonly id: string }): string =>
    typeof reference === "string" ? reference : reference.id;

  return {
    ...host,
    enqueue(id, payload: StoredEvent, options) {
      copy(() => {
        const now = Date.now();
        own.file.change(
          `INSERT INTO event (id, status, lane, payload, received_at, updated_at)
           VALUES (?, 'pending', ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          ...[id, options?.laneKey ?? null, JSON.stringify(payload), options?.receivedAt ?? now, now],
        );
      });
      return host.enqueue(id, payload, options);
    },
    async complete(reference, options) {
      const done = await host.complete(reference, options);
      if (done) copy(() => settleCopy(own, idOf(reference), "completed"));
      return done;
    },
    async release(reference, options) {
      const done = await host.release(reference, options);
      const { lastError } = options ?? {};
      if (done && lastError !== undefined) copy(() => noteInCopy(own, idOf(reference), lastError));
      return done;
    },
    async fail(reference, options) {
      const done = await host.fail(reference, options);
      if (done) copy(() => settleCopy(own, idOf(reference), "failed"));
      return done;
    },
    async delete(reference) {
      const done = await host.delete(reference);
      if (done) copy(() => void own.file.change("DELETE FROM event WHERE id = ?", idOf(reference)));
      return done;
    },
    async prune(options = {}) {
      const { completedTtlMs, now = Date.now() } = options;
      if (completedTtlMs !== undefined) copy(() => pruneCopy(own, now - completedTtlMs));
      return host.prune(options);
    },
  };
}

/** Ours is used itself again: what comes from now on, the host's has not. */
export function takeBack(own: Own): void {
  own.file.change("PRAGMA user_version = 0");
}
